#!/usr/bin/env bash
# Makes loadtest/RESULTS.md from the last measurement of each row in loadtest/results/*.csv.
set -euo pipefail

# shellcheck source=loadtest/measuring.sh
source "$(dirname "${BASH_SOURCE[0]}")/measuring.sh"

case ${1:-} in
    --help | -h)
        echo 'Usage: loadtest/results.sh
Writes loadtest/RESULTS.md from the last measurement of each row in loadtest/results/.'
        exit ;;
    '') ;;
    *) die "$1 is no option; see --help" 2 ;;
esac

shopt -s nullglob
files=("$results"/*.csv)
((${#files[@]})) || die 'nothing measured yet; run loadtest/broker.sh or loadtest/application.sh'

meaning() {
    case $1 in
        default) echo 'broker alone: 12 bytes, classic queue, automatic acks' ;;
        body) echo 'broker alone: container of 11 values, classic queue, automatic acks' ;;
        manual) echo 'broker alone: container of 11 values, classic queue, an ack each' ;;
        one-queue) echo 'broker alone: 30 values, **persistent, confirms, quorum queue**, acks in groups' ;;
        four-queues) echo 'broker alone: the same over four quorum queues, spread by hash' ;;
        application-*) echo "whole path: ${1#application-} values, quorum queues, confirms, acks once stored" ;;
        *) echo "$1" ;;
    esac
}

tail -q -n +2 "${files[@]}" | awk -F, '
    { if (!($1 in last)) order[++n] = $1; last[$1] = $0 }
    END { for (i = 1; i <= n; i++) print last[order[i]] }' >"$cache/last"

{
    cat <<'TEXT'
# Results of PerfTest

Made by `loadtest/results.sh` from what was measured last; each figure is the average that PerfTest, or the store,
gave for the whole run. Load generator, broker and, for the whole path, write-service and store share the machine.
The article's figures are from its authors' machine, so the columns compare systems with their machines.
"Load" is the load average of the minute before a row: well above 0, others were using the cores too.

| row | | article, msg/s | sent/s | received or stored/s | seconds | date |
|---|---|---:|---:|---:|---:|---|
TEXT
    while IFS=, read -r row sent received article seconds date _; do
        printf '| %s | %s | %s | %s | %s | %s | %s |\n' "$row" "$(meaning "$row")" "${article:-–}" "$sent" "$received" \
            "$seconds" "$date"
    done <"$cache/last"
    printf '\nThe article counted with automatic acks also in the whole path, where 220,000 rows/s were sent and 61,000 stored.\n'
    printf '\n## Machine and commands\n\n'
    while IFS=, read -r row _ _ _ _ _ broker perftest cores memory cpu load command; do
        command=${command#\"}
        printf -- '- **%s**: %s cores, %s, %s GiB, load %s; %s, %s\n  `%s`\n' "$row" "$cores" "$cpu" "$memory" \
            "$load" "$broker" "$perftest" "${command%\"}"
    done <"$cache/last"
} >"$here/RESULTS.md"
say 'Written: loadtest/RESULTS.md'
