"""Fills a tracker database with very many conversations, and measures that a turn costs what it did before.

The conversations are real ones, held over HTTP, and then copied inside the database under other names: what the
database holds is the store's own format by construction.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.performance import turns
from benchmarks.performance.running import Ports, assistant
from benchmarks.performance.visitors import Crowd, Side, times

#: Conversations that are really held; they are what there is before the filling.
HELD = 100
TURNS_EACH = 3
COPIES_AT_ONCE = 10
DAYS_BEFORE_FORGETTING = 30
_TABLES = ("events", "turns", "conversations")
_COPY = (
    "INSERT INTO events (id, sender_id, type_name, timestamp, intent_name, action_name, data) "
    "SELECT id + :shift, :name || sender_id, type_name, timestamp, intent_name, action_name, data FROM held_events",
    "INSERT INTO turns (sender_id, message_id, event_id) "
    "SELECT :name || sender_id, message_id, event_id + :shift FROM held_turns",
    "INSERT INTO conversations (sender_id, updated, erased, folded_up_to, folded_state) "
    "SELECT :name || sender_id, updated, erased, "
    "CASE folded_up_to WHEN 0 THEN 0 ELSE folded_up_to + :shift END, folded_state FROM held_conversations",
)

Figures = dict[str, Any]


def measure(model: Path, folder: Path, ports: Ports, actions: int, texts: Sequence[str], size: int) -> Figures:
    """Measure new turns with few and with very many conversations stored, and while the old ones are forgotten."""
    database = folder / "tracker.sqlite3"
    found: Figures = {"few": HELD, "many": size}
    with assistant(model, folder, ports, actions, "ours") as running:
        _hold_conversations(running.side, texts)
        found["turn_with_few"] = _new_turns(running.side, texts)
        found["seconds_to_fill"] = fill(database, size)
        found["stored"], found["megabytes_filled"] = count(database), _megabytes(database)
        found["turn_with_many"] = _new_turns(running.side, texts)
    _age(database)
    with assistant(model, folder, ports, actions, "ours") as running:
        # Forgetting begins with the start; these turns are answered beside it.
        found["while_forgetting"] = _turns_while_forgetting(running.side, texts, database)
        found["left"], found["megabytes_after"] = count(database), _megabytes(database)
        found["free_share"] = _free_share(database)
    return found


def fill(database: Path, size: int) -> float:
    """Copy the held conversations until there are so many; return the seconds it took."""
    began = time.monotonic()
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        last = connection.execute("SELECT max(id) FROM events").fetchone()[0]
        there = connection.execute("SELECT count(*) FROM conversations").fetchone()[0]
        for table in _TABLES:
            connection.execute(f"CREATE TEMP TABLE held_{table} AS SELECT * FROM {table}")
        for copy in range(1, (size - there) // there + 1):
            for statement in _COPY:
                connection.execute(statement, {"shift": last * copy, "name": f"copy-{copy}-"})
            if copy % COPIES_AT_ONCE == 0:
                connection.commit()
        connection.commit()
    return time.monotonic() - began


def count(database: Path) -> int:
    """Count the conversations that are stored."""
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        return int(connection.execute("SELECT count(*) FROM conversations").fetchone()[0])


def _hold_conversations(side: Side, texts: Sequence[str]) -> None:
    Crowd(side, texts, turns_each=TURNS_EACH).run(1, messages=HELD * TURNS_EACH)


def _new_turns(side: Side, texts: Sequence[str]) -> Figures:
    turns.warm([side], texts)
    figures: Figures = turns.answers([side], texts, 40)[side.name]
    return figures


def _age(database: Path) -> None:
    """Make every copied conversation look as if nobody had used it for longer than conversations are kept."""
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        aged = (DAYS_BEFORE_FORGETTING + 1) * 86400
        connection.execute("UPDATE conversations SET updated = updated - ? WHERE sender_id LIKE 'copy-%'", (aged,))
        connection.commit()


def _turns_while_forgetting(side: Side, texts: Sequence[str], database: Path) -> Figures:
    began, milliseconds = time.monotonic(), []
    while _old(database):
        visitor = side.visitor()
        milliseconds += [visitor.say(text)[0] for text in texts[: turns.FIRST_TURNS]]
    return {**(times(milliseconds) if milliseconds else {}), "seconds": time.monotonic() - began}


def _old(database: Path) -> int:
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        query = "SELECT count(*) FROM conversations WHERE sender_id >= 'copy-' AND sender_id < 'copy.'"
        return int(connection.execute(query).fetchone()[0])


def _megabytes(database: Path) -> float:
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return database.stat().st_size / 1e6


def _free_share(database: Path) -> float:
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        free, pages = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_count"))
    return float(free / pages)
