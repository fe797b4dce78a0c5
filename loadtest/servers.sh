# shellcheck shell=bash
# Servers of our own for one run, from the Debian packages, in a temporary folder. Ended with the script.

readonly SCRIPTS=/usr/lib/rabbitmq/bin
servers_folder=
server_pids=()

end_servers() {
    local pid
    for pid in "${server_pids[@]}"; do
        kill "$pid" 2>/dev/null || true
    done
    for pid in "${server_pids[@]}"; do
        wait "$pid" 2>/dev/null || true
    done
    [[ -z $servers_folder ]] || rm -rf "$servers_folder"
}

prepare_servers() {
    [[ -n $servers_folder ]] && return
    servers_folder=$(mktemp -d "${TMPDIR:-/tmp}/wattline-loadtest.XXXXXX")
    trap end_servers EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# A port on which nobody answers now.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
    done
    printf '%s' "$port"
}

# until_ready NAME PID LOG COMMAND…
until_ready() {
    local name=$1 pid=$2 log=$3 began=$SECONDS
    shift 3
    until ("$@") >/dev/null 2>&1; do
        kill -0 "$pid" 2>/dev/null || { tail -n 20 "$log" >&2; die "$name ended while it started"; }
        ((SECONDS - began < 90)) || die "$name is not ready after 90 s; its log: $(tail -n 5 "$log")"
        sleep 0.2
    done
}

# Sets broker, with the settings of deploy/config, where they matter for throughput.
start_rabbitmq() {
    [[ -x $SCRIPTS/rabbitmq-server ]] || die 'rabbitmq-server is not here; install the package or give --broker'
    prepare_servers
    local folder=$servers_folder/rabbitmq port epmd_port
    port=$(free_port)
    epmd_port=$(free_port)
    mkdir -p "$folder/home"
    echo '[rabbitmq_consistent_hash_exchange].' >"$folder/enabled_plugins"
    { printf 'listeners.tcp.1 = 127.0.0.1:%s\nlog.console = false\n' "$port"; cat "$here/../deploy/config/rabbitmq.conf"; } \
        >"$folder/rabbitmq.conf"
    say 'Starting RabbitMQ …'
    epmd -address 127.0.0.1 -port "$epmd_port" >/dev/null 2>&1 &
    server_pids+=($!)
    local allocators
    allocators=$(sed -n 's/^ENV RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="\(.*\)"$/\1/p' "$here/../deploy/docker/rabbitmq.Dockerfile")
    env HOME="$folder/home" RABBITMQ_NODENAME=loadtest@localhost RABBITMQ_MNESIA_BASE="$folder/mnesia" \
        RABBITMQ_LOG_BASE="$folder/log" RABBITMQ_CONFIG_FILE="$folder/rabbitmq.conf" \
        RABBITMQ_CONF_ENV_FILE="$folder/none.conf" RABBITMQ_ENABLED_PLUGINS_FILE="$folder/enabled_plugins" \
        RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT="$port" RABBITMQ_DIST_PORT="$(free_port)" \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1} $allocators" \
        ERL_EPMD_PORT="$epmd_port" ERL_EPMD_ADDRESS=127.0.0.1 \
        "$SCRIPTS/rabbitmq-server" >"$folder/output" 2>&1 &
    server_pids=($! "${server_pids[@]}")
    broker=amqp://guest:guest@127.0.0.1:$port/%2f
    until_ready RabbitMQ "$!" "$folder/output" broker_version "$broker"
}

# Sets influxdb.
start_influxdb() {
    command -v influxd >/dev/null || die 'influxd is not here; install the package influxdb or give --influxdb'
    prepare_servers
    local folder=$servers_folder/influxdb port
    port=$(free_port)
    mkdir -p "$folder"
    cat >"$folder/influxdb.conf" <<CONF
reporting-disabled = true
bind-address = "127.0.0.1:$(free_port)"
[meta]
  dir = "$folder/meta"
[data]
  dir = "$folder/data"
  wal-dir = "$folder/wal"
  query-log-enabled = false
  cache-snapshot-memory-size = 268435456
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:$port"
  log-enabled = false
[ifql]
  enabled = false
CONF
    say 'Starting InfluxDB …'
    GOGC=200 influxd -config "$folder/influxdb.conf" >"$folder/output" 2>&1 &
    server_pids=($! "${server_pids[@]}")
    influxdb=http://127.0.0.1:$port
    until_ready InfluxDB "$!" "$folder/output" curl --silent --fail "$influxdb/ping"
}
