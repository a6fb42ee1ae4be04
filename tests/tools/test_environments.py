"""Finding a Python goes by what really runs, and the lock files keep what they promise."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from tools import environments
from tools.environments import SetupError

ROOT = Path(__file__).resolve().parents[2]


def fake_python(folder: Path, name: str, body: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return file


def test_a_shim_that_does_not_run_is_passed_over_for_the_versions_folder(tmp_path, monkeypatch):
    fake_python(tmp_path / "shims", "python3.10", "exit 127")
    real = fake_python(tmp_path / "pyenv" / "versions" / "3.10.13" / "bin", "python", "echo 3 10")
    monkeypatch.setenv("PATH", f"{tmp_path / 'shims'}:/usr/bin:/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert environments.find_python((3, 10), (3, 10)) == str(real)


def test_a_python_on_the_path_that_runs_comes_first(tmp_path, monkeypatch):
    on_path = fake_python(tmp_path / "bin", "python3.10", "echo 3 10")
    fake_python(tmp_path / "pyenv" / "versions" / "3.10.13" / "bin", "python", "echo 3 10")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert environments.find_python((3, 10), (3, 10)) == str(on_path)


def test_without_any_python_the_message_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "nothing"))
    monkeypatch.setattr(environments, "UV", fake_python(tmp_path, "uv", "echo 'no network' >&2; exit 2"))
    with pytest.raises(
        SetupError, match=r"no Python 3\.4 was found and uv could not fetch one \(no network\)\. Install"
    ):
        environments.find_python((3, 4), (3, 4))


def test_the_python_that_runs_the_set_up_will_do_where_it_is_new_enough():
    assert environments.find_python((3, 11), (3, 13)) == sys.executable


@pytest.mark.parametrize("lock", sorted(path.name for path in (ROOT / "requirements").glob("*.txt")))
def test_locks_hold_hashes_for_everything_and_addresses_for_nothing(lock):
    text = (ROOT / "requirements" / lock).read_text()
    pins = re.findall(r"^[A-Za-z0-9][^\s=]*==", text, re.MULTILINE)
    assert len(pins) == len(re.findall(r"==[^\n]+\\\n\s+--hash=sha256:", text)) > 0
    assert "://" not in text


def test_a_failing_step_ends_with_its_last_words(tmp_path, monkeypatch):
    monkeypatch.setattr(environments, "VENV", tmp_path)
    with pytest.raises(SetupError, match="ended with 3: no such package"):
        environments._run(["/bin/sh", "-c", "echo no such package; exit 3"], "desk")
    assert os.listdir(tmp_path) == ["desk.log"]
