"""Draws the report on understanding as one page that needs nothing but itself."""

import html
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

_FAR = 0.1
_NUMBER = re.compile(r"(?:<[^>]*>)?[+−-]?[\d.,]*%?(?:<[^>]*>)?")
_INK, _QUIET, _GOOD, _BAD, _SOFT = "#1f2937", "#6b7280", "#0f766e", "#b45309", "#99c7c3"
plt.rcParams.update(
    {
        "font.family": "sans-serif",
        "font.size": 9,
        "axes.edgecolor": _QUIET,
        "axes.labelcolor": _INK,
        "text.color": _INK,
        "xtick.color": _QUIET,
        "ytick.color": _QUIET,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "svg.fonttype": "none",
        "svg.hashsalt": "understanding",
    }
)

_STYLE = """
:root { color-scheme: light; --ink: #1f2937; --quiet: #6b7280; --line: #e5e7eb; --good: #0f766e; --bad: #b45309; }
body { margin: 0 auto; max-width: 62rem; padding: 2.5rem 1.5rem 5rem; color: var(--ink); background: #fff;
  font: 16px/1.55 system-ui, sans-serif; }
h1 { font-size: 1.9rem; margin: 0 0 .25rem; } h2 { font-size: 1.25rem; margin: 3rem 0 .5rem; }
p { max-width: 44rem; } .quiet { color: var(--quiet); } svg { width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; margin: .75rem 0; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--quiet); font-weight: 600; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: 1rem; margin: 1.5rem 0; }
.card { border: 1px solid var(--line); border-radius: .6rem; padding: .9rem 1rem; }
.card b { display: block; font-size: 1.7rem; line-height: 1.2; } .card span { overflow-wrap: break-word; }
th.number { text-align: right; } td.text { overflow-wrap: break-word; }
.up { color: var(--good); } .down { color: var(--bad); }
.wide { overflow-x: auto; } svg text { font-family: system-ui, sans-serif !important; }
"""


def page(report: dict[str, Any]) -> str:
    """Lay out the whole report."""
    parts = [
        "<h1>How well people are understood</h1>",
        f'<p class="quiet">{report["phrases"]["all"]:,} training phrases ({report["phrases"]["de"]:,} German, '
        f"{report['phrases']['en']:,} English) for {report['labels']} labels; {html.escape(report['made'])}.</p>",
        _cards(report),
        _changes(report),
        "<h2>Messages kept apart from training</h2>",
        "<p>The share whose first answer was right, of so many messages.</p>",
        _sets(report),
        "<h2>Training phrases, each asked of a model that had not seen it</h2>",
        "<p>Stricter than the messages above: here only the phrase’s own label counts as right, even where "
        "an answer to a neighbouring one would have served the visitor as well.</p>",
        _figure(_by_language_and_kind(report)),
        "<h2>Is confidence worth something?</h2>",
        _calibration_words(report),
        _figure(_calibration(report)),
        "<h2>Where to answer and where to offer</h2>",
        _threshold_words(report),
        _figure(_thresholds(report)),
        "<h2>What is taken for what</h2>",
        "<p>Of a hundred phrases that say what stands on the left, so many are taken for what stands below. What is "
        "right is left out; one in a hundred and less has no number.</p>",
        _figure(_confusion_picture(report)),
        "<h2>The worst neighbours</h2>",
        _neighbours(report),
        "<h2>By label</h2>",
        "<p>How many of a label’s phrases are found again, and how sure the model is of them on average; marked where "
        "the two are more than 0.1 apart.</p>",
        _labels(report),
        "<h2>Which language is it?</h2>",
        _table(("words", "messages", "right", "unclear", "wrong"), [list(row.values()) for row in report["language"]]),
        "<h2>Examples of errors</h2>",
        _errors(report),
        "<h2>Where the phrases come from</h2>",
        _origins(report),
    ]
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Understanding</title>'
    return f'<!doctype html><html lang="en">{head}<style>{_STYLE}</style>' + "\n".join(parts)


def _cards(report: dict[str, Any]) -> str:
    cards = [
        (f"{figures['all']['share']:.1%}", f"of {figures['all']['messages']} messages right, {name}")
        for name, figures in report["sets"].items()
    ]
    cards.append((f"{report['cross-validation']['all']:.1%}", "of training phrases found again"))
    cards.append((f"{report['milliseconds']['median']} ms", "of processor time to understand a message (median)"))
    cards.append((f"{report['training seconds']:.0f} s", "by the clock to learn the phrases"))
    inner = "".join(
        f'<div class="card"><b>{figure}</b><span class="quiet">{html.escape(text).replace("/", "/<wbr>")}</span></div>'
        for figure, text in cards
    )
    return f'<div class="cards">{inner}</div>'


