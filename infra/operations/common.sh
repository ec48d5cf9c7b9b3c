# shellcheck shell=bash
# Sourced by the scripts beside it, which run from the project's root and find their settings in .env.
set -euo pipefail
called_from=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

say() { printf '%s %s\n' "$(date -u +%H:%M:%S)" "$*" >&2; }
die() {
    say "$*"
    exit 1
}

# quietly COMMAND...: what it prints is shown only if it fails
quietly() {
    local output status
    output=$("$@" 2>&1) || {
        status=$?
        printf '%s\n' "$output" >&2
        return "$status"
    }
}

# from_caller PATH: a path that was given as an argument, as seen from here
from_caller() {
    if [[ $1 = /* || $called_from = "$PWD" ]]; then printf '%s' "$1"; else printf '%s' "$called_from/$1"; fi
}

if [ -f .env ] && [ -n "$(find -L .env -perm /077)" ]; then
    say 'WARNING: others can read .env, which holds secrets: chmod 600 .env'
fi

# set_setting NAME VALUE: in .env, which is its owner's alone from then on
set_setting() {
    local file copy
    file=$(readlink -f .env)
    copy=$(umask 077 && mktemp "$file.XXXXXX")
    [ ! -f "$file" ] || chown --reference="$file" "$copy"
    { grep -v "^$1=" "$file" 2>/dev/null || true; echo "$1=$2"; } >"$copy"
    mv "$copy" "$file"
}

# setting NAME DEFAULT: from the environment, else from .env
setting() {
    local value=${!1:-}
    if [ -z "$value" ] && [ -f .env ]; then
        value=$(sed -n "s/^$1=//p" .env | tail -n 1 | sed -e 's/[[:space:]]#.*$//' -e 's/[[:space:]]*$//' -e "s/^[\"']//" -e "s/[\"']$//")
    fi
    printf '%s' "${value:-$2}"
}

# replicas: ids of the running ones, oldest first
replicas() {
    local ids
    mapfile -t ids < <(docker compose ps --quiet --status running api)
    [ "${#ids[@]}" -eq 0 ] || docker inspect --format '{{.Created}} {{.Id}}' "${ids[@]}" | sort | cut -d ' ' -f 2
}

# store_secret NAME: its value from standard input into the files that the containers read
store_secret() {
    quietly docker compose run --rm --no-deps -T provision node infra/operations/provision.ts set "$1"
}

# redis_command ARGUMENT...: as an operator of Redis; commands may come from standard input as well
redis_command() {
    # shellcheck disable=SC2016 # expanded in the container
    docker compose exec -T redis sh -c 'REDISCLI_AUTH="$(cat /run/secrets/redis/password)" exec redis-cli --no-auth-warning "$@"' sh "$@"
}
