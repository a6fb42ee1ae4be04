"""Notes under what conditions something was measured, because a figure without them says little."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from benchmarks.performance.stock import ASSISTANT_PYTHON

_VERSIONS = "import importlib.metadata as m, platform; print(platform.python_version(), m.version('rasa'))"


def conditions() -> dict[str, Any]:
    """Describe the machine and how busy it is before anything is measured."""
    assistant_python, rasa = subprocess.check_output([str(ASSISTANT_PYTHON), "-c", _VERSIONS], text=True).split()
    return {
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.release()}",
        "python": {"assistant": assistant_python, "desk": platform.python_version()},
        "rasa": rasa,
        "load_at_the_beginning": load(),
    }


def load() -> float:
    """Give how many processes wanted a core in the last minute, on average."""
    return round(os.getloadavg()[0], 1)


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
