"""How the work goes, and what an authority asks for: figures of a period, drawn, as tables and as files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from fastapi import Request
from starlette.responses import Response

from desk.application import Work
from desk.domain.errors import NotFound
from desk.domain.kinds import Kind
from desk.services import reports
from desk.services.reports import Figures
from desk.web.asked import questions_chart, topics_chart, topics_sheet
from desk.web.charts import Chart, draw
from desk.web.frame import page
from desk.web.period import Period, read_period
from desk.web.permissions import Permission
from desk.web.routing import CurrentVisit, Pages
from desk.web.sheets import Sheet, as_csv, as_pdf
from desk.web.visit import Visit
from desk.web.visiting import desk_of

pages = Pages()

CHARTS = ("received", "closed", "backlog", "questions", "topics")
_ENDINGS = {"csv": "text/csv; charset=utf-8", "pdf": "application/pdf"}
_HOURS_A_DAY = 24
_HOURS_UP_TO = 72
_COLUMNS = ("received", "answered", "refused", "withdrawn", "on_time", "late", "extended", "escalated")


@pages.get("/insight", Permission.READ_INSIGHT)
def show(request: Request, visit: CurrentVisit, since: str = "", until: str = "") -> Response:
    """Show figures and charts of a period."""
    with desk_of(request).read() as work:
        period = read_period(since, until, work.today)
        figures = reports.figures(work, period.since, period.until)
        opened = reports.open_now(work)
        charts = {name: _chart(visit, work, name, period) for name in CHARTS}
    values = {
        "period": period,
        "tiles": _tiles(visit, figures, opened),
        "charts": charts,
        "may_review": visit.may(Permission.WORK_TICKETS),
    }
    return page(request, visit, "insight.html", values)


@pages.get("/insight/charts/{name}.svg", Permission.READ_INSIGHT)
def chart(
    request: Request, visit: CurrentVisit, name: str, since: str = "", until: str = "", theme: str = "light"
) -> Response:
    """Draw one chart; the page asks for it in its own colours."""
    if name not in CHARTS or theme not in {"light", "dark"}:
        raise NotFound("There is no such chart.")
    with desk_of(request).read() as work:
        shown = _chart(visit, work, name, read_period(since, until, work.today))
    return Response(draw(shown, theme, visit.formats.number), media_type="image/svg+xml")


@pages.get("/records", Permission.READ_INSIGHT)
def records(request: Request, visit: CurrentVisit, since: str = "", until: str = "") -> Response:
    """Show what an authority asks for: requests received, answered in time, refused, extended."""
    with desk_of(request).read() as work:
        period = _year(since, until, work.today)
        sheet = _records(visit, work, period)
    return page(request, visit, "records.html", {"period": period, "sheet": sheet})


@pages.get("/records/file.{ending}", Permission.READ_INSIGHT)
def records_file(request: Request, visit: CurrentVisit, ending: str, since: str = "", until: str = "") -> Response:
    """Give the records as CSV or PDF."""
    with desk_of(request).read() as work:
        period = _year(since, until, work.today)
        sheet = _records(visit, work, period)
    return _file(sheet, f"records-{period.since}-{period.until}", ending, visit)


@pages.get("/insight/topics.{ending}", Permission.READ_INSIGHT)
def topics_file(request: Request, visit: CurrentVisit, ending: str, since: str = "", until: str = "") -> Response:
    """Give what visitors asked about, by topic, week and language, as CSV or PDF."""
    with desk_of(request).read() as work:
        period = read_period(since, until, work.today)
        sheet = topics_sheet(visit, work, period)
    return _file(sheet, f"topics-{period.since}-{period.until}", ending, visit)


def _file(sheet: Sheet, name: str, ending: str, visit: Visit) -> Response:
    if ending not in _ENDINGS:
        raise NotFound("There is no such file.")
    content = as_pdf(sheet) if ending == "pdf" else as_csv(sheet, visit.language)
    disposition = f'attachment; filename="{name}.{ending}"'
    return Response(content, media_type=_ENDINGS[ending], headers={"Content-Disposition": disposition})


def _year(since: str, until: str, today: date) -> Period:
    # An authority asks for a year; the one that runs is the one that is asked for first.
    return read_period(since or (date(today.year, 1, 1).isoformat() if not until else ""), until, today)


def _tiles(visit: Visit, figures: Figures, opened: int) -> list[tuple[str, str, str]]:
    number = visit.formats.number
    return [
        ("received", number(figures.received), ""),
        ("closed", number(figures.closed), ""),
        ("on_time", visit.formats.percent(figures.on_time_rate), ""),
        ("first_answer", *_duration(visit, figures.hours_to_first_answer)),
        ("resolution", *_duration(visit, figures.hours_to_close)),
        ("open", number(opened), ""),
    ]


def _duration(visit: Visit, hours: float | None) -> tuple[str, str]:
    if hours is None:
        return "–", ""
    if hours < _HOURS_UP_TO:
        return visit.formats.number(round(hours)), visit.say("insight.hours")
    return visit.formats.number(round(hours / _HOURS_A_DAY, 1)), visit.say("insight.days")


def _chart(visit: Visit, work: Work, name: str, period: Period) -> Chart:
    if name == "backlog":
        ages = reports.backlog_by_age(work)
        return Chart(
            [visit.say("insight.age", days=age) for age, _ in ages],
            {visit.say("insight.tile.open"): [n for _, n in ages]},
            lying=True,
        )
    weeks = _weeks(period)
    if name == "topics":
        return topics_chart(visit, work, period)
    if name == "questions":
        return questions_chart(visit, work, weeks, period)
    columns = [visit.formats.tiny_day(week) for week in weeks]
    if name == "closed":
        rows = {
            visit.say("insight.on_time"): _by_week(work, "closed-on-time", weeks, period),
            visit.say("insight.late"): _by_week(work, "closed-late", weeks, period),
        }
    else:
        rows = _by_kind(visit, work, weeks, period)
    return Chart(columns, rows)


def _by_kind(visit: Visit, work: Work, weeks: Sequence[date], period: Period) -> dict[str, list[int]]:
    points = reports.by_week(work, "received", period.since, period.until)
    found = {(point.week, point.subject): point.count for point in points}
    return {visit.say(f"kinds.{kind}"): [found.get((week, kind.value), 0) for week in weeks] for kind in Kind}


def _by_week(work: Work, event: str, weeks: Sequence[date], period: Period) -> list[int]:
    totals = dict.fromkeys(weeks, 0)
    for point in reports.by_week(work, event, period.since, period.until):
        totals[point.week] = totals.get(point.week, 0) + point.count
    return [totals[week] for week in weeks]


def _weeks(period: Period) -> list[date]:
    monday = period.since - timedelta(days=period.since.weekday())
    return [monday + timedelta(weeks=number) for number in range((period.until - monday).days // 7 + 1)]


def _records(visit: Visit, work: Work, period: Period) -> Sheet:
    say, day = visit.say, visit.formats.day
    kinds: list[tuple[str, Kind | None]] = [(say(f"kinds.{kind}"), kind) for kind in Kind]
    figures = reports.figures_by_kind(work, period.since, period.until)
    rows = [_record(visit, name, figures[kind]) for name, kind in [*kinds, (say("records.total"), None)]]
    return Sheet(
        say("records.title"),
        say("records.lead", since=day(period.since), until=day(period.until)),
        [say("records.kind"), *(say(f"records.{column}") for column in _COLUMNS), say("records.rate")],
        rows,
        f"{say('records.note')} {say('records.made', day=day(work.today))}.",
    )


def _record(visit: Visit, name: str, figures: Figures) -> list[str]:
    counted: list[Any] = [getattr(figures, column) for column in _COLUMNS]
    return [name, *(visit.formats.number(one) for one in counted), visit.formats.percent(figures.on_time_rate)]
