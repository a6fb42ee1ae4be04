"""A question that is kept for the team holds nothing that tells who asked."""

from __future__ import annotations

import pytest

from actions.unplaced import without_identity


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Meine Mail ist a@example.org, was nun?", "Meine Mail ist […] was nun?"),
        ("Rufen Sie +49 89 1234567 an", "Rufen Sie […] an"),
        ("siehe https://example.org/ich", "siehe […]"),
        ("Was ist mit den 3 Cookies?", "Was ist mit den 3 Cookies?"),
    ],
)
def test_addresses_and_numbers_are_left_out(text: str, kept: str) -> None:
    assert without_identity(text) == kept
