"""Makes the widget's one file when there is Node and something changed; without Node pages load the source itself."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
MANIFEST = HERE / "dist" / "manifest.json"
PACKAGES = ("build.mjs", "package.json", "package-lock.json")


def main() -> int:
    """Build, and say in one line what came of it."""
    sys.stdout.write(f"{ensure_widget()}\n")
    return 0


def ensure_widget() -> str:
    """Build the widget if its source changed since; return a sentence that says what pages will load."""
    manifest = current_manifest()
    if manifest is not None:
        return f"Widget {manifest['file']} is up to date."
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "There is no Node on this machine: pages load the widget's source, unbundled."
    for command in (_installing(), ["node", "build.mjs"]):
        outcome = subprocess.run(command, cwd=HERE, capture_output=True, text=True) if command else None
        if outcome is not None and outcome.returncode:
            said = (outcome.stderr or outcome.stdout).strip().splitlines() or ["no reason given"]
            return f"The widget could not be bundled, pages load its source instead: {said[-1]}"
    return f"Widget built: {outcome.stdout.strip() if outcome else ''}"


def current_manifest() -> dict[str, str] | None:
    """Return what the last build wrote down if it was made from the present source."""
    try:
        manifest: dict[str, str] = json.loads(MANIFEST.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    made = (HERE / "dist" / manifest["file"]).is_file()
    return manifest if made and manifest["sources"] == sources_digest() else None


def sources_digest() -> str:
    """Hash what the file is made from; build.mjs counts alike."""
    digest = hashlib.sha256()
    sources = sorted(f"source/{path.name}" for path in (HERE / "source").glob("*.js"))
    for name in (*sources, *PACKAGES):
        digest.update(name.encode() + b"\0" + (HERE / name).read_bytes() + b"\0")
    return digest.hexdigest()


def _installing() -> list[str] | None:
    """Return how to install the tools of the lock file, unless they are there."""
    installed = HERE / "node_modules" / ".package-lock.json"
    if installed.is_file() and installed.stat().st_mtime >= (HERE / "package-lock.json").stat().st_mtime:
        return None
    return ["npm", "ci", "--no-audit", "--no-fund", "--omit-lockfile-registry-resolved"]


if __name__ == "__main__":
    sys.exit(main())