def _changes(report: dict[str, Any]) -> str:
    if "before" not in report:
        return ""
    changes = report["changes"]
    heading = f"<h2>What changed against {html.escape(report['before'])}</h2>"
    if not changes:
        return heading + "<p>No figure moved by more than chance. New phrases are counted at the end of the page.</p>"
    rows = []
    for change in changes:
        mark = "up" if change["now"] >= change["before"] else "down"
        moved = f'<span class="{mark}">{change["now"] - change["before"]:+.3f}</span>'
        rows.append([html.escape(change["what"]), f"{change['before']:.3f}", f"{change['now']:.3f}", moved])
    return heading + _table(("what", "before", "now", "moved"), rows, escape=False)


_PARTS = {
    "all": "all",
    "de": "German",
    "en": "English",
    "topic": "topics",
    "flow": "requests",
    "topic:not-covered": "not covered",
    "topic:out-of-scope": "out of scope",
    "topic:unclear": "unclear",
    "smalltalk": "small talk",
}


def _sets(report: dict[str, Any]) -> str:
    sets = report["sets"]
    rows = []
    for part, name in _PARTS.items():
        row: list[Any] = [name]
        for parts in sets.values():
            figures = parts.get(part)
            row += (
                [figures["messages"], f"{figures['share']:.1%}", f"{figures['right or offered']:.1%}"]
                if figures
                else [""] * 3
            )
        rows.append(row)
    return _table(("part", *(head for name in sets for head in (name, "right", "or offered"))), rows)


def _calibration_words(report: dict[str, Any]) -> str:
    spoken = report["calibration error by language"]
    return (
        f"<p>How sure the model was and how often it was right are on average {report['calibration error']:.3f} apart "
        f"(German {spoken['de']:.3f}, English {spoken['en']:.3f}), at the temperature that fits these phrases best, "
        f"{report['temperature']}; in use is {report['temperature in use']}. The larger the dot, the more phrases.</p>"
    )


def _threshold_words(report: dict[str, Any]) -> str:
    answer = report["thresholds"]["answer"]
    nearest = min(report["threshold curve"], key=lambda row: abs(row["threshold"] - answer))
    below = nearest["offered rightly"] + nearest["offered in vain"]
    among = nearest["offered rightly"] / max(below, 1e-9)
    paying = ", ".join(f"{row['threshold']} at {row['cost']}" for row in report["paying thresholds"])
    return (
        f"<p>Set from the same {report['phrases']['all']:,} phrases, each asked of a model that had not seen it. A "
        f"right answer counts 1, an offer 0, and a wrong answer costs something: the threshold that pays best by that "
        f"cost is {paying}. In use is {answer} (the line). {below:.1%} of the phrases fall below it, and {among:.0%} "
        f"of these have their topic among the three offered. A part of a message counts as said from "
        f"{report['thresholds']['part']} on, a topic is offered from {report['thresholds']['suggestion']} on.</p>"
    )


def _origins(report: dict[str, Any]) -> str:
    before = report.get("origins before", {})
    rows = []
    for file, counts in report["origins"].items():
        row: list[Any] = [file]
        for language in ("de", "en"):
            now, old = counts.get(language, 0), before.get(file, {}).get(language, 0)
            row += [now, f"{now - old:+d}" if before and now != old else ""]
        rows.append(row)
    return _table(("file", "German", "since the last report", "English", "since the last report"), rows)


def _neighbours(report: dict[str, Any]) -> str:
    rows = [
        [pair["said"], pair["taken for"], pair["count"], " · ".join(pair["examples"])] for pair in report["confusions"]
    ]
    return _table(("said", "taken for", "times", "for example"), rows)


def _labels(report: dict[str, Any]) -> str:
    rows = []
    for label, languages in report["by label"].items():
        row: list[Any] = [html.escape(label)]
        for language in ("de", "en"):
            figures = languages.get(language)
            row += [figures["phrases"], f"{figures['found']:.0%}", _sure(figures)] if figures else ["", "", ""]
        rows.append(row)
    return _table(("label", "German", "found", "sure", "English", "found", "sure"), rows, escape=False)


def _sure(figures: dict[str, float]) -> str:
    mark = ' class="down"' if abs(figures["sure"] - figures["found"]) > _FAR else ""
    return f"<span{mark}>{figures['sure']:.2f}</span>"


