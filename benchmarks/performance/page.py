"""Turns the measured figures into docs/performance.md and its plot; no figure on the page is typed by hand."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
import pygal
from pygal.style import Style

HERE = Path(__file__).resolve().parent
PICTURE = "performance.svg"
OURS, SAME, STOCK = "ours, all phrases", "ours, same phrases", "stock"

Figures = dict[str, Any]


@dataclass(frozen=True)
class Goal:
    """A goal: what is measured, what was found, and what it should be at most, or at least."""

    what: str
    found: float | None
    goal: float
    unit: str = ""
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Tell whether the goal is reached; what was not measured is not."""
        reached: Callable[[float, float], bool] = operator.ge if self.at_least else operator.le
        return self.found is not None and reached(self.found, self.goal)


def goals(found: Figures) -> list[Goal]:
    """List the goals with what was found."""
    answers, actions, grown, memory = (found[name] for name in ("answers", "actions", "grown", "memory"))
    crowd, kept = found["crowd"][OURS], found["tracker"]
    return [
        Goal("an answer, first turns, median", answers[OURS]["median"], 10, "ms"),
        Goal("… times faster than stock, same phrases", _ratio(answers, "median"), 5, "×", at_least=True),
        Goal(f"turn {grown[OURS]['turns']} of one conversation against turn 5", grown[OURS]["ratio"], 1.2, "×"),
        Goal("a turn with a custom action, median", actions[OURS]["median"], 15, "ms"),
        Goal("… times faster than stock, same phrases", _ratio(actions, "median"), 4, "×", at_least=True),
        Goal("opening a ticket, committed, median", found["tickets"]["sending"]["median"], 40, "ms"),
        Goal(f"answers a second, {found['visitors']} visitors at once", crowd["a_second"], 100, "", at_least=True),
        Goal("… 99 of 100 within", crowd["p99"], 500, "ms"),
        Goal("… errors", crowd["errors"], 0),
        Goal("`make run` until the first answer", found["start"]["ours"], 20, "s"),
        Goal(f"memory of all processes after {memory['messages']:,} messages", memory["after"]["pss"], 900, "MB"),
        Goal("… against idle", memory["after"]["pss"] / memory["idle"]["pss"], 1.05, "×"),
        Goal("training on all phrases", found["training"].get("all"), 120, "s"),
        Goal(f"a new turn with {kept['stored']:,} conversations stored against {kept['few']}", _filled(kept), 1.2, "×"),
    ]


def _ratio(figures: Figures, name: str) -> float:
    return float(figures[STOCK][name] / figures[SAME][name])


def _filled(kept: Figures) -> float:
    return float(kept["turn_with_many"]["median"] / kept["turn_with_few"]["median"])


def write(file: Path, folder: Path) -> Path:
    """Write page and plot beside the figures; return the page."""
    found = json.loads(file.read_text(encoding="utf-8"))
    (folder / "pictures").mkdir(exist_ok=True)
    (folder / "pictures" / PICTURE).write_text(_plot(found["grown"]), encoding="utf-8")
    surroundings = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    surroundings.filters["figure"] = figure
    template = surroundings.get_template("page.md.jinja")
    profiles = json.loads((HERE / "profiles.json").read_text(encoding="utf-8"))
    page = folder / "performance.md"
    text = template.render(**found, goals=goals(found), profiles=profiles, ours=OURS, same=SAME, picture=PICTURE)
    page.write_text(text + "\n", encoding="utf-8")
    return page


def figure(number: float | None) -> str:
    """Write a number with as many digits as it deserves."""
    if number is None:
        return "not measured"
    if number == int(number) or abs(number) >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if abs(number) >= 10 else f"{number:.2f}"


def _plot(grown: Figures) -> str:
    """Draw what a turn costs along one conversation; both axes are logarithmic, for the sides are far apart."""
    style = Style(background="#ffffff", plot_background="#ffffff", colors=("#a8403a", "#5b7fb8", "#0d5c63"))
    chart = pygal.XY(
        style=style,
        js=[],
        width=760,
        height=380,
        logarithmic=True,
        title="Milliseconds a turn, by its place in one conversation",
        x_title="turn",
        legend_at_bottom=True,
        disable_xml_declaration=True,
        show_x_guides=False,
        xrange=(0, max(side["turns"] for side in grown.values())),
    )
    for name, side in grown.items():
        chart.add(name, [(int(place), round(value, 2)) for place, value in side["medians"].items()])
    return f"{chart.render(is_unicode=True)}\n"
