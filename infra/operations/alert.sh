# shellcheck shell=bash
# Sourced by the checks. An alert goes out when something begins, once an hour while it lasts, and when it is over: by
# mail to ALERT_EMAIL and as {"text": ...} to ALERT_WEBHOOK. Without either it is only printed.
# Under /tmp anybody could put a link in its place, and have its target overwritten.
if [ "$(id -u)" -eq 0 ]; then state_folder=/var/lib/tum-chatbot/alerts; else state_folder=$HOME/.local/state/tum-chatbot/alerts; fi
state_folder=$(setting ALERT_STATE_FOLDER "$state_folder")
(umask 077 && mkdir -p "$state_folder")
if [ -L "$state_folder" ] || [ ! -O "$state_folder" ]; then die "$state_folder is a link or belongs to somebody else"; fi
chmod 0700 "$state_folder"
alerts=0

self=$(basename "$0" .sh)
# A check that cannot look is worse than a bad answer.
trap 'check "$self" critical "$self could not look: line $LINENO failed"' ERR

# check NAME LEVEL MESSAGE: LEVEL is ok, warning or critical
check() {
    [ "$2" = ok ] || alerts=$((alerts + 1))
    say "$2: $3"
    tell mail "$@"
    tell webhook "$@"
}

# tell WAY NAME LEVEL MESSAGE: what could not be sent is sent at the next check
tell() {
    local file=$state_folder/$2.$1 before=ok
    [ ! -f "$file" ] || before=$(cat "$file")
    if [ "$3" = ok ]; then
        if [ "$before" = ok ] || "by_$1" "OK: $4"; then rm -f "$file"; fi
    elif [ "$before" != "$3" ] || [ -n "$(find "$file" -mmin +59)" ]; then
        if "by_$1" "${3^^}: $4"; then echo "$3" >"$file"; fi
    fi
}

subject() { printf 'TUM Chatbot on %s: %s' "$(hostname)" "$1"; }

by_mail() {
    local email
    email=$(setting ALERT_EMAIL '')
    [ -n "$email" ] || return 0
    echo "$1" | mail -s "$(subject "$1")" "$email" || { say "The mail to $email could not be sent"; return 1; }
}

by_webhook() {
    local webhook escaped
    webhook=$(setting ALERT_WEBHOOK '')
    [ -n "$webhook" ] || return 0
    escaped=$(subject "$1" | sed -e 's/[\\"]/\\&/g')
    curl --silent --fail --max-time 10 --header 'Content-Type: application/json' \
        --data "{\"text\":\"$escaped\"}" "$webhook" >/dev/null || { say 'The webhook could not be called'; return 1; }
}

# finish: the exit code says whether everything was well
finish() {
    trap - ERR
    check "$self" ok "$self looked everywhere"
    [ "$alerts" -eq 0 ] || exit 1
}

# level VALUE WARNING CRITICAL: whole numbers
level() {
    if [ "$1" -ge "$3" ]; then echo critical; elif [ "$1" -ge "$2" ]; then echo warning; else echo ok; fi
}
