#!/usr/bin/env bash
# Run every check and say which ones failed; each prints its own findings.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=()
log=$(mktemp)
trap 'rm -f "$log"' EXIT
check() { # name command…
  local name=$1
  shift
  if "$@" >"$log" 2>&1; then
    echo "ok      $name"
  else
    echo "FAILED  $name"
    tail -n 40 "$log"
    failed+=("$name")
  fi
}
desk=.venv/desk/bin/python
assistant=.venv/assistant/bin/python
check "style (ruff)" "$desk" -m ruff check .
check "format (ruff)" "$desk" -m ruff format --check .
check "types (mypy, strict)" "$desk" -m mypy
check "borders between the parts" .venv/desk/bin/lint-imports
check "responses in both languages" "$desk" -m tools.checks.responses
check "action names" "$desk" -m tools.checks.action_names
check "settings are documented" "$desk" -m tools.checks.settings
check "training phrases" "$assistant" -m bot.nlu.check_data
check "dialogue data (rasa data validate)" "$assistant" -m rasa data validate --fail-on-warnings \
  --config bot/config.yml --domain bot/domain --data data/nlu data/rules
[ ${#failed[@]} -eq 0 ] || { echo "Failed: ${failed[*]}"; exit 1; }
