"""The period that figures are asked for: two days from the address, or the last twelve weeks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from desk.domain.errors import InvalidInput

_DEFAULT = timedelta(weeks=12)
_LONGEST = timedelta(days=3660)


@dataclass(frozen=True)
class Period:
    """Two days and all between them."""

    since: date
    until: date

    @property
    def query(self) -> str:
        """Give the period as it stands in an address."""
        return urlencode({"since": self.since.isoformat(), "until": self.until.isoformat()})


def read_period(since: str, until: str, today: date) -> Period:
    """Read a period from an address; raise when it is none."""
    try:
        last = date.fromisoformat(until) if until else today
        first = date.fromisoformat(since) if since else last - _DEFAULT
    except (ValueError, OverflowError):
        raise InvalidInput("A period has two days, written as 2026-01-31.") from None
    if first > last or last - first > _LONGEST:
        raise InvalidInput("A period begins before it ends and lasts ten years at most.")
    return Period(first, last)
