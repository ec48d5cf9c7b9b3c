#!/usr/bin/env bash
# A backup of everything that cannot be made anew, checked before it counts: Postgres (statistics, knowledge), Redis
# (sessions, waiting statistics), the knowledge as a file to read, logs, the salt without which the data say less, the
# certificate in the volume, and .env with the keys that others were given.
#
#   infra/operations/backup.sh [FOLDER]     BACKUP_FOLDER or ./backups by default; prints the backup's path
source "$(dirname "$0")/common.sh"

folder=$(from_caller "${1:-}")
[ -n "${1:-}" ] || folder=$(setting BACKUP_FOLDER backups)
retention_days=$(setting BACKUP_RETENTION_DAYS 30)
name=$(date -u +%Y%m%dT%H%M%SZ)
target=$folder/$name
partial=$target.partial
umask 077
mkdir -p "$partial"
trap 'rm -rf "$partial"; say "The backup failed; nothing of it is kept"' EXIT

# Redis first: a statistics event that moves to Postgres in between is in both, and restored once.
# By way of a file in its volume: written to standard output, a snapshot ends with a mark of the replication protocol.
quietly redis_command --rdb /data/backup.rdb
docker compose exec -T redis sh -c 'cat /data/backup.rdb && rm /data/backup.rdb' >"$partial/redis.rdb"
docker compose exec -T postgres pg_dump --username=tum_chatbot --format=custom tum_chatbot >"$partial/postgres.dump"
quietly docker compose exec -T api node dist/bin/knowledge.js export /tmp/knowledge.json
docker compose exec -T api sh -c 'cat /tmp/knowledge.json && rm /tmp/knowledge.json' >"$partial/knowledge.json"
docker compose logs --no-color --since 24h api nginx 2>/dev/null | gzip >"$partial/containers.log.gz"
# shellcheck disable=SC2016 # expanded in the container; 1 is a file that was written to meanwhile
docker compose exec -T api sh -c 'tar --create --gzip --directory logs . || [ $? -eq 1 ]' >"$partial/logs.tar.gz"
docker compose exec -T api cat /run/secrets/service/anonymize-salt >"$partial/anonymize-salt"
COMPOSE_PROGRESS=quiet docker compose run --rm --no-deps -T provision cat /run/certificate/tls.crt /run/certificate/tls.key \
    </dev/null >"$partial/certificate.pem"
[ ! -f .env ] || cp .env "$partial/env"

say 'Reading back what was written'
docker compose exec -T postgres pg_restore --file=/dev/null <"$partial/postgres.dump"
docker compose exec -T redis sh -c 'cat >/tmp/check.rdb && redis-check-rdb /tmp/check.rdb; status=$?; rm /tmp/check.rdb; exit $status' \
    <"$partial/redis.rdb" >/dev/null
docker compose exec -T api node -e 'if (!JSON.parse(require("fs").readFileSync(0, "utf8"))) process.exit(1)' <"$partial/knowledge.json"
gzip --test "$partial/containers.log.gz" "$partial/logs.tar.gz"
[ -s "$partial/anonymize-salt" ] || die 'The salt is missing'
(cd "$partial" && sha256sum -- * >SHA256SUMS)
mv "$partial" "$target"
trap - EXIT

find "$folder" -mindepth 1 -maxdepth 1 -type d -name '20??????T??????Z*' -mtime "+$retention_days" -exec rm -rf {} +
say "Backup of $(du -sh "$target" | cut -f 1) after $SECONDS s"
echo "$target"
