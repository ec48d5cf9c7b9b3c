#!/bin/sh
# Puts nginx.conf and its site/ together in the container's temporary folder, with what the environment says.
set -eu

prefix=/tmp/nginx
mkdir -p "$prefix/site" "$prefix/temporary"
cp /srv/nginx/nginx.conf "$prefix/"
cp /srv/nginx/site/*.conf "$prefix/site/"
ln -sfn /srv/acme "$prefix/acme"

lines() { # lines LIST BEFORE AFTER: a line for each entry of a comma-separated list
    printf '%s\n' "$1" | tr ',' '\n' | tr -d ' ' | sed -e '/^$/d' -e "s|.*|$2&$3|"
}
lines "$TRUSTED_PROXIES" 'set_real_ip_from ' ';' >"$prefix/site/trusted-proxies.conf"
lines "$ADMIN_NETWORKS" '' ' 1;' >"$prefix/site/admin-networks.conf"
echo "proxy_read_timeout $((REQUEST_TIMEOUT + 5))s;" >>"$prefix/site/server.conf"

exec nginx -p "$prefix/" -e /dev/stderr -c nginx.conf -g 'daemon off;'
