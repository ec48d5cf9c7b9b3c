#!/usr/bin/env bash
# Proves that a backup can be restored: into containers and volumes of its own, beside the running system and without its
# ports. Every row of the dump has to be there, and a question from the knowledge has to be answered from it.
#
#   infra/operations/restore-drill.sh [BACKUP]    the newest one by default
source "$(dirname "$0")/common.sh"

backup=$(from_caller "${1:-}")
[ -n "${1:-}" ] || backup=$(find "$(setting BACKUP_FOLDER backups)" -mindepth 1 -maxdepth 1 -type d -name '20??????T??????Z' 2>/dev/null | sort | tail -n 1) || true
[ -n "$backup" ] || die 'There is no backup yet'
project=$(docker compose config --format json | sed -n '1,3s/^ *"name": "\(.*\)",$/\1/p')
export COMPOSE_PROJECT_NAME=$project-drill
trap 'docker compose down --volumes --timeout 5 >/dev/null 2>&1' EXIT

infra/operations/restore.sh "$backup" --replicas 1 --no-nginx
restored_after=$SECONDS

rows_of_dump() {
    docker compose exec -T postgres pg_restore --data-only --file=- <"$backup/postgres.dump" |
        awk '/^COPY /{ table = $2; rows = 0; next } $0 == "\\." { print table, rows; table = ""; next } table { rows++ }' | sort
}
rows_of_database() {
    rows_of_dump | cut -d ' ' -f 1 | while read -r table; do
        echo "$table $(docker compose exec -T postgres psql --username=tum_chatbot --tuples-only --no-align --command="select count(*) from only $table" </dev/null)"
    done
}
expected=$(rows_of_dump)
# What waited in Redis may be written by now: more rows than in the dump are right, fewer are not.
paste -d ' ' <(echo "$expected") <(rows_of_database) | while read -r table wanted _ found; do
    [ "$found" -ge "$wanted" ] || die "$table has $found rows, the backup $wanted"
done
say "All $(echo "$expected" | awk '{ n += $2 } END { print n }') rows of $(echo "$expected" | wc -l) tables are there"
say "Redis: $(redis_command DBSIZE) keys"

docker compose exec -T api node -e '
    const [{ id, question }] = JSON.parse(require("fs").readFileSync(0, "utf8")).documents;
    fetch("http://127.0.0.1:8080/api/chat", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ message: question }),
    }).then((reply) => reply.json()).then(({ sources }) => {
        if (!sources?.some((source) => source.id === id)) throw new Error(`${question}: ${id} is not among the sources`);
        console.error(`Answered from ${id}: ${question}`);
    }).catch((error) => { console.error(error.message); process.exitCode = 1; });' <"$backup/knowledge.json"
echo "The drill of $backup succeeded: restored in $restored_after s, checked in $((SECONDS - restored_after)) s"
