"""Draws the report on understanding as one page that needs nothing but itself."""

import html
import io
from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

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
.card b { display: block; font-size: 1.7rem; line-height: 1.2; }
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
        _sets(report),
        "<h2>Training phrases, each asked of a model that had not seen it</h2>",
        "<p>Stricter than the messages above: here only the phrase’s own label counts as right, even where "
        "an answer to a neighbouring one would have served the visitor as well.</p>",
        _figure(_by_language_and_kind(report)),
        "<h2>Is confidence worth something?</h2>",
        f"<p>At temperature {report['temperature']}, how sure the model was and how often it was right are on average "
        f"{report['calibration error']:.3f} apart.</p>",
        _figure(_calibration(report)),
        "<h2>Where to answer and where to offer</h2>",
        f"<p>In use: {report['thresholds']['answer']}. A right answer counts 1, a wrong one −¼, an offer 0.</p>",
        _figure(_thresholds(report)),
        "<h2>What is taken for what</h2>",
        _figure(_confusion_picture(report)),
        "<h2>The worst neighbours</h2>",
        _neighbours(report),
        "<h2>By label</h2>",
        _labels(report),
        "<h2>Which language is it?</h2>",
        _table(("words", "messages", "right", "unclear", "wrong"), [list(row.values()) for row in report["language"]]),
        "<h2>Examples of errors</h2>",
        _errors(report),
    ]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Understanding</title><style>{_STYLE}</style>'
        + "\n".join(parts)
    )


def _cards(report: dict[str, Any]) -> str:
    cards = [
        (f"{figures['all']['share']:.1%}", f"of {figures['all']['messages']} messages right ({name})")
        for name, figures in report["sets"].items()
    ]
    cards.append((f"{report['cross-validation']['all']:.1%}", "of training phrases found again"))
    cards.append((f"{report['milliseconds']['median']} ms", "median to understand a message"))
    cards.append((f"{report['training seconds']:.0f} s", "to train"))
    inner = "".join(
        f'<div class="card"><b>{figure}</b><span class="quiet">{html.escape(text)}</span></div>'
        for figure, text in cards
    )
    return f'<div class="cards">{inner}</div>'


def _changes(report: dict[str, Any]) -> str:
    changes = report.get("changes") or []
    if not changes:
        return ""
    rows = []
    for change in changes:
        mark = "up" if change["now"] >= change["before"] else "down"
        moved = f'<span class="{mark}">{change["now"] - change["before"]:+.3f}</span>'
        rows.append([html.escape(change["what"]), f"{change['before']:.3f}", f"{change['now']:.3f}", moved])
    return f"<h2>What changed against {html.escape(report['before'])}</h2>" + _table(
        ("what", "before", "now", ""), rows, escape=False
    )


def _sets(report: dict[str, Any]) -> str:
    rows = [
        [name, part, figures["messages"], f"{figures['share']:.1%}", f"{figures['right or offered']:.1%}"]
        for name, parts in report["sets"].items()
        for part, figures in parts.items()
    ]
    return _table(("set", "part", "messages", "first answer right", "right or offered"), rows)


def _neighbours(report: dict[str, Any]) -> str:
    rows = [
        [pair["said"], pair["taken for"], pair["count"], " · ".join(pair["examples"])] for pair in report["confusions"]
    ]
    return _table(("said", "taken for", "times", "for example"), rows)


def _labels(report: dict[str, Any]) -> str:
    rows = []
    for label, languages in report["by label"].items():
        row: list[Any] = [label]
        for language in ("de", "en"):
            figures = languages.get(language)
            row += [figures["phrases"], f"{figures['found']:.0%}"] if figures else ["–", "–"]
        rows.append(row)
    return _table(("label", "German phrases", "found", "English phrases", "found"), rows)


def _errors(report: dict[str, Any]) -> str:
    rows = [
        [error["set"], error["text"], error["understood"], f"{error['confidence']:.2f}", ", ".join(error["accept"])]
        for error in report["errors"]
    ]
    return _table(("set", "message", "understood as", "confidence", "right would be"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]], escape: bool = True) -> str:
    def cell(value: Any) -> str:
        number = isinstance(value, (int, float)) or str(value).rstrip("%").replace(".", "").lstrip("+-").isdigit()
        return (
            f'<td class="number">{value}</td>' if number else f"<td>{html.escape(str(value)) if escape else value}</td>"
        )

    heading = "".join(f"<th>{html.escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(cell(value) for value in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{heading}</tr></thead><tbody>{body}</tbody></table></div>'


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
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of phrases found again")
    axes.legend(frameon=False, loc="lower right")
    return figure


def _calibration(report: dict[str, Any]) -> Figure:
    table = report["calibration"]
    figure, axes = plt.subplots(figsize=(8, 3.4))
    axes.plot([0, 1], [0, 1], color=_QUIET, linewidth=1, linestyle=":")
    sizes = np.array([row["count"] for row in table])
    axes.plot([row["confidence"] for row in table], [row["right"] for row in table], color=_GOOD)
    axes.scatter(
        [row["confidence"] for row in table],
        [row["right"] for row in table],
        s=15 + 250 * sizes / sizes.max(),
        color=_GOOD,
        alpha=0.5,
    )
    axes.set_xlabel("how sure the model was")
    axes.set_ylabel("how often it was right")
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
        axes.text(column, row, f"{100 * off[row, column]:.0f}", ha="center", va="center", fontsize=6)
    return figure
