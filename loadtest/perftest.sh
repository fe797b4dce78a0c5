#!/usr/bin/env bash
# Finds or fetches RabbitMQ PerfTest and runs it with the arguments given.
set -euo pipefail

readonly VERSION=2.22.1

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$here/.cache

usage() {
    cat <<TEXT
Usage: loadtest/perftest.sh [PERFTEST ARGUMENTS]

Runs RabbitMQ PerfTest $VERSION: its image where a docker daemon answers, otherwise its package from Maven
Central, kept in loadtest/.cache. All arguments go to PerfTest; see https://perftest.rabbitmq.com.

  --fetch            only fetches it, so that the first run does not wait
  --which            says what would run
  --perftest-help    PerfTest's own help

WATTLINE_PERFTEST=docker or =maven chooses. In docker it sees the host's network (on Linux) and, of the
files, only those in loadtest/.cache: put the bodies there.
TEXT
}

die() {
    printf 'perftest.sh: %s\n' "$1" >&2
    exit "${2:-1}"
}

with_docker() {
    command -v docker >/dev/null && docker info >/dev/null 2>&1
}

choose() {
    case ${WATTLINE_PERFTEST:-} in
        docker)
            with_docker || die 'WATTLINE_PERFTEST=docker, but no docker daemon answers'
            echo docker ;;
        maven) echo maven ;;
        '') if with_docker; then echo docker; else echo maven; fi ;;
        *) die "WATTLINE_PERFTEST=$WATTLINE_PERFTEST: docker or maven" 2 ;;
    esac
}

fetch_from_maven() {
    jars=$cache/perf-test-$VERSION
    command -v java >/dev/null || die 'neither a docker daemon nor java is here; install Java 17 (or docker)'
    [[ -e $jars/complete ]] && return
    command -v mvn >/dev/null || die 'fetching PerfTest takes mvn; install Maven 3.8 (or docker)'
    printf 'Fetching PerfTest %s from Maven Central …\n' "$VERSION" >&2
    mkdir -p "$jars"
    cat >"$jars/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>wattline</groupId>
  <artifactId>loadtest</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>com.rabbitmq</groupId>
      <artifactId>perf-test</artifactId>
      <version>$VERSION</version>
    </dependency>
  </dependencies>
</project>
POM
    mvn --quiet --batch-mode -Dstyle.color=never --file "$jars/pom.xml" dependency:copy-dependencies \
        -DincludeScope=runtime "-DoutputDirectory=$jars" >&2 ||
        die "Maven could not fetch com.rabbitmq:perf-test:$VERSION; see above"
    touch "$jars/complete"
}

main() {
    case ${1:-} in
        --help | -h) usage; exit ;;
        '') usage >&2; exit 2 ;;
        --perftest-help) set -- --help ;;
    esac
    # Not within exec's line, where its failure would be lost.
    local how
    how=$(choose)
    case ${1:-} in
        --which)
            echo "PerfTest $VERSION ($how)"
            exit ;;
        --fetch)
            if [[ $how == docker ]]; then
                docker pull --quiet "pivotalrabbitmq/perf-test:$VERSION"
            else
                fetch_from_maven
            fi
            exit ;;
    esac
    mkdir -p "$cache"
    if [[ $how == docker ]]; then
        exec docker run --rm --init --network host --volume "$cache:$cache:ro" \
            "pivotalrabbitmq/perf-test:$VERSION" "$@"
    fi
    fetch_from_maven
    exec java -cp "$jars/*" com.rabbitmq.perf.PerfTest "$@"
}

main "$@"
