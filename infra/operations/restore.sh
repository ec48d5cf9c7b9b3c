#!/usr/bin/env bash
# Puts a backup in place of what is there now, on this machine or a new one. People get no answers meanwhile. Settings are
# those of .env here; the one of the backup lies in it as "env".
#
#   infra/operations/restore.sh BACKUP [--replicas N] [--no-nginx]
source "$(dirname "$0")/common.sh"

usage='Usage: restore.sh BACKUP [--replicas N] [--no-nginx]'
backup=
count=
nginx=nginx
while [ $# -gt 0 ]; do
    case $1 in
    --replicas) count=$2 && shift ;;
    --no-nginx) nginx= ;;
    -*) die "$usage" ;;
    *) backup=$(from_caller "$1") ;;
    esac
    shift
done
[ -n "$backup" ] || die "$usage"
[ -f "$backup/SHA256SUMS" ] || die "$backup is not a backup"
(cd "$backup" && sha256sum --check --quiet SHA256SUMS) || die "$backup is damaged"
count=${count:-$(replicas | wc -l)}
[ "$count" -gt 0 ] || count=3

say 'Stopping what would write'
quietly docker compose stop nginx api
quietly docker compose up --detach --wait postgres
store_secret ANONYMIZE_SALT <"$backup/anonymize-salt"
[ ! -f "$backup/certificate.pem" ] ||
    quietly docker compose run --rm --no-deps -T provision node infra/operations/provision.ts certificate <"$backup/certificate.pem"

say 'Postgres'
docker compose exec -T postgres dropdb --username=tum_chatbot --maintenance-db=postgres --force --if-exists tum_chatbot
docker compose exec -T postgres createdb --username=tum_chatbot --maintenance-db=postgres tum_chatbot
docker compose exec -T postgres pg_restore --username=tum_chatbot --dbname=tum_chatbot --no-owner --exit-on-error <"$backup/postgres.dump"

say 'Redis'
quietly docker compose stop redis
# Redis starts from its append-only files alone; a snapshot is a valid base of them.
docker compose run --rm --no-deps -T --entrypoint sh redis -ec '
    rm -rf /data/*
    mkdir /data/appendonlydir
    cat >/data/appendonlydir/appendonly.aof.1.base.rdb
    echo "file appendonly.aof.1.base.rdb seq 1 type b" >/data/appendonlydir/appendonly.aof.manifest
    redis-check-aof /data/appendonlydir/appendonly.aof.manifest >/dev/null' <"$backup/redis.rdb"

say 'Chroma, which the replicas fill from Postgres'
quietly docker compose stop chroma
docker compose run --rm --no-deps -T --entrypoint sh chroma -ec 'rm -rf /data/*' </dev/null

say "Starting $count replicas"
quietly docker compose up --detach --wait --scale "api=$count" redis chroma migrate api
[ -z "$nginx" ] || quietly docker compose up --detach --wait --no-recreate --scale "api=$count"
say "Restored $backup after $SECONDS s"
