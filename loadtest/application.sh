#!/usr/bin/env bash
# The whole path, RabbitMQ to InfluxDB, driven by PerfTest.
set -euo pipefail

# shellcheck source=loadtest/measuring.sh
source "$(dirname "${BASH_SOURCE[0]}")/measuring.sh"
# shellcheck source=loadtest/servers.sh
source "$here/servers.sh"

seconds=30
hubs=4
values=30
confirms=1000
rate=
broker=
influxdb=

usage() {
    cat <<TEXT
Usage: loadtest/application.sh [OPTIONS]

PerfTest publishes containers to the exchange telemetry as hubs do (persistent, mandatory, confirms), the
write-service stores them. Counted are the confirms and the points that InfluxDB accepted; appended to
loadtest/results/application.csv. PerfTest repeats one body, and a body belongs to the hub of its routing key:
so each hub is a PerfTest process of its own.

Options:
  --seconds N     of publishing (default $seconds)
  --hubs N        1 to 8 (default $hubs); more hubs reach more of the four queues
  --values N      in a container, one for each socket, 1 to 64 (default $values; the article's had 11)
  --rate N        containers per second of all hubs; as fast as confirms allow when not given
  --confirms N    unconfirmed containers of each hub (default $confirms)
  --broker URL    of a Wattline that runs, such as one of cargo xtask stack up (which has debug binaries) …
  --influxdb URL  … with its InfluxDB 1.x. Without both, RabbitMQ, InfluxDB and a release write-service are
                  started (Debian's rabbitmq-server and influxdb) and ended.
TEXT
}

while (($#)); do
    case $1 in
        --seconds) seconds=$(value_of "$@"); whole_number "$@"; shift ;;
        --hubs) hubs=$(value_of "$@"); whole_number "$@"; shift ;;
        --values) values=$(value_of "$@"); whole_number "$@"; shift ;;
        --rate) rate=$(value_of "$@"); whole_number "$@"; shift ;;
        --confirms) confirms=$(value_of "$@"); whole_number "$@"; shift ;;
        --broker) broker=$(value_of "$@"); shift ;;
        --influxdb) influxdb=$(value_of "$@"); influxdb=${influxdb%/}; shift ;;
        --help | -h) usage; exit ;;
        *) die "$1 is no option; see --help" 2 ;;
    esac
    shift
done
((hubs <= 8)) || die '--hubs: 1 to 8' 2
((values <= 64)) || die '--values: 1 to 64, so that a container is one point' 2
[[ -n $broker && -n $influxdb || -z $broker$influxdb ]] || die '--broker and --influxdb go together' 2
[[ -z $rate ]] || ((rate >= hubs)) || die '--rate must be at least --hubs' 2
command -v curl >/dev/null || die 'curl is not here; install it'

# Points that InfluxDB 1.x has accepted since it started, the same point again included.
points() {
    curl --silent --show-error --fail --max-time 10 "$influxdb/debug/vars" |
        grep -o '"pointsWrittenOK":[0-9]*' | head -n 1 | cut -d: -f2 |
        grep . || die "$influxdb does not say how many points it has accepted; that takes InfluxDB 1.x"
}

start_write_service() {
    local service=$1 port log=$servers_folder/write-service.log
    port=$(free_port)
    say 'Starting the write-service …'
    WATTLINE__OPERATIONS__LISTEN=127.0.0.1:$port WATTLINE__RABBITMQ__URL=$broker WATTLINE__INFLUXDB__URL=$influxdb \
        WATTLINE__INFLUXDB__API=v1 WATTLINE__INFLUXDB__BUCKET=wattline "$service" >"$log" 2>&1 &
    server_pids=($! "${server_pids[@]}")
    until_ready write-service "$!" "$log" curl --silent --fail "http://127.0.0.1:$port/health/ready"
}

# Until nothing has arrived for three seconds: points since `before`, and the second of the last one.
wait_for_the_rest() {
    local last=-1 now changed=$SECONDS
    while ((SECONDS - changed < 4 && SECONDS - began < seconds + 600)); do
        now=$(points)
        if ((now != last)); then
            changed=$SECONDS
            last=$now
        fi
        sleep 1
    done
    printf '%s %s' "$((last - before))" "$((changed - began))"
}

[[ -z $broker ]] || { broker_version "$broker" >/dev/null; points >/dev/null; }
loadgen=$(binary loadgen)
[[ -n $broker ]] || service=$(binary write-service)
"$here/perftest.sh" --fetch
mkdir -p "$cache"
if [[ -z $broker ]]; then
    start_rabbitmq
    start_influxdb
    start_write_service "$service"
fi
version=$(broker_version "$broker")

arguments=(--predeclared --exchange telemetry --type topic --consumers 0 --producers 1 --confirm "$confirms"
    --flag persistent --flag mandatory --body-content-type application/x-protobuf --time "$seconds")
[[ -z $rate ]] || arguments+=(--rate "$((rate / hubs))")
before=$(points)
load_before=$(load_now)
began=$SECONDS
say "— $hubs hubs, $seconds s: perf-test ${arguments[*]}"
outputs=()
publishers=()
for ((hub = 0; hub < hubs; hub++)); do
    id=$(printf '0192f0c1-6f4e-7c3a-9a51-5f2b8c1d7e6%x' "$hub")
    "$loadgen" body --values "$values" --hub "$id" >"$cache/hub-$hub.bin"
    outputs+=("$cache/output-$hub")
    "$here/perftest.sh" --uri "$broker" --id "hub-$hub" "${arguments[@]}" --routing-key "hub.$id" \
        --body "$cache/hub-$hub.bin" >"$cache/output-$hub" 2>&1 &
    publishers+=($!)
    server_pids=($! "${server_pids[@]}")
done
while sleep 5 && kill -0 "${publishers[0]}" 2>/dev/null; do
    say "  $((SECONDS - began)) s: $(($(points) - before)) points stored"
done
for hub in "${!publishers[@]}"; do
    wait "${publishers[hub]}" || { tail -n 5 "${outputs[hub]}" >&2; die "PerfTest of hub $hub failed"; }
done
sent=$(average sending "${outputs[@]}")
((sent)) || die 'PerfTest printed no average, so there is nothing to keep'
refusals=$(refused "${outputs[@]}")
say 'Waiting for what is still in the queues …'
rest=$(wait_for_the_rest)
read -r stored took <<<"$rest"
((stored && took)) || die 'nothing was stored; is a write-service running?'
printf 'sent   %8d containers/s, %d s, refused or returned: %s\n' "$sent" "$seconds" "${refusals:-none}"
printf 'stored %8d containers/s, %d values/s: %d containers in %d s, the rest in the queues included\n' \
    "$((stored / took))" "$((stored * values / took))" "$stored" "$took"
keep application "application-$values" "$sent" "$((stored / took))" 20000 "$seconds" "$version" \
    "loadtest/application.sh --seconds $seconds --hubs $hubs --values $values --confirms $confirms${rate:+ --rate $rate}"
say 'Kept in loadtest/results/application.csv; loadtest/results.sh makes the page.'
