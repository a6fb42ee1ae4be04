"""Charts as drawings of their own (SVG, by pygal) in the colours of the page; each has a table beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pygal  # type: ignore[import-untyped]
from pygal.style import Style  # type: ignore[import-untyped]

_FONT = "Inter, system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"
# Nine hues of nearly the same weight, in an order in which neighbours differ in lightness too.
_LIGHT = ("#0d5c63", "#e39b2e", "#5b7fb8", "#a8403a", "#7fae8c", "#6a4c93", "#c7a27c", "#3e7d4f", "#8a8f98")
_DARK = ("#5fbfc2", "#f0b75e", "#8fb0e3", "#e2857d", "#a3d3b0", "#b49be0", "#e0c3a3", "#74bb88", "#b3b9c2")
_INK = {"light": ("#18212b", "#4b5764", "#e2dfd6"), "dark": ("#e8ecef", "#adb8c1", "#2b353d")}
_MOST_LABELS = 9


@dataclass(frozen=True)
class Chart:
    """What a chart shows: its columns and, for each row, as many figures; `wide` ones have room for long names."""

    columns: Sequence[str]
    rows: Mapping[str, Sequence[int]]
    lying: bool = False
    wide: bool = False

    @property
    def empty(self) -> bool:
        """Tell whether there is anything to draw."""
        return not any(any(figures) for figures in self.rows.values())

    @property
    def size(self) -> tuple[int, int]:
        """Give width and height in the chart's own pixels; a wide one grows with its columns."""
        return (1120, 70 + 27 * len(self.columns)) if self.wide else (540, 300)


def draw(chart: Chart, theme: str, number: Callable[[float], str]) -> bytes:
    """Draw a chart for a light or a dark page."""
    kind = pygal.HorizontalStackedBar if chart.lying else pygal.StackedBar
    width, height = chart.size
    drawing = kind(
        style=_style(theme),
        js=[],
        width=width,
        height=height,
        margin=6,
        spacing=8,
        show_legend=len(chart.rows) > 1,
        legend_at_bottom=True,
        legend_at_bottom_columns=_legend_columns(len(chart.rows)),
        legend_box_size=11,
        x_label_rotation=0,
        show_minor_x_labels=False,
        rounded_bars=2,
        value_formatter=lambda value: number(value) if value == int(value) else "",
        min_scale=2,
        range=(0, max(4, _tallest(chart))),
        disable_xml_declaration=True,
        explicit_size=False,
        no_data_text="",
        truncate_label=-1,
        truncate_legend=-1,
    )
    drawing.x_labels = list(chart.columns)
    step = 1 if chart.wide else -(-len(chart.columns) // _MOST_LABELS)
    drawing.x_labels_major = list(chart.columns)[::step] if step > 1 else list(chart.columns)
    for name, figures in chart.rows.items():
        drawing.add(name, list(figures))
    picture: str = drawing.render(is_unicode=True)
    return _without_script(picture).encode()


def _legend_columns(rows: int) -> int:
    # The library leaves no room for a last row of the legend that is not full.
    return next(columns for columns in (3, 2, 1) if rows % columns == 0)


def _tallest(chart: Chart) -> int:
    return max((sum(column) for column in zip(*chart.rows.values(), strict=True)), default=0)


def _style(theme: str) -> Style:
    ink, soft, line = _INK[theme]
    return Style(
        background="transparent",
        plot_background="transparent",
        foreground=soft,
        foreground_strong=ink,
        foreground_subtle=line,
        guide_stroke_color=line,
        major_guide_stroke_color=line,
        guide_stroke_dasharray="none",
        major_guide_stroke_dasharray="none",
        opacity="1",
        opacity_hover="1",
        colors=_DARK if theme == "dark" else _LIGHT,
        font_family=_FONT,
        label_font_size=12,
        major_label_font_size=12,
        legend_font_size=12,
        value_font_size=12,
    )


def _without_script(picture: str) -> str:
    # The library writes its settings into a script element; a picture has no use for one.
    while (start := picture.find("<script")) != -1:
        picture = picture[:start] + picture[picture.index("</script>", start) + len("</script>") :]
    return picture
