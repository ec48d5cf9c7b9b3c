#!/usr/bin/env bash
# Puts a backup in place of what is there now, on this machine or a new one. People get no answers meanwhile.
#
#   infra/operations/restore.sh BACKUP [--replicas N] [--no-nginx]
source "$(dirname "$0")/common.sh"

backup=
count=
nginx=nginx
while [ $# -gt 0 ]; do
    case $1 in
    --replicas) count=$2 && shift ;;
    --no-nginx) nginx= ;;
    -*) die 'Usage: restore.sh BACKUP [--replicas N] [--no-nginx]' ;;
    *) backup=$1 ;;
    esac
    shift
done
[ -f "$backup/SHA256SUMS" ] || die "$backup is not a backup"
(cd "$backup" && sha256sum --check --quiet SHA256SUMS) || die "$backup is damaged"
count=${count:-$(replicas | wc -l)}
[ "$count" -gt 0 ] || count=3

say 'Stopping what would write'
docker compose stop nginx api 2>/dev/null
docker compose up --detach --wait postgres 2>/dev/null
store_secret ANONYMIZE_SALT <"$backup/anonymize-salt"
[ ! -s "$backup/admin-token" ] || [ -n "$(setting ADMIN_TOKEN '')" ] || store_secret ADMIN_TOKEN <"$backup/admin-token"

say 'Postgres'
docker compose exec -T postgres dropdb --username=tum_chatbot --maintenance-db=postgres --force --if-exists tum_chatbot
docker compose exec -T postgres createdb --username=tum_chatbot --maintenance-db=postgres tum_chatbot
docker compose exec -T postgres pg_restore --username=tum_chatbot --dbname=tum_chatbot --no-owner --exit-on-error <"$backup/postgres.dump"

say 'Redis'
docker compose stop redis 2>/dev/null
# Redis starts from its append-only files alone; a snapshot is a valid base of them.
docker compose run --rm --no-deps -T --entrypoint sh redis -ec '
    rm -rf /data/*
    mkdir /data/appendonlydir
    cat >/data/appendonlydir/appendonly.aof.1.base.rdb
    echo "file appendonly.aof.1.base.rdb seq 1 type b" >/data/appendonlydir/appendonly.aof.manifest
    redis-check-aof /data/appendonlydir/appendonly.aof.manifest >/dev/null' <"$backup/redis.rdb"

say 'Chroma, which the replicas fill from Postgres'
docker compose stop chroma 2>/dev/null
docker compose run --rm --no-deps -T --entrypoint sh chroma -ec 'rm -rf /data/*' </dev/null

say "Starting $count replicas"
docker compose up --detach --wait --scale "api=$count" redis chroma migrate api 2>/dev/null
[ -z "$nginx" ] || docker compose up --detach --wait --no-recreate --scale "api=$count" 2>/dev/null
say "Restored $backup after $SECONDS s"
