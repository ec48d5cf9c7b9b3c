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
    slack_configs:
      - api_url: $(quoted "$ALERT_WEBHOOK")
        send_resolved: true
        title: '{{ if eq .Status "firing" }}{{ .CommonLabels.severity | toUpper }}{{ else }}OK{{ end }}: {{ .CommonLabels.alertname }}'
        title_link: ''
        text: '{{ range .Alerts }}{{ .Annotations.summary }}{{ "\n" }}{{ end }}'
        fallback: '{{ range .Alerts }}{{ .Annotations.summary }} {{ end }}'
END
    fi
}

# mutes CRITICAL WARNING [LABELS]: no warning of what the critical alert says already, of the same thing
mutes() {
    printf '  - { source_matchers: [alertname = %s], target_matchers: [alertname = %s], equal: [%s] }\n' "$1" "$2" "${3:-}"
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
$(mutes NobodyIsAnswered FewerReplicas)
$(mutes AnswersVerySlow AnswersSlow)
$(mutes ManyRequestsFail SomeRequestsFail)
$(mutes DiskFull DiskFilling 'instance, mountpoint')
$(mutes MemoryFull MemoryHigh instance)
$(mutes CertificateEndsSoon CertificateEnds instance)
receivers:
  - name: operators
$(receivers)
END
exec alertmanager --config.file=/tmp/alertmanager.yml --storage.path=/alertmanager --cluster.listen-address=
