"""The one error that every way of sending raises, so that the worker need not know which way it was."""

from __future__ import annotations

from datetime import timedelta


class DeliveryFailed(Exception):
    """A message did not leave; `permanent` says that trying again is useless."""

    def __init__(self, message: str, *, permanent: bool = False, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after
