#!/bin/sh
# Alertmanager reads no environment: its settings are written here, from .env, before it starts.
set -eu

receivers() {
    if [ -n "$ALERT_EMAIL" ]; then
        cat <<END
    email_configs:
      - to: '$ALERT_EMAIL'
        from: '${ALERT_EMAIL_FROM:-$ALERT_EMAIL}'
        smarthost: '$ALERT_SMTP_HOST'
        auth_username: '$ALERT_SMTP_USER'
        auth_password: '$ALERT_SMTP_PASSWORD'
        send_resolved: true
END
    fi
    if [ -n "$ALERT_WEBHOOK" ]; then
        cat <<END
    webhook_configs:
      - url: '$ALERT_WEBHOOK'
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
exec /bin/alertmanager --config.file=/tmp/alertmanager.yml --storage.path=/alertmanager --cluster.listen-address=
