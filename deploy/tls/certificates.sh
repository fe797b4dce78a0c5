#!/bin/sh
# Makes a certificate for a server, signed by a certificate authority (CA) of your own, which is made first if there is
# none yet. What to do with the files: docs/tls.md.
#
#   certificates.sh FOLDER NAME ADDRESS...
#
#   FOLDER   where the files are: ca.pem, ca.key, NAME.pem, NAME.key
#   NAME     of the server, for the files: rabbitmq, auth-service
#   ADDRESS  a host name or IP address by which others reach it, as it stands in their configuration
#
# Run again, it renews NAME with a new key. DAYS=365 says how long a certificate is valid; the CA is for ten years.
set -eu
umask 077

[ $# -ge 3 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 64; }
folder=$1 name=$2
shift 2
case $name in ca | *[!a-zA-Z0-9._-]*) echo "$0: a name is letters, digits, . _ and -, and not ca: $name" >&2; exit 64 ;; esac

names=
for address; do
    case $address in
    *[!a-zA-Z0-9.:*-]*) echo "$0: not a host name or IP address: $address" >&2; exit 64 ;;
    *:*) names="$names,IP:$address" ;;
    *[!0-9.]*) names="$names,DNS:$address" ;;
    *) names="$names,IP:$address" ;;
    esac
done

mkdir -p "$folder"
cd "$folder"
work=$(mktemp -d ./.work.XXXXXX)
trap 'rm -rf "$work"' EXIT

new_key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

if [ ! -e ca.pem ]; then
    [ ! -e ca.key ] || { echo "$0: there is a ca.key without its ca.pem" >&2; exit 1; }
    new_key "$work/ca.key"
    openssl req -x509 -new -key "$work/ca.key" -days 3650 -subj "/CN=Wattline CA of $(uname -n)" \
        -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign \
        -out "$work/ca.pem"
    chmod 644 "$work/ca.pem"
    mv "$work/ca.key" "$work/ca.pem" .
fi

new_key "$work/key"
openssl req -new -key "$work/key" -subj "/CN=$name" -out "$work/request"
cat > "$work/extensions" <<EXTENSIONS
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = ${names#,}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
EXTENSIONS
openssl x509 -req -in "$work/request" -CA ca.pem -CAkey ca.key -set_serial "0x$(openssl rand -hex 16)" \
    -days "${DAYS:-365}" -sha256 -extfile "$work/extensions" -out "$work/pem" 2> "$work/said" ||
    { cat "$work/said" >&2; exit 1; }
chmod 644 "$work/pem"
mv "$work/key" "$name.key"
mv "$work/pem" "$name.pem"
echo "$folder/$name.pem and $name.key: for${names}" | sed 's/for,/for /; s/,/, /g'
