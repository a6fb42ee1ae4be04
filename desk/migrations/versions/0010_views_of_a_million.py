"""What keeps every view and figure fast at a million tickets: groups of the queue, weekly and standing counts.

Revision: 0010.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0001"
branch_labels = None
depends_on = None

_ROWS_AT_ONCE = 5000
_GROUP = ("state", "kind", "language", "assignee_id", "escalated", "verified")
_NEW_GROUP = "NEW.state, NEW.kind, NEW.language, coalesce(NEW.assignee_id, 0), NEW.escalated, NEW.verified"
_GROUPS = "queue_groups (state, kind, language, assignee, escalated, verified)"
# Nearly every ticket has a combination that is known, and looking costs less than trying to insert it.
_SQLITE_TRIGGER = """
    CREATE TRIGGER tickets_group_{name} AFTER {verb} ON tickets
    WHEN NOT EXISTS (
        SELECT 1 FROM queue_groups WHERE state = NEW.state AND kind = NEW.kind AND language = NEW.language
        AND assignee = coalesce(NEW.assignee_id, 0) AND escalated = NEW.escalated AND verified = NEW.verified
    )
    BEGIN INSERT INTO {groups} VALUES ({new}); END
"""
_POSTGRESQL_FUNCTION = """
    CREATE FUNCTION tickets_group() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
        IF NOT EXISTS (
            SELECT 1 FROM queue_groups WHERE state = NEW.state AND kind = NEW.kind AND language = NEW.language
            AND assignee = coalesce(NEW.assignee_id, 0) AND escalated = NEW.escalated AND verified = NEW.verified
        ) THEN INSERT INTO {groups} VALUES ({new}) ON CONFLICT DO NOTHING;
        END IF;
        RETURN NULL;
    END $$
"""
_POSTGRESQL_TRIGGER = """
    CREATE TRIGGER tickets_group AFTER INSERT OR UPDATE OF {columns} ON tickets
    FOR EACH ROW EXECUTE FUNCTION tickets_group()
"""
_KNOWN_GROUPS = """
    INSERT INTO {groups}
    SELECT DISTINCT state, kind, language, coalesce(assignee_id, 0), escalated, verified FROM tickets
"""
# Views that were narrowed by one thing had an index for it; they read their groups now.
_REPLACED = (
    ("ix_tickets_open_kind", ("kind", "queue_on", "id"), "open"),
    ("ix_tickets_open_language", ("language", "queue_on", "id"), "open"),
    ("ix_tickets_open_unverified", ("queue_on", "id"), "open AND NOT verified"),
    ("ix_tickets_state", ("state", "queue_on", "id"), None),
    ("ix_tickets_kind", ("kind", "queue_on", "id"), None),
    ("ix_tickets_assignee", ("assignee_id", "queue_on", "id"), None),
)
_SQLITE_WHERE = {"open": "open = 1", "open AND NOT verified": "open = 1 AND verified = 0"}


def upgrade() -> None:
    """Bring the database to this revision."""
    _create_tables()
    for name, columns in (("due", ("queue_on", "id")), ("received", ("received_at", "id"))):
        op.create_index(f"ix_tickets_group_{name}", "tickets", [*_GROUP, *columns])
    for name, _, _ in _REPLACED:
        op.drop_index(name, table_name="tickets")
    _watch_groups()
    op.execute(_KNOWN_GROUPS.format(groups=_GROUPS))
    _fill("weekly_counts", ("event", "week", "subject", "count", "seconds"), _weeks())
    _fill("standing_counts", ("standing", "day", "kind", "count"), _standing())


def downgrade() -> None:
    """Take it back to the one before."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER tickets_group ON tickets")
        op.execute("DROP FUNCTION tickets_group()")
    else:
        op.execute("DROP TRIGGER tickets_group_insert")
        op.execute("DROP TRIGGER tickets_group_update")
    for name, columns, where in _REPLACED:
        sqlite, postgresql = (sa.text(_SQLITE_WHERE[where]), sa.text(where)) if where else (None, None)
        op.create_index(name, "tickets", list(columns), sqlite_where=sqlite, postgresql_where=postgresql)
    op.drop_index("ix_tickets_group_received", table_name="tickets")
    op.drop_index("ix_tickets_group_due", table_name="tickets")
    for table in ("standing_counts", "weekly_counts", "queue_groups"):
        op.drop_table(table)


def _create_tables() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "queue_groups",
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("assignee", big, autoincrement=False, nullable=False),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint(
            "state", "kind", "language", "assignee", "escalated", "verified", name=op.f("pk_queue_groups")
        ),
    )
    op.create_table(
        "weekly_counts",
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("seconds", big, nullable=False),
        sa.PrimaryKeyConstraint("event", "week", "subject", name=op.f("pk_weekly_counts")),
    )
    op.create_table(
        "standing_counts",
        sa.Column("standing", sa.String(length=16), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("standing", "day", "kind", name=op.f("pk_standing_counts")),
    )


def _watch_groups() -> None:
    columns = ", ".join(_GROUP)
    if op.get_bind().dialect.name == "sqlite":
        for name, verb in (("insert", "INSERT"), ("update", f"UPDATE OF {columns}")):
            op.execute(_SQLITE_TRIGGER.format(name=name, verb=verb, groups=_GROUPS, new=_NEW_GROUP))
        return
    op.execute(_POSTGRESQL_FUNCTION.format(groups=_GROUPS, new=_NEW_GROUP))
    op.execute(_POSTGRESQL_TRIGGER.format(columns=columns))


def _weeks() -> list[tuple[Any, ...]]:
    counts, seconds = Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]]()
    columns = [sa.column("day", sa.Date()), *(sa.column(name) for name in ("event", "subject", "count", "seconds"))]
    days = sa.table("daily_counts", *columns)
    for day, event, subject, count, took in op.get_bind().execute(sa.select(days)):
        key = (event, day - timedelta(days=day.weekday()), subject)
        counts[key] += count
        seconds[key] += took
    return [(*key, counts[key], seconds[key]) for key in counts]


def _standing() -> list[tuple[Any, ...]]:
    return [(*place, count) for place, count in Counter(_places()).items()]


def _places() -> Iterator[tuple[str, date, str]]:
    config = op.get_context().config
    assert config is not None, "migrations run from the desk's own configuration"
    zone = config.attributes["timezone"]
    moment = sa.DateTime(timezone=True)
    tickets = sa.table(
        "tickets",
        sa.column("kind"),
        *(sa.column(name, sa.Boolean()) for name in ("open", "legal_hold")),
        *(sa.column(name, moment) for name in ("received_at", "closed_at", "anonymised_at")),
    )

    def day(instant: datetime) -> date:
        # SQLite keeps instants without their zone, which is always UTC.
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(zone).date()

    for row in op.get_bind().execute(sa.select(tickets)):
        if row.open:
            yield "open", day(row.received_at), row.kind
        elif row.closed_at and not row.anonymised_at and not row.legal_hold:
            yield "closed", day(row.closed_at), row.kind


def _fill(name: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    dates = {"week": sa.Date(), "day": sa.Date()}
    table = sa.table(name, *(sa.column(column, dates.get(column)) for column in columns))
    values = [dict(zip(columns, row, strict=True)) for row in rows]
    for start in range(0, len(values), _ROWS_AT_ONCE):
        op.bulk_insert(table, values[start : start + _ROWS_AT_ONCE])
