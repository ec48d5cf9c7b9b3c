# shellcheck shell=bash
# Sourced by the checks. An alert goes out when something begins, once an hour while it lasts, and when it is over: by
# mail to ALERT_EMAIL and as {"text": ...} to ALERT_WEBHOOK. Without either it is only printed.
state_folder=$(setting ALERT_STATE_FOLDER "${TMPDIR:-/tmp}/tum-chatbot-alerts")
mkdir -p "$state_folder"
alerts=0

# check NAME LEVEL MESSAGE: LEVEL is ok, warning or critical
check() {
    local file=$state_folder/$1 before=ok
    [ ! -f "$file" ] || before=$(cat "$file")
    [ "$2" = ok ] || alerts=$((alerts + 1))
    say "$2: $3"
    if [ "$2" = ok ]; then
        rm -f "$file"
        [ "$before" = ok ] || send "OK: $3"
    elif [ "$before" != "$2" ] || [ -n "$(find "$file" -mmin +59)" ]; then
        echo "$2" >"$file"
        send "${2^^}: $3"
    fi
}

send() {
    local subject email webhook escaped
    subject="TUM Chatbot on $(hostname): $1"
    email=$(setting ALERT_EMAIL '')
    webhook=$(setting ALERT_WEBHOOK '')
    if [ -n "$email" ]; then
        echo "$1" | mail -s "$subject" "$email" || say "The mail to $email could not be sent"
    fi
    if [ -n "$webhook" ]; then
        escaped=$(printf '%s' "$subject" | sed -e 's/[\\"]/\\&/g')
        curl --silent --fail --max-time 10 --header 'Content-Type: application/json' \
            --data "{\"text\":\"$escaped\"}" "$webhook" >/dev/null || say 'The webhook could not be called'
    fi
}

# finish: the exit code says whether everything was well
finish() {
    [ "$alerts" -eq 0 ] || exit 1
}

# level VALUE WARNING CRITICAL: whole numbers
level() {
    if [ "$1" -ge "$3" ]; then echo critical; elif [ "$1" -ge "$2" ]; then echo warning; else echo ok; fi
}
