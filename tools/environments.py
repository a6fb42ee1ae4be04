"""Set up the Python environments from the locked requirements; needs nothing but a bare Python 3.

Rasa 3.6 runs on Python 3.10 only, and everything else on 3.11 or newer, so there are two environments (and a third,
tiny one that holds uv). Setting up again with nothing changed costs a look at three small files.
"""

from __future__ import annotations

import argparse
import glob
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
REQUIREMENTS = ROOT / "requirements"
UV = VENV / "tools" / "bin" / "uv"
#: Oldest and newest Python that each environment accepts, as (major, minor).
VERSIONS = {"assistant": ((3, 10), (3, 10)), "desk": ((3, 11), (3, 13))}


class SetupError(Exception):
    """What is missing, as one sentence for the person at the keyboard."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(VERSIONS), help="which environments (default: all)")
    parser.add_argument("--checks", action="store_true", help="with what tests and checks need besides")
    options = parser.parse_args()
    try:
        for name in options.names:
            set_up(name, options.checks)
    except SetupError as error:
        print(f"Setting up failed: {error}", file=sys.stderr)
        return 1
    return 0


def set_up(name: str, checks: bool) -> None:
    """Bring one environment in line with its lock files."""
    stamp_file = VENV / name / "lock-stamp"
    stamps = {False: _stamp(name, False), True: _stamp(name, True)}
    # What has the checks' packages has the product's too.
    good_enough = {stamps[True]} if checks else {stamps[False], stamps[True]}
    if stamp_file.is_file() and stamp_file.read_text() in good_enough:
        return
    install_uv()
    if not (VENV / name / "bin" / "python").exists():
        python = find_python(*VERSIONS[name])
        print(f"Setting up the {name} environment with {python} …", flush=True)
        _run([str(UV), "venv", "--quiet", "--python", python, str(VENV / name)], name)
    print(f"Installing what the {name} environment needs (a few minutes the first time) …", flush=True)
    lock = REQUIREMENTS / f"{name}{'-checks' if checks else ''}.txt"
    python_of_environment = str(VENV / name / "bin" / "python")
    _run([str(UV), "pip", "sync", "--quiet", "--require-hashes", "--python", python_of_environment, str(lock)], name)
    if name == "desk":
        _write_command("privacy-desk", "desk.cli")
    stamp_file.write_text(stamps[checks])


def _write_command(command: str, module: str) -> None:
    # The project is run from its folder and not installed, so that an edit counts at once; the command goes there.
    file = VENV / "desk" / "bin" / command
    file.write_text(f'#!/bin/sh\ncd "{ROOT}" && exec "{VENV}/desk/bin/python" -m {module} "$@"\n')
    file.chmod(0o755)


def install_uv() -> None:
    """Install uv from the package index into an environment of its own."""
    lock = REQUIREMENTS / "tools.txt"
    stamp_file = VENV / "tools" / "lock-stamp"
    stamp = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp_file.is_file() and stamp_file.read_text() == stamp and UV.exists():
        return
    VENV.mkdir(exist_ok=True)
    print("Installing uv, which installs the rest …", flush=True)
    _run([sys.executable, "-m", "venv", str(VENV / "tools")], "tools")
    pip = [str(VENV / "tools" / "bin" / "python"), "-m", "pip"]
    _run([*pip, "install", "--quiet", "--require-hashes", "-r", str(lock)], "tools")
    stamp_file.write_text(stamp)


def find_python(oldest: tuple[int, int], newest: tuple[int, int]) -> str:
    """Give a Python between the two versions: on PATH, in pyenv's folder, or fetched by uv, in this order."""
    names = [f"{major}.{minor}" for major, minor in _between(oldest, newest)]
    on_path = [sys.executable, *(found for name in names if (found := shutil.which(f"python{name}")))]
    for candidate in [*on_path, *_pyenv_pythons(names)]:
        version = _version_of(candidate)
        if version and oldest <= version <= newest:
            return candidate
    wanted = names[0]
    print(f"No Python {wanted} on this machine; asking uv for one …", flush=True)
    fetched = subprocess.run([str(UV), "python", "install", "--quiet", wanted], capture_output=True, text=True)
    found = subprocess.run([str(UV), "python", "find", wanted], capture_output=True, text=True)
    if found.returncode == 0 and _version_of(found.stdout.strip()):
        return found.stdout.strip()
    why = (fetched.stderr.strip().splitlines() or ["no reason given"])[-1]
    raise SetupError(
        f"no Python {wanted} was found and uv could not fetch one ({why}). "
        f"Install it (for example with `pyenv install {wanted}`) and try again."
    )


def _between(oldest: tuple[int, int], newest: tuple[int, int]) -> list[tuple[int, int]]:
    return [(oldest[0], minor) for minor in range(oldest[1], newest[1] + 1)]


def _pyenv_pythons(names: list[str]) -> list[str]:
    versions = Path(os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv"))) / "versions"
    return [python for name in names for python in sorted(glob.glob(str(versions / f"{name}.*" / "bin" / "python")))]


def _version_of(python: str) -> tuple[int, int] | None:
    # A pyenv shim is on PATH even where its version is not selected, and then does not run.
    code = "import sys; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=20)
        major, minor = answer.stdout.split()
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return int(major), int(minor)


def _stamp(name: str, checks: bool) -> str:
    locks = [REQUIREMENTS / f"{name}.txt", *([REQUIREMENTS / f"{name}-checks.txt"] if checks else [])]
    missing = [lock.name for lock in locks if not lock.is_file()]
    if missing:
        raise SetupError(f"requirements/{missing[0]} is missing; `make lock` writes it.")
    return "\n".join(hashlib.sha256(lock.read_bytes()).hexdigest() for lock in locks)


def _run(command: list[str], name: str) -> None:
    log = VENV / f"{name}.log"
    with log.open("w") as output:
        code = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, cwd=ROOT).returncode
    if code:
        tail = " / ".join(log.read_text(errors="replace").strip().splitlines()[-3:])
        raise SetupError(f"`{Path(command[0]).name} {command[1]}` ended with {code}: {tail} (all of it: {log})")


if __name__ == "__main__":
    sys.exit(main())
