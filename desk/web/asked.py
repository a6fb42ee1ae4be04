"""What visitors ask the assistant about, as charts and as a table; counts only, for no question is kept with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from desk.application import Work
from desk.services import reports, topics_asked
from desk.services.labels import OUT_OF_SCOPE, label_of, name_of
from desk.web.charts import Chart
from desk.web.period import Period
from desk.web.sheets import Sheet
from desk.web.translations import LANGUAGES
from desk.web.visit import Visit

_DRAWN = 15
_NOT_COVERED = "not-covered/"


def questions_chart(visit: Visit, work: Work, weeks: Sequence[date], period: Period) -> Chart:
    """Count questions by week: what was answered, what the statement does not say, and what could not be placed."""
    rows: dict[str, Counter[date]] = {name: Counter() for name in ("answered", "not_covered", "out_of_scope")}
    for found in topics_asked.by_week(work, period.since, period.until):
        rows[_fate(found.asked.topic)][found.week] += found.asked.count
    rows["unplaced"] = Counter()
    for point in reports.by_week(work, "unplaced", period.since, period.until):
        rows["unplaced"][point.week] += point.count
    named = {visit.say(f"insight.fate.{name}"): [row[week] for week in weeks] for name, row in rows.items()}
    return Chart([visit.formats.tiny_day(week) for week in weeks], named)


def topics_chart(visit: Visit, work: Work, period: Period) -> Chart:
    """Count the topics that were asked about most, by language."""
    found = list(topics_asked.by_topic(work, period.since, period.until).items())[:_DRAWN]
    # A lying chart is drawn from below, and what was asked most belongs on top.
    found.reverse()
    rows = {
        visit.say(f"common.languages.{language}"): [counts.get(language, 0) for _, counts in found]
        for language in LANGUAGES
    }
    return Chart([topic_name(visit, topic) for topic, _ in found], rows, lying=True, wide=True)


def topics_sheet(visit: Visit, work: Work, period: Period) -> Sheet:
    """List every count of a period: topic, week, language."""
    say, day = visit.say, visit.formats.day
    rows = [
        [
            topic_name(visit, found.asked.topic),
            found.week.isoformat(),
            say(f"common.languages.{found.asked.language}"),
            visit.formats.number(found.asked.count),
        ]
        for found in topics_asked.by_week(work, period.since, period.until)
    ]
    head = [say(f"insight.topics.{column}") for column in ("topic", "week", "language", "count")]
    lead = say("insight.lead", since=day(period.since), until=day(period.until))
    return Sheet(say("insight.chart.topics"), lead, head, rows, say("insight.topics.note"))


def topic_name(visit: Visit, topic: str) -> str:
    """Name a topic as the assistant's answers do."""
    return name_of(label_of(topic), visit.language)


def _fate(topic: str) -> str:
    if topic == OUT_OF_SCOPE:
        return "out_of_scope"
    return "not_covered" if topic.startswith(_NOT_COVERED) else "answered"
