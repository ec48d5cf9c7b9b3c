#!/bin/sh
# Alertmanager reads no environment: its settings are written here, from .env, before it starts.
set -eu

# As YAML has it: in single quotes, those within doubled.
quoted() {
    printf "'%s'" "$(printf %s "$1" | sed "s/'/''/g")"
}

receivers() {
    if [ -n "$ALERT_EMAIL" ]; then
        cat <<END
    email_configs:
      - to: $(quoted "$ALERT_EMAIL")
        from: $(quoted "${ALERT_EMAIL_FROM:-$ALERT_EMAIL}")
        smarthost: $(quoted "$ALERT_SMTP_HOST")
        auth_username: $(quoted "$ALERT_SMTP_USER")
        auth_password: $(quoted "$ALERT_SMTP_PASSWORD")
        send_resolved: true
END
    fi
    if [ -n "$ALERT_WEBHOOK" ]; then
        cat <<END
    webhook_configs:
      - url: $(quoted "$ALERT_WEBHOOK")
        send_resolved: true
END
    fi
}

umask 077
cat >/tmp/alertmanager.yml <<END
route:
  receiver: operators
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 4h
inhibit_rules:
  - source_matchers: [severity = critical]
    target_matchers: [severity = warning]
    equal: [job]
receivers:
  - name: operators
$(receivers)
END
exec alertmanager --config.file=/tmp/alertmanager.yml --storage.path=/alertmanager --cluster.listen-address=
