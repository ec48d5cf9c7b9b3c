#!/bin/sh
# Puts nginx.conf and its site/ together in the container's temporary folder, with what the environment says.
set -eu

prefix=/tmp/nginx
mkdir -p "$prefix/site" "$prefix/temporary"
cp /srv/nginx/nginx.conf "$prefix/"
cp /srv/nginx/site/*.conf "$prefix/site/"
# Swarm's configs are read-only files, and so are their copies.
chmod u+w "$prefix"/site/*.conf
ln -sfn /srv/acme "$prefix/acme"

lines() { # lines LIST BEFORE AFTER: a line for each entry of a comma-separated list
    printf '%s\n' "$1" | tr ',' '\n' | tr -d ' ' | sed -e '/^$/d' -e "s|.*|$2&$3|"
}
lines "$TRUSTED_PROXIES" 'set_real_ip_from ' ';' >"$prefix/site/trusted-proxies.conf"
lines "$ADMIN_NETWORKS" '' ' 1;' >"$prefix/site/admin-networks.conf"
# Docker's name server or the cluster's; asked again often, so that new replicas are found and gone ones forgotten.
name_servers=$(awk '$1 == "nameserver" { print ($2 ~ /:/) ? "[" $2 "]" : $2 }' /etc/resolv.conf | tr '\n' ' ')
echo "resolver ${name_servers}valid=2s ipv6=off;" >>"$prefix/site/http.conf"
# A replica that refuses is passed over for a while; one that is merely slow is not, or all would be at once.
echo "server $UPSTREAM resolve max_fails=10 fail_timeout=2s;" >"$prefix/site/upstream.conf"
# A try that was silent to the end is followed by one other: what stops a replica must not stop them all.
echo "proxy_next_upstream_timeout $((REQUEST_TIMEOUT + 10))s;" >>"$prefix/site/server.conf"
echo "proxy_read_timeout $((REQUEST_TIMEOUT + 5))s;" >>"$prefix/site/server.conf"

exec nginx -p "$prefix/" -e /dev/stderr -c nginx.conf -g 'daemon off;'
