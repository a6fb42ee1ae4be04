#!/usr/bin/env bash
# Write the lock files anew from pyproject.toml: hashes for every package, and no address of where they came from.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=.venv/tools/bin/uv
compile() { # extra-or-extras python output
  local extras=() extra
  for extra in $1; do extras+=(--extra "$extra"); done
  "$uv" pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version "$2" \
    "${extras[@]}" "${@:4}" pyproject.toml --output-file "requirements/$3.txt"
}
compile assistant 3.10 assistant "$@"
compile "assistant assistant-checks" 3.10 assistant-checks --constraints requirements/assistant.txt "$@"
compile desk 3.11 desk "$@"
compile "desk desk-checks" 3.11 desk-checks --constraints requirements/desk.txt "$@"
echo uv | "$uv" pip compile --quiet --generate-hashes --no-emit-index-url --no-header - --output-file requirements/tools.txt