def _errors(report: dict[str, Any]) -> str:
    rows = [
        [error["set"], error["text"], error["understood"], f"{error['confidence']:.2f}", ", ".join(error["accept"])]
        for error in report["errors"]
    ]
    return _table(("set", "message", "understood as", "confidence", "right would be"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]], escape: bool = True) -> str:
    listed = [[str(value) if not escape else html.escape(str(value)) for value in row] for row in rows]
    numeric = [all(_is_number(value) for value in column) for column in zip(*listed, strict=True)]
    kinds = [' class="number"' if number else ' class="text"' for number in numeric] or [""] * len(head)
    heading = "".join(f"<th{kind}>{html.escape(name)}</th>" for name, kind in zip(head, kinds, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{value}</td>" for value, kind in zip(row, kinds, strict=True)) + "</tr>"
        for row in listed
    )
    return f'<div class="wide"><table><thead><tr>{heading}</tr></thead><tbody>{body}</tbody></table></div>'


def _is_number(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell))


def _figure(figure: Figure) -> str:
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg", bbox_inches="tight", metadata={"Date": None})
    plt.close(figure)
    text = drawn.getvalue()
    return text[text.index("<svg") :]


def _by_language_and_kind(report: dict[str, Any]) -> Figure:
    table = report["cross-validation"]["by kind"]
    kinds = sorted(table, key=lambda name: table[name].get("de", 0.0) + table[name].get("en", 0.0))
    figure, axes = plt.subplots(figsize=(8, 0.34 * len(kinds) + 0.8))
    places = np.arange(len(kinds))
    axes.barh(places + 0.19, [table[name].get("de", 0.0) for name in kinds], 0.36, color=_GOOD, label="German")
    axes.barh(places - 0.19, [table[name].get("en", 0.0) for name in kinds], 0.36, color=_SOFT, label="English")
    axes.set_yticks(places, kinds)
    axes.set_ylim(-0.6, len(kinds) - 0.4)
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of phrases found again")
    axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncol=2)
    return figure


def _calibration(report: dict[str, Any]) -> Figure:
    figure, axes = plt.subplots(figsize=(8, 3.4))
    axes.plot([0, 1], [0, 1], color=_QUIET, linewidth=1, linestyle=":")
    tables = report["calibration by language"]
    most = max(row["count"] for table in tables.values() for row in table)
    for language, (name, colour) in {"de": ("German", _GOOD), "en": ("English", _BAD)}.items():
        table = tables[language]
        sure, right = [row["confidence"] for row in table], [row["right"] for row in table]
        axes.plot(sure, right, color=colour, label=name)
        axes.scatter(sure, right, s=[15 + 250 * row["count"] / most for row in table], color=colour, alpha=0.5)
    axes.set_xlabel("how sure the model was")
    axes.set_ylabel("how often it was right")
    axes.legend(frameon=False, loc="upper left")
    return figure


def _thresholds(report: dict[str, Any]) -> Figure:
    curve = report["threshold curve"]
    names = ("answered rightly", "offered rightly", "offered in vain", "answered wrongly")
    colours = (_GOOD, _SOFT, "#d1d5db", _BAD)
    figure, axes = plt.subplots(figsize=(8, 3.4))
    axes.stackplot(
        [row["threshold"] for row in curve],
        *[[row[name] for row in curve] for name in names],
        labels=names,
        colors=colours,
    )
    axes.axvline(report["thresholds"]["answer"], color=_INK, linewidth=1)
    axes.set_ylim(0, 1)
    axes.set_xlim(0, curve[-1]["threshold"])
    axes.set_xlabel("answer only when at least this sure")
    axes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.16), ncol=4)
    return figure


def _confusion_picture(report: dict[str, Any]) -> Figure:
    names, matrix = report["confusion"]["names"], np.array(report["confusion"]["shares"])
    off = matrix.copy()
    np.fill_diagonal(off, 0.0)
    figure, axes = plt.subplots(figsize=(9, 9))
    axes.imshow(np.where(np.eye(len(names)) > 0, np.nan, off), cmap="YlOrBr", vmin=0, vmax=max(0.05, off.max()))
    axes.set_xticks(range(len(names)), names, rotation=90, fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.set_ylabel("said")
    axes.set_xlabel("taken for")
    for row, column in zip(*np.nonzero(off >= 0.01), strict=True):
        ink = "white" if off[row, column] > off.max() / 2 else _INK
        axes.text(column, row, f"{100 * off[row, column]:.0f}", ha="center", va="center", fontsize=6, color=ink)
    return figure
