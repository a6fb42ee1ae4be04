"""Tables as files: CSV that spreadsheets of the reader's country open, and a PDF to be filed."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from desk.web.translations import Language

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Sheet:
    """A table with its title and a line under it."""

    title: str
    lead: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    foot: str


def as_csv(sheet: Sheet, language: Language) -> bytes:
    """Write a table so that a double click opens it: with a byte order mark and the country's separator."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";" if language == "de" else ",", lineterminator="\r\n")
    for row in (sheet.head, *sheet.rows):
        writer.writerow([_harmless(cell) for cell in row])
    return buffer.getvalue().encode("utf-8-sig")


def as_pdf(sheet: Sheet) -> bytes:
    """Write a table as one or more A4 pages, lying."""
    # Few ever ask for a PDF; imported above, every start of the desk would wait a second for it, and keep it in memory.
    from fpdf import FPDF
    from fpdf.enums import TextEmphasis
    from fpdf.fonts import FontFace

    pdf = FPDF(orientation="landscape", format="A4")
    pdf.set_title(_plain(sheet.title))
    pdf.set_auto_page_break(auto=True, margin=18)
    pdf.add_page()
    pdf.set_font("helvetica", "B", 16)
    pdf.cell(0, 10, _plain(sheet.title), new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("helvetica", size=10)
    pdf.multi_cell(0, 5.5, _plain(sheet.lead), new_x="LMARGIN", new_y="NEXT")
    pdf.ln(4)
    pdf.set_font("helvetica", size=9)
    widths = (2.4, *([1.0] * (len(sheet.head) - 1)))
    heading = FontFace(emphasis=TextEmphasis.B, fill_color=(236, 240, 239))
    with pdf.table(
        headings_style=heading,
        col_widths=widths,
        line_height=6.5,
        text_align=("LEFT", *(["RIGHT"] * (len(widths) - 1))),
    ) as table:
        for row in (sheet.head, *sheet.rows):
            table.row([_plain(cell) for cell in row])
    pdf.ln(4)
    pdf.multi_cell(0, 5, _plain(sheet.foot), new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


def _plain(text: str) -> str:
    # The fonts every PDF reader has know Latin letters; dashes and narrow spaces get their plain cousins.
    known = text.replace("–", "-").replace("…", "...").replace("\u202f", " ").replace("→", "->")
    return known.encode("latin-1", "replace").decode("latin-1")


def _harmless(cell: str) -> str:
    # A spreadsheet takes a cell that begins like this for a formula.
    return (
        "'" + cell
        if cell.startswith(_FORMULA) and not cell.lstrip("-").replace(",", "").replace(".", "").isdigit()
        else cell
    )
