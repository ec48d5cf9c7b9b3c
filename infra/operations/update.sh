#!/usr/bin/env bash
# Replaces the replicas by new ones without a failed request: new ones start beside the old, get requests once they are
# healthy, then the old ones finish and go. nginx gets its configuration and the secret that it shares with the replicas first;
# it serves replicas of the release before as well. If the new ones do not become healthy, they go, and nothing has changed.
#
# A backup comes first.
#
#   infra/operations/update.sh [--no-build] [--no-backup]
#   --no-build takes the image that has the tag now instead of building one from this checkout
source "$(dirname "$0")/common.sh"

build=1
backup=1
for option in "$@"; do
    case $option in
    --no-build) build= ;;
    --no-backup) backup= ;;
    *) die 'Usage: update.sh [--no-build] [--no-backup]' ;;
    esac
done
start_limit_seconds=$(setting UPDATE_TIMEOUT 180)
# As many at once as nginx tries beside a living one (compose/nginx/site/server.conf).
stopped_at_once=3
# nginx asks for the replicas' names every 2 s (compose/nginx/start.sh).
forgotten_after_seconds=3

mapfile -t old < <(replicas)
count=${#old[@]}
[ "$count" -gt 0 ] || die 'No replica is running: start with docker compose up -d'
[ -z "$backup" ] || infra/operations/backup.sh >/dev/null || die 'Nothing is updated without a backup; --no-backup does without'
# Read to the end, here and below: docker compose fails when its reader goes early.
image=$(docker compose config --images | awk '/^tum-chatbot-backend:/ && !found++')
previous=$(docker inspect --format '{{.Image}}' "${old[0]}")
network=$(docker compose config --format json | sed -n 's/^ *"name": "\(.*_replicas\)".*/\1/p' | awk '!found++')

added=()
roll_back() {
    say "Rolling back: $1"
    if [ "${#added[@]}" -gt 0 ]; then
        docker logs --tail 20 "${added[0]}" >&2 || true
        docker stop "${added[@]}" >/dev/null
        docker rm --force "${added[@]}" >/dev/null
    fi
    docker tag "$previous" "$image"
    die "The update failed; the $count replicas of before still answer, and $image is their image again"
}
trap 'roll_back "line $LINENO failed"' ERR
trap 'roll_back interrupted' INT TERM

if [ -n "$build" ]; then
    say "Building $image"
    docker compose build --quiet api
fi
# The container may have been made for the release before: without these files, and without a way to the secret.
say 'Giving nginx its configuration and what it proves itself to replicas by'
quietly docker compose run --rm --no-deps -T provision
docker compose run --rm --no-deps -T provision cat /run/secrets/proxy/secret |
    docker compose exec -T nginx sh -c 'umask 077; cat >/tmp/proxy-secret'
tar -cf - nginx.conf -C compose/nginx start.sh site |
    docker compose exec -T nginx sh -c 'rm -rf /tmp/next && mkdir /tmp/next && tar -xf - -C /tmp/next'
quietly docker compose exec -T --env PROXY_SECRET_FILE=/tmp/proxy-secret --env "SERVER_NAMES=$(setting SERVER_NAMES '')" \
    --env "EDGE_READS_PER_SECOND=$(setting EDGE_READS_PER_SECOND '')" nginx sh /tmp/next/start.sh reload

say 'Migrating: what migrations do, old and new replicas bear'
docker compose run --rm --no-deps -T migrate

say "Starting $count new replicas beside the $count old"
quietly docker compose create --no-recreate --no-build --scale "api=$((count * 2))" api
mapfile -t added < <(docker compose ps --all --quiet --status created api)
[ "${#added[@]}" -eq "$count" ] || roll_back "${#added[@]} containers were made, not $count"
# Out of the network that nginx finds replicas in, until they are healthy.
for id in "${added[@]}"; do docker network disconnect "$network" "$id"; done
docker start "${added[@]}" >/dev/null

began=$SECONDS
for id in "${added[@]}"; do
    until state=$(docker inspect --format '{{.State.Health.Status}} {{.RestartCount}}' "$id") && [ "${state% *}" = healthy ]; do
        [ "${state% *}" != unhealthy ] || roll_back 'a new replica is unhealthy'
        [ "${state#* }" -lt 3 ] || roll_back 'a new replica ends again and again'
        [ $((SECONDS - began)) -lt "$start_limit_seconds" ] || roll_back "not healthy after $start_limit_seconds s"
        sleep 1
    done
done
for id in "${added[@]}"; do docker network connect --alias api "$network" "$id"; done
trap - ERR INT TERM
sleep "$forgotten_after_seconds"

say 'The new replicas are healthy; the old ones finish their answers'
for ((first = 0; first < count; first += stopped_at_once)); do
    docker stop "${old[@]:first:stopped_at_once}" >/dev/null
    docker rm "${old[@]:first:stopped_at_once}" >/dev/null
    sleep "$forgotten_after_seconds"
done
say "Updated: $count replicas of $(docker image inspect --format '{{.Id}}' "$image" | cut -c 8-19), after $SECONDS s"
