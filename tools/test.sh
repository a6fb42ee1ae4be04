#!/usr/bin/env bash
# Run every test: the assistant's in its environment, everything else in the desk's. Goes on after a failure, then says so.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
.venv/desk/bin/python -m tools.training || exit 1
.venv/assistant/bin/python -m pytest tests/bot "$@" || failed=1
.venv/desk/bin/python -m pytest tests/tools tests/actions tests/desk tests/conversations tests/deploy tests/browser "$@" || failed=1
exit $failed
