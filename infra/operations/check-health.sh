#!/usr/bin/env bash
# Whether people are being answered, for a timer: every minute. HEALTH_URL is the loopback's port by default.
source "$(dirname "$0")/common.sh"
source infra/operations/alert.sh

url=$(setting HEALTH_URL "http://127.0.0.1:$(setting LOCAL_PORT 8080)/api/health")
reply=$(curl --silent --max-time 15 --write-out '\n%{http_code} %{time_total}' "$url") || reply=$'\n000 0'
read -r code took <<<"${reply##*$'\n'}"
status=$(sed -n 's/.*"status":"\([a-z]*\)".*/\1/p' <<<"$reply")
out=$(grep -o '"[a-z]*":{"state":"\(down\|degraded\)"' <<<"$reply" | cut -d '"' -f 2 | paste -s -d ' ' -) || out=

case "$code $status" in
'200 healthy') check health ok 'the service is healthy' ;;
'200 degraded') check health warning "the service does without: ${out:-something}" ;;
*) check health critical "the service does not answer (HTTP $code from $url)" ;;
esac
milliseconds=$(awk -v seconds="$took" 'BEGIN { printf "%d", seconds * 1000 }')
check health-time "$(level "$milliseconds" 5000 10000)" "its health was told within $took s"
finish
