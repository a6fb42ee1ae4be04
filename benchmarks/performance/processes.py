"""Weighs a process and all below it, and tells how long it kept a core busy, from what Linux says in /proc."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def family(process: int) -> list[int]:
    """List a process and all below it."""
    try:
        below = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [process, *(number for child in below for number in family(int(child)))]


def megabytes(process: int) -> dict[str, float]:
    """Add up the proportional set size (what is shared counts once) and the resident size."""
    sizes = [_sizes(number) for number in family(process)]
    return {kind: sum(size[kind] for size in sizes) for kind in ("pss", "rss")} | {"processes": len(sizes)}


def busy_seconds(process: int) -> float:
    """Add up how long cores worked for them; waiting for a core, as on a busy machine, does not count."""
    return sum(_busy(number) for number in family(process))


def _sizes(process: int) -> dict[str, float]:
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:])
    return {kind: int(lines[kind.capitalize()].split()[0]) / 1024 for kind in ("pss", "rss")}


def _busy(process: int) -> float:
    # The name of the command, in brackets, may hold spaces; user and system time are the 14th and 15th field.
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
