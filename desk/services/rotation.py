"""Seals everything anew with the first key of DESK_KEYS, so that an older key can be taken out afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import Column, ColumnElement, LargeBinary, Table, and_, func, select, type_coerce, update

from desk.application import COMMAND_LINE, Desk
from desk.storage.crypto import Vault
from desk.storage.migrate import remember_keys
from desk.storage.models import Base
from desk.storage.types import Sealed

_BATCH = 200


@dataclass(frozen=True)
class SealedColumn:
    """A column whose values are sealed."""

    table: Table
    column: Column[object]
    type: Sealed


def sealed_columns() -> Iterator[SealedColumn]:
    """Find every sealed column of every table, so that a new one is never forgotten."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Sealed):
                yield SealedColumn(table, column, column.type)


def count_old(desk: Desk) -> int:
    """Count the values that an older key sealed."""
    vault = Vault(desk.settings.keys)
    with desk.read() as work:
        return sum(
            work.session.scalar(select(func.count()).select_from(place.table).where(_is_old(place, vault))) or 0
            for place in sealed_columns()
        )


def rotate(desk: Desk, progress: Callable[[int], None] = lambda _done: None) -> int:
    """Seal old values anew in small transactions; safe to stop and to run again, and to run while the desk works."""
    vault, done = Vault(desk.settings.keys), 0
    for place in sealed_columns():
        while batch := _rotate_batch(desk, vault, place):
            done += batch
            progress(done)
    with desk.work(COMMAND_LINE) as work:
        work.record("keys.rotated", None, values=done)
    remember_keys(desk)
    return done


def _rotate_batch(desk: Desk, vault: Vault, place: SealedColumn) -> int:
    keys = list(place.table.primary_key.columns)
    raw = type_coerce(place.column, LargeBinary)
    with desk.work(COMMAND_LINE) as work:
        old = select(*keys, raw).where(_is_old(place, vault)).limit(_BATCH)
        rows = work.session.execute(old.with_for_update()).all()
        for row in rows:
            plain = vault.open(bytes(row[-1]), place.type.column)
            same_row = and_(*(key == value for key, value in zip(keys, row[:-1], strict=True)))
            sealed = vault.seal(plain, place.type.column)
            change = update(place.table).where(same_row)
            work.session.execute(change.values({place.column: type_coerce(sealed, LargeBinary)}))
    return len(rows)


def _is_old(place: SealedColumn, vault: Vault) -> ColumnElement[bool]:
    head = vault.current_header
    start = func.substr(type_coerce(place.column, LargeBinary), 1, len(head), type_=LargeBinary)
    return and_(place.column.is_not(None), start != head)
