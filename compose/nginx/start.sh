#!/bin/sh
# Puts nginx.conf and its site/ together in the container's temporary folder, with what the environment says, and starts
# nginx. "start.sh reload" does so for the one that runs. Files are taken from beside this script.
set -eu

source=$(dirname "$0")
prefix=/tmp/nginx
umask 077
mkdir -p "$prefix/site" "$prefix/temporary"
cp "$source/nginx.conf" "$prefix/"
cp "$source"/site/*.conf "$prefix/site/"
# Swarm's configs are read-only files, and so are their copies.
chmod u+w "$prefix"/nginx.conf "$prefix"/site/*.conf
ln -sfn /srv/acme "$prefix/acme"

entries() { # entries LIST: a line for each entry of a comma-separated list
    printf '%s\n' "$1" | tr ',' '\n' | tr -d ' ' | sed -e '/^$/d'
}
lines() { # lines LIST BEFORE AFTER: a directive for each entry
    entries "$1" | sed -e "s|.*|$2&$3|"
}
certificate() { openssl x509 -noout -in /run/certificate/tls.crt "$@" 2>/dev/null; }
certificate_names() {
    certificate -ext subjectAltName | tr ',' '\n' |
        sed -n -e 's/^ *DNS:\([A-Za-z0-9.*-]*\)$/\1/p' -e 's/^ *IP Address:\([0-9.]*\)$/\1/p'
}
is_self_made() { certificate -issuer -nameopt RFC2253 | grep -qx 'issuer=CN=localhost'; }
served_hosts() {
    names=${SERVER_NAMES:-}
    if [ -z "$names" ] && ! is_self_made; then names=$(certificate_names | paste -s -d , -); fi
    if [ -z "$names" ]; then
        echo 'SERVER_NAMES is not set: requests for every host are answered' >&2
        echo 'default 1;'
        return
    fi
    echo 'default 0;'
    lines "localhost,127.0.0.1,[::1],$names" '' ' 1;' | tr '[:upper:]' '[:lower:]' | sort -u
}

lines "$TRUSTED_PROXIES" 'set_real_ip_from ' ';' >"$prefix/site/trusted-proxies.conf"
lines "$ADMIN_NETWORKS" '' ' 1;' >"$prefix/site/admin-networks.conf"
served_hosts >"$prefix/site/server-names.conf"
reads=${EDGE_READS_PER_SECOND:-200}
# Ten seconds of them may come at once.
cat >"$prefix/site/read-limit.conf" <<END
limit_req_zone \$limited_reader zone=reads:10m rate=${reads}r/s;
limit_req zone=reads burst=$((reads * 10)) nodelay;
END
# While one secret is replaced by another there are two; the first is told. Empty, it keeps a client's header from replicas.
# Where the container knows no file, update.sh has put one.
secret_file=${PROXY_SECRET_FILE:-/tmp/proxy-secret}
if [ -z "${PROXY_SECRET_FILE:-}" ] && [ ! -f "$secret_file" ]; then secret_file=/dev/null; fi
secret=$(cut -d , -f 1 "$secret_file")
printf 'proxy_set_header X-Proxy-Secret "%s";\n' "$secret" >"$prefix/site/proxy-secret.conf"
# Docker's name server or the cluster's; asked again often, so that new replicas are found and gone ones forgotten.
name_servers=$(awk '$1 == "nameserver" { print ($2 ~ /:/) ? "[" $2 "]" : $2 }' /etc/resolv.conf | tr '\n' ' ')
echo "resolver ${name_servers}valid=2s ipv6=off;" >>"$prefix/site/http.conf"
# A replica that refuses is passed over for a while; one that is merely slow is not, or all would be at once.
echo "server $UPSTREAM resolve max_fails=10 fail_timeout=2s;" >"$prefix/site/upstream.conf"
# A try that was silent to the end is followed by one other: what stops a replica must not stop them all.
echo "proxy_next_upstream_timeout $((REQUEST_TIMEOUT + 10))s;" >>"$prefix/site/server.conf"
echo "proxy_read_timeout $((REQUEST_TIMEOUT + 5))s;" >>"$prefix/site/server.conf"

if [ "${1:-}" = reload ]; then
    nginx -q -p "$prefix/" -e /dev/stderr -c nginx.conf -t
    exec nginx -p "$prefix/" -e /dev/stderr -c nginx.conf -s reload
fi
exec nginx -p "$prefix/" -e /dev/stderr -c nginx.conf -g 'daemon off;'
