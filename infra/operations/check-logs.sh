#!/usr/bin/env bash
# Errors in the logs of the last hour, for a timer: once an hour. LOG_ERROR_THRESHOLD is 10 by default.
source "$(dirname "$0")/common.sh"
source infra/operations/alert.sh

threshold=$(setting LOG_ERROR_THRESHOLD 10)
logs=$(docker compose logs --no-color --no-log-prefix --since 60m api)
errors=$(grep -c -E '"level":"(ERROR|CRITICAL|FATAL)"' <<<"$logs") || true
check log-errors "$(level "$errors" $((threshold + 1)) $((threshold * 5)))" "$errors errors in the last hour"

gemini=$(grep -c '"msg":"gemini is out"' <<<"$logs") || true
check log-gemini "$(level "$gemini" 1 20)" "Gemini was found out $gemini times in the last hour"
crashes=$(grep -c -E '"msg":"(uncaughtException|unhandledRejection)"' <<<"$logs") || true
check log-crashes "$(level "$crashes" 1 3)" "$crashes replicas ended by an error in the last hour"
finish
