#!/usr/bin/env bash
# RabbitMQ alone, driven by PerfTest: the article's rows and ours.
set -euo pipefail

# shellcheck source=loadtest/measuring.sh
source "$(dirname "${BASH_SOURCE[0]}")/measuring.sh"
# shellcheck source=loadtest/servers.sh
source "$here/servers.sh"

readonly ALL=(default body manual one-queue four-queues)
seconds=30
broker=
rows=()
prefetch=1000
multi_ack=500
confirms=1000

usage() {
    cat <<TEXT
Usage: loadtest/broker.sh [OPTIONS] [ROW…]

Measures RabbitMQ alone and appends to loadtest/results/broker.csv. Rows (all of them by default):
  default      the article's: 12 bytes, classic queue, automatic acks
  body         the same with a container of 11 values as body
  manual       the same, and an ack for each message
  one-queue    a container of 30 values, persistent, confirms, one quorum queue, acks in groups
  four-queues  the same over Wattline's own four queues, spread by hash

Options:
  --seconds N    of each row (default $seconds)
  --broker URL   amqp://user:password@host:port/vhost; otherwise one is started (Debian's rabbitmq-server).
                 No write-service may read from it. A quorum queue loadtest.quorum stays behind.
  --qos N        prefetch of our rows (default $prefetch)
  --multi-ack N  messages in one ack of our rows (default $multi_ack)
  --confirms N   unconfirmed messages per producer of our rows (default $confirms)
TEXT
}

while (($#)); do
    case $1 in
        --seconds) seconds=$(value_of "$@"); whole_number "$@"; shift ;;
        --broker) broker=$(value_of "$@"); shift ;;
        --qos) prefetch=$(value_of "$@"); whole_number "$@"; shift ;;
        --multi-ack) multi_ack=$(value_of "$@"); whole_number "$@"; shift ;;
        --confirms) confirms=$(value_of "$@"); whole_number "$@"; shift ;;
        --help | -h) usage; exit ;;
        -*) die "$1 is no option; see --help" 2 ;;
        *) [[ " ${ALL[*]} " == *" $1 "* ]] || die "$1 is no row; rows are: ${ALL[*]}" 2
           rows+=("$1") ;;
    esac
    shift
done
((multi_ack <= prefetch)) || die '--multi-ack must not be more than --qos, or nothing is ever acknowledged' 2
((prefetch <= 2000)) || die '--qos: quorum queues take at most 2000' 2
((${#rows[@]})) || rows=("${ALL[@]}")

# measure ROW ARTICLE ARGUMENTS…
measure() {
    local row=$1 article=$2 output=$cache/output sent received
    shift 2
    load_before=$(load_now)
    say "— $row, $seconds s: perf-test $*"
    "$here/perftest.sh" --uri "$broker" --time "$seconds" --id "$row" "$@" | tee "$output" >&2 ||
        die "PerfTest failed in row $row; its words are above"
    sent=$(average sending "$output")
    received=$(average receiving "$output")
    ((sent && received)) || die "row $row: PerfTest printed no average, so there is nothing to keep"
    [[ -z $(refused "$output") ]] || die "row $row: the broker refused or returned messages; see $output"
    printf '%-12s %8d sent/s %8d received/s\n' "$row" "$sent" "$received"
    keep broker "$row" "$sent" "$received" "$article" "$seconds" "$version" \
        "perf-test --time $seconds ${*//"$here/"/loadtest/}"
}

# Production code declares the topology when it begins to consume.
declare_topology() {
    "$loadgen" drain --rabbitmq-url "$broker" --seconds 1 >/dev/null || die 'the topology could not be declared'
}

[[ -z $broker ]] || broker_version "$broker" >/dev/null
loadgen=$(binary loadgen)
mkdir -p "$cache"
"$loadgen" body --values 11 >"$cache/container-11.bin"
"$loadgen" body --values 30 >"$cache/container-30.bin"
"$here/perftest.sh" --fetch
[[ -n $broker ]] || start_rabbitmq
version=$(broker_version "$broker")

container=(--body-content-type application/x-protobuf --body)
safe=(--flag persistent --flag mandatory --confirm "$confirms" --qos "$prefetch" --multi-ack-every "$multi_ack")
for row in "${rows[@]}"; do
    case $row in
        default) measure "$row" 46000 --autoack ;;
        body) measure "$row" '' --autoack "${container[@]}" "$cache/container-11.bin" ;;
        manual) measure "$row" 21000 "${container[@]}" "$cache/container-11.bin" ;;
        one-queue)
            measure "$row" '' "${container[@]}" "$cache/container-30.bin" "${safe[@]}" \
                --producers 2 --consumers 1 --quorum-queue --queue loadtest.quorum ;;
        four-queues)
            declare_topology
            measure "$row" '' "${container[@]}" "$cache/container-30.bin" "${safe[@]}" \
                --producers 4 --consumers 4 --predeclared --skip-binding-queues \
                --queue-pattern telemetry.%d --queue-pattern-from 0 --queue-pattern-to 3 \
                --exchange telemetry.shards --random-routing-key --routing-key-cache-size 1000 ;;
    esac
done
say 'Kept in loadtest/results/broker.csv; loadtest/results.sh makes the page.'
