#!/bin/sh
# Makes the secrets of docker-compose.yml, each in a file of its own, at the first start. What is there stays as it is.
#
#   secrets.sh FOLDER
#
# A value in the environment is taken instead of a random one: RABBITMQ_PASSWORD, INFLUXDB_TOKEN, INFLUXDB_PASSWORD,
# POSTGRES_PASSWORD, HOME_PASSWORD. They go into URLs: letters and digits.
set -eu
umask 077

folder=$1
# Whom the services run as. The servers read theirs as root, before they become somebody else.
services=10001:10001

random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# keep NAME VALUE: whole or not at all, and never over one that is there.
keep() {
    [ ! -e "$folder/$1" ] || return 0
    printf '%s' "$2" > "$folder/.$1"
    case $1 in rabbitmq-password | influxdb-token | home-password | *.url | *.secret) chown "$services" "$folder/.$1" ;; esac
    mv "$folder/.$1" "$folder/$1"
}

mkdir -p "$folder"
chmod 755 "$folder"
keep rabbitmq-password "${RABBITMQ_PASSWORD:-$(random)}"
keep influxdb-token "${INFLUXDB_TOKEN:-$(random)}"
keep influxdb-password "${INFLUXDB_PASSWORD:-$(random)}"
keep postgres-password "${POSTGRES_PASSWORD:-$(random)}"
keep home-password "${HOME_PASSWORD:-$(random)}"
keep rabbitmq.url "amqp://wattline:$(cat "$folder/rabbitmq-password")@rabbitmq:5672/%2f"
keep postgres.url "postgres://wattline:$(cat "$folder/postgres-password")@postgres:5432/wattline"

# One for each home of the street: what the hub logs in with, and as what.
for home in /etc/wattline/street/*.json; do
    number=$(basename "$home" .json)
    hub=$(sed -n 's/.*"id": "\([0-9a-f-]*\)".*/\1/p' "$home")
    keep "hub-$number.secret" "$(random)"
    keep "hub-$number.url" "amqp://$hub:$(cat "$folder/hub-$number.secret")@rabbitmq:5672/%2f"
done
