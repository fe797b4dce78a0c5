# shellcheck shell=bash
# How a row is measured and kept. Read by broker.sh and application.sh.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$here/.cache
results=$here/results
readonly HEADER='row,sent_per_s,received_per_s,article_per_s,seconds,date,broker,perftest,cores,memory_gib,cpu,load_before,command'

say() {
    printf '%s\n' "$*" >&2
}

die() {
    printf '%s: %s\n' "$(basename "$0")" "$1" >&2
    exit "${2:-1}"
}

# A flag's value, or the end.
value_of() {
    [[ $# -ge 2 && -n $2 ]] || die "$1 needs a value; see --help" 2
    printf '%s' "$2"
}

whole_number() {
    [[ $2 =~ ^[1-9][0-9]{0,4}$ ]] || die "$1: $2 is not a number from 1 to 99999" 2
}

# The release build of one of our binaries, built when it is not up to date.
binary() {
    command -v cargo >/dev/null || die 'cargo is not here; install Rust from https://rustup.rs'
    say "Building $1 …"
    (cd "$here/.." && cargo build --quiet --release -p "$1" --bin "$1") || die "$1 could not be built"
    printf '%s/release/%s' "${CARGO_TARGET_DIR:-$here/../target}" "$1"
}

# Host and port of an AMQP URL.
address_of() {
    local rest=${1#amqp://}
    [[ $rest != "$1" ]] || die "$1: not like amqp://user:password@host:5672/%2f" 2
    rest=${rest##*@}
    rest=${rest%%/*}
    [[ $rest == *:* ]] && printf '%s %s' "${rest%:*}" "${rest##*:}" || printf '%s 5672' "$rest"
}

# Speaks the first words of AMQP; the broker's greeting names its version.
broker_version() {
    local host port greeting version
    read -r host port <<<"$(address_of "$1")"
    greeting=$(
        exec 2>/dev/null 3<>"/dev/tcp/$host/$port" &&
            printf 'AMQP\0\0\x09\x01' >&3 && timeout 5 head -c 480 <&3 | tr -c '[:alnum:]. ' '\n'
    ) || die "no broker answers at $host:$port"
    version=$(grep -A9 '^version' <<<"$greeting" | grep -om1 '[0-9][0-9]*\.[0-9][0-9.]*' || true)
    [[ $greeting == *RabbitMQ* ]] || die "what answers at $host:$port is not RabbitMQ"
    printf 'RabbitMQ %s' "${version:-of unknown version}"
}

cpu_model() {
    local model
    model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)
    printf '%s' "${model:-$(uname -m)}" | tr -d ','
}

memory_gib() {
    awk '/^MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo 2>/dev/null || echo 0
}

# The average that PerfTest prints at its end: average sending|receiving FILE…
average() {
    local kind=$1
    shift
    cat "$@" | awk -v kind="$kind rate avg:" '
        i = index($0, kind) { sum += substr($0, i + length(kind)) + 0 }
        END { printf "%d", sum }'
}

# What PerfTest saw refused or sent back, if anything: refused FILE…
refused() {
    grep -hoE '(returned|nacked): [1-9][0-9,]*' "$@" | sort | uniq -c || true
}

# Load average of the last minute: what else the machine did. Taken before a row.
load_now() {
    cut -d' ' -f1 /proc/loadavg 2>/dev/null || echo unknown
}

# keep FILE ROW SENT RECEIVED ARTICLE SECONDS BROKER COMMAND, with load_before set
keep() {
    mkdir -p "$results"
    local file=$results/$1.csv
    [[ -e $file ]] || printf '%s\n' "$HEADER" >"$file"
    printf '%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,"%s"\n' "$2" "$3" "$4" "$5" "$6" "$(date -u +%Y-%m-%d)" "$7" \
        "$("$here/perftest.sh" --which)" "$(nproc)" "$(memory_gib)" "$(cpu_model)" "$load_before" "$8" >>"$file"
}
