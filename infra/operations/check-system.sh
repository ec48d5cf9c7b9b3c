#!/usr/bin/env bash
# The machine and its containers, for a timer: every 5 minutes.
source "$(dirname "$0")/common.sh"
source infra/operations/alert.sh

data=$(docker info --format '{{.DockerRootDir}}' 2>/dev/null) || data=/
while read -r mount used; do
    check "disk-${mount//\//_}" "$(level "${used%\%}" 80 90)" "the disk at $mount is $used full"
done < <(df --output=target,pcent / "$data" 2>/dev/null | tail -n +2 | sort -u)

memory=$(awk '/^MemTotal/ { total = $2 } /^MemAvailable/ { free = $2 } END { printf "%d", (total - free) * 100 / total }' /proc/meminfo)
check memory "$(level "$memory" 80 90)" "$memory% of the memory is in use"

for service in nginx api redis postgres chroma; do
    total=$(docker compose ps --all --quiet "$service" | wc -l)
    healthy=$(docker compose ps --format '{{.Health}}' "$service" | grep -c '^healthy$') || true
    if [ "$healthy" -eq 0 ]; then state=critical; elif [ "$healthy" -lt "$total" ]; then state=warning; else state=ok; fi
    check "container-$service" "$state" "$healthy of $total $service containers are healthy"
done

day=86400
if ! certificate=$(docker compose exec -T nginx cat /run/certificate/tls.crt 2>/dev/null); then
    check certificate warning 'the certificate could not be read'
elif ! openssl x509 -noout -checkend $((7 * day)) <<<"$certificate" >/dev/null; then
    check certificate critical 'the certificate ends within 7 days'
elif ! openssl x509 -noout -checkend $((21 * day)) <<<"$certificate" >/dev/null; then
    check certificate warning 'the certificate ends within 21 days'
else
    check certificate ok 'the certificate holds for 21 days and more'
fi

backups=$(setting BACKUP_FOLDER backups)
if [ -n "$(find "$backups" -mindepth 2 -maxdepth 2 -name SHA256SUMS -mmin -1560 2>/dev/null)" ]; then
    check backup ok 'the newest backup is younger than 26 hours'
else
    check backup warning "no backup in $backups is younger than 26 hours"
fi
finish
