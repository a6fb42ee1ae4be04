"""Train a model when there is none for the present data and configuration, and show that it is going on."""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "models"
PYTHON = ROOT / ".venv" / "assistant" / "bin" / "python"
#: What a model is made from; the answers are read when the assistant starts and are not part of it.
INGREDIENTS = (
    "bot/config.yml",
    "bot/domain",
    "bot/nlu",
    "data/nlu",
    "data/rules",
    "data/stories",
    "data/authorities/places.yml",
    "data/reading/words.yml",
)
KEPT = 3


class TrainingError(Exception):
    """Training ended without a model; the message names the log."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--force", action="store_true", help="train even when there is a model for this data")
    options = parser.parse_args()
    try:
        model = ensure_model(Console(), force=options.force)
    except TrainingError as error:
        print(f"Training failed: {error}", file=sys.stderr)
        return 1
    print(model.relative_to(ROOT))
    return 0


def ensure_model(console: Console, force: bool = False) -> Path:
    """Give the model for the present data and configuration; train it when it is not there yet."""
    model = MODELS / f"assistant-{fingerprint()}.tar.gz"
    if model.is_file() and not force:
        return model
    unfinished = model.with_name(f"unfinished-{os.getpid()}-{model.name}")
    try:
        _train(unfinished, console)
        unfinished.replace(model)
    finally:
        unfinished.unlink(missing_ok=True)
    for old in sorted(MODELS.glob("assistant-*.tar.gz"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
        old.unlink()
    return model


def fingerprint() -> str:
    """Hash names and contents of all that a model is made from."""
    digest = hashlib.sha256((ROOT / "requirements" / "assistant.txt").read_bytes())
    for path in _ingredients():
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def _ingredients() -> Iterator[Path]:
    for name in INGREDIENTS:
        path = ROOT / name
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (file for file in files if file.is_file() and file.suffix in {".py", ".yml", ".json"})


def _train(model: Path, console: Console) -> None:
    log = ROOT / (os.environ.get("VAR_DIR") or "var") / "log" / "training.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    data = [name for name in ("data/nlu", "data/rules", "data/stories") if (ROOT / name).is_dir()]
    command = [
        *(str(PYTHON), "-m", "rasa", "train", "--config", "bot/config.yml", "--domain", "bot/domain"),
        # `make lint` validates the data; doing it at every training as well costs minutes.
        "--skip-validation",
        *("--data", *data, "--out", str(model.parent), "--fixed-model-name", model.name.removesuffix(".tar.gz")),
    ]
    began = time.monotonic()
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, env=quiet_rasa())
        try:
            _show_progress(process, log, console, began)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    if process.returncode or not model.is_file():
        raise TrainingError(f"rasa train ended with {process.returncode}; its output is in {log}")
    console.print(f"Trained in {time.monotonic() - began:.0f} s.")


def _show_progress(process: subprocess.Popen[bytes], log: Path, console: Console, began: float) -> None:
    if not console.is_terminal:
        console.print("Training the assistant on the present data (a minute or two) …")
        while _still_running(process, 15):
            console.print(f"  … {time.monotonic() - began:.0f} s: {_stage(log)}")
        return
    with console.status("Training the assistant …") as status:
        while _still_running(process, 0.5):
            status.update(f"Training the assistant, {time.monotonic() - began:.0f} s: {_stage(log)}")


def _still_running(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return True
    return False


def _stage(log: Path) -> str:
    """Give the component that Rasa said last it was training."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if "Starting to train component" in line]
    return lines[-1].split("'")[1] if lines else "reading the data"


def quiet_rasa() -> dict[str, str]:
    """Give the environment for Rasa without telemetry and without the noise of what it imports."""
    quiet = {
        "RASA_TELEMETRY_ENABLED": "false",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONWARNINGS": "ignore",
    }
    return {**os.environ, **quiet}


if __name__ == "__main__":
    sys.exit(main())
