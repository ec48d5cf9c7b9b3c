#!/usr/bin/env bash
# Gives a secret a new value while the service runs. Old and new both hold for a while; then the old one is refused.
#
#   infra/operations/rotate-secret.sh ADMIN_TOKEN|REDIS_PASSWORD|DATABASE_PASSWORD|PROXY_SECRET    makes the new value
#   infra/operations/rotate-secret.sh NAME --stdin                                    reads it; GEMINI_API_KEY,
#                                                                                     OPENAI_API_KEY and CLIENT_API_KEYS are
#                                                                                     always read
#   infra/operations/rotate-secret.sh certificate CERTIFICATE_FILE KEY_FILE
source "$(dirname "$0")/common.sh"

usage='Usage: rotate-secret.sh NAME [--stdin], or rotate-secret.sh certificate CERTIFICATE_FILE KEY_FILE'
name=${1:-}
[ -n "$name" ] || die "$usage"
overlap_seconds=$(setting ROTATION_OVERLAP 60)

current() { docker compose exec -T api cat "/run/secrets/$1"; }
# Replicas look at their files once a second.
seen_after_seconds=2

# Both values in the service's own list of them
rotate_listed() { # rotate_listed FILE
    local old
    old=$(current "$1")
    # All that held so far, but for what goes on to hold
    old=$(tr ',' '\n' <<<"$old" | grep -vxF -f <(tr ',' '\n' <<<"$value") | paste -s -d , -) || true
    printf '%s' "$value${old:+,$old}" | store_secret "$name"
    remember
    say "$name: the new value holds; the old one for another $overlap_seconds s"
    sleep "$overlap_seconds"
    printf '%s' "$value" | store_secret "$name"
    sleep "$seen_after_seconds"
}

# Replicas know the new one before nginx tells it, and the old one until nginx no longer does.
rotate_proxy() {
    local old
    old=$(current proxy/secret | cut -d , -f 1)
    printf '%s' "$old,$value" | store_secret PROXY_SECRET
    sleep "$seen_after_seconds"
    printf '%s' "$value,$old" | store_secret PROXY_SECRET
    quietly docker compose exec -T nginx sh /srv/nginx/start.sh reload
    remember
    say "PROXY_SECRET: nginx tells the new value; replicas know the old one for another $overlap_seconds s"
    sleep "$overlap_seconds"
    printf '%s' "$value" | store_secret PROXY_SECRET
    sleep "$seen_after_seconds"
}

# An exporter reads its password when it starts.
restart_exporter() {
    [ -z "$(docker compose ps --quiet "$1-exporter" 2>/dev/null)" ] || docker compose restart "$1-exporter"
}

rotate_redis() {
    local old
    old=$(current redis/password)
    echo "ACL SETUSER default >$value" | redis_command -n 0 | grep OK >/dev/null
    printf '%s' "$value" | store_secret REDIS_PASSWORD
    remember
    restart_exporter redis
    say "Redis takes both passwords for another $overlap_seconds s"
    sleep "$overlap_seconds"
    echo "ACL SETUSER default <$old" | redis_command -n 0 | grep OK >/dev/null
}

# A role has one password. Connections that are open stay so; a new one in the instant between is tried again.
rotate_postgres() {
    printf '%s' "$value" | store_secret DATABASE_PASSWORD
    printf "ALTER ROLE tum_chatbot PASSWORD '%s';\n" "$value" |
        docker compose exec -T postgres psql --quiet --username=tum_chatbot --set=ON_ERROR_STOP=1
    remember
    restart_exporter postgres
}

# What .env says is taken at the next start: it has to say the same. Tokens and keys are written there in any case, for a new
# machine; passwords are made anew on one.
remember() {
    [ -f .env ] || return 0
    case $name in *_PASSWORD | PROXY_SECRET) grep -q "^$name=." .env || return 0 ;; esac
    set_setting "$name" "$value"
}

fingerprint() { openssl x509 -noout -fingerprint -sha256; }
shown_fingerprint() { openssl s_client -connect "$(docker compose port nginx 8443)" </dev/null 2>/dev/null | fingerprint 2>/dev/null; }
# The folder of the host that nginx reads in place of the volume
certificate_folder() {
    docker inspect --format '{{range .Mounts}}{{if eq .Destination "/run/certificate"}}{{if eq .Type "bind"}}{{.Source}}{{end}}{{end}}{{end}}' \
        "$(docker compose ps --quiet nginx)"
}

rotate_certificate() { # rotate_certificate CERTIFICATE_FILE KEY_FILE
    local wanted folder
    wanted=$(fingerprint <"$1")
    folder=$(certificate_folder)
    if [ -n "$folder" ]; then
        [ "$(openssl x509 -noout -pubkey -in "$1")" = "$(openssl pkey -pubout -in "$2")" ] || die 'The key does not belong to the certificate'
        [ "$1" -ef "$folder/tls.crt" ] || cp "$1" "$folder/tls.crt"
        [ "$2" -ef "$folder/tls.key" ] || cp "$2" "$folder/tls.key"
    else
        cat "$1" "$2" | quietly docker compose run --rm --no-deps -T provision node infra/operations/provision.ts certificate
    fi
    # With the names of the new certificate
    quietly docker compose exec -T nginx sh /srv/nginx/start.sh reload || die 'nginx does not take this certificate'
    for _ in {1..10}; do
        [ "$(shown_fingerprint)" != "$wanted" ] || return 0
        sleep 1
    done
    die 'nginx still shows another certificate'
}

if [ "$name" = certificate ]; then
    [ $# -eq 3 ] || die "$usage"
    rotate_certificate "$(from_caller "$2")" "$(from_caller "$3")"
    say 'nginx shows the new certificate'
    exit
fi

case $name in
GEMINI_API_KEY | OPENAI_API_KEY | CLIENT_API_KEYS) value=$(cat) ;;
*) if [ "${2:-}" = --stdin ]; then value=$(cat); else value=$(head -c 24 /dev/urandom | base64 | tr '+/' '-_'); fi ;;
esac
[[ $value =~ ^[A-Za-z0-9._~,=-]{16,}$ ]] || die 'A secret has at least 16 of A-Z a-z 0-9 . _ ~ , = -'

case $name in
GEMINI_API_KEY) rotate_listed service/gemini-api-key ;;
OPENAI_API_KEY) rotate_listed service/openai-api-key ;;
ADMIN_TOKEN) rotate_listed service/admin-token ;;
CLIENT_API_KEYS) rotate_listed service/client-api-keys ;;
REDIS_PASSWORD) rotate_redis ;;
DATABASE_PASSWORD) rotate_postgres ;;
PROXY_SECRET) rotate_proxy ;;
*) die "$name cannot be rotated; the salt never is, for what is stored is named by it" ;;
esac
say "$name: the old value is refused"
if [ "$name" = ADMIN_TOKEN ]; then echo "$value"; fi
