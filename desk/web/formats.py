"""Dates, times and numbers as people in the reader's country write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal, format_percent

from desk.web.translations import Language

_LOCALES: dict[Language, str] = {"de": "de_DE", "en": "en_GB"}


@dataclass(frozen=True)
class Formats:
    """The reader's way of writing figures."""

    language: Language
    zone: tzinfo

    @property
    def locale(self) -> str:
        """Give the locale's name in CLDR."""
        return _LOCALES[self.language]

    def day(self, value: date | datetime) -> str:
        """Write a day in words, for running text."""
        return format_date(
            self._local_day(value), format="d. MMMM y" if self.language == "de" else "d MMMM y", locale=self.locale
        )

    def short_day(self, value: date | datetime) -> str:
        """Write a day with its weekday, for lists."""
        return format_date(
            self._local_day(value),
            format="EEE d. MMM y" if self.language == "de" else "EEE d MMM y",
            locale=self.locale,
        )

    def brief_day(self, value: date | datetime) -> str:
        """Write a day as short as can be, for where space is scarce."""
        return format_date(
            self._local_day(value), format="d. MMM y" if self.language == "de" else "d MMM y", locale=self.locale
        )

    def tiny_day(self, value: date | datetime) -> str:
        """Write a day without its year, for the edge of a chart."""
        pattern = "d.M." if self.language == "de" else "d MMM"
        return format_date(self._local_day(value), format=pattern, locale=self.locale)

    def moment(self, value: datetime) -> str:
        """Write a day and a time."""
        return format_datetime(
            self._local(value),
            format="d. MMM y, HH:mm" if self.language == "de" else "d MMM y, HH:mm",
            locale=self.locale,
        )

    def ago(self, value: datetime, now: datetime) -> str:
        """Write how long ago something was, roughly."""
        return format_timedelta(self._aware(value) - self._aware(now), add_direction=True, locale=self.locale)

    def number(self, value: float) -> str:
        """Write a number with the reader's separators."""
        return str(format_decimal(value, locale=self.locale))

    def percent(self, share: float | None) -> str:
        """Write a share; nothing to divide by is a dash, not a zero."""
        return (
            "–"
            if share is None
            else str(format_percent(share, format="#,##0 %" if self.language == "de" else "#,##0%", locale=self.locale))
        )

    def iso(self, value: date | datetime) -> str:
        """Write the machine's form, for the `datetime` attribute."""
        return self._local(value).isoformat(timespec="minutes") if isinstance(value, datetime) else value.isoformat()

    def _local_day(self, value: date | datetime) -> date:
        return self._local(value).date() if isinstance(value, datetime) else value

    def _local(self, value: datetime) -> datetime:
        return self._aware(value).astimezone(self.zone)

    @staticmethod
    def _aware(value: datetime) -> datetime:
        return value if value.tzinfo else value.replace(tzinfo=UTC)
