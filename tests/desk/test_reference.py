"""References: people read them out, mistype them and paste them, and a wrong one must never find another ticket."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from desk.domain.reference import ALPHABET, RANDOM_LENGTH, check_character, new_reference, normalise_reference

bodies = st.text(ALPHABET, min_size=RANDOM_LENGTH, max_size=RANDOM_LENGTH)


def reference_of(body: str) -> str:
    characters = body + check_character(body)
    return f"PR-{characters[:4]}-{characters[4:]}"


def test_new_reference_has_the_form_people_are_told() -> None:
    for _ in range(200):
        reference = new_reference()
        assert re.fullmatch(r"PR-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", reference)
        assert normalise_reference(reference) == reference


def test_references_do_not_count() -> None:
    drawn = [new_reference() for _ in range(2000)]
    assert len(set(drawn)) == len(drawn)
    assert {reference[3] for reference in drawn} == set(ALPHABET)


@given(bodies)
def test_ways_of_typing_are_forgiven(body: str) -> None:
    reference = reference_of(body)
    plain = reference.replace("-", "")
    for typed in (
        reference.lower(),
        reference.replace("-", " "),
        reference.replace("-", "–"),
        reference.replace("0", "O").replace("1", "l"),
        reference.replace("0", "o").replace("1", "I"),
        f"Mein Aktenzeichen ist {reference}.",
        f"({plain[:2]}: {plain[2:]})" if re.search(r"\d", plain[2:]) else reference,
        f"#{reference}!",
    ):
        assert normalise_reference(typed) == reference, typed


@given(bodies, st.integers(0, 7), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_found(body: str, place: int, other: str) -> None:
    characters = reference_of(body).removeprefix("PR-").replace("-", "")
    assume(characters[place] != other)
    wrong = characters[:place] + other + characters[place + 1 :]
    assert normalise_reference(f"PR-{wrong[:4]}-{wrong[4:]}") is None


@given(bodies, st.integers(0, 7), st.integers(0, 7))
def test_any_two_swapped_characters_are_always_found(body: str, one: int, two: int) -> None:
    characters = list(reference_of(body).removeprefix("PR-").replace("-", ""))
    assume(characters[one] != characters[two])
    characters[one], characters[two] = characters[two], characters[one]
    wrong = "".join(characters)
    assert normalise_reference(f"PR-{wrong[:4]}-{wrong[4:]}") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PR-",
        "Protokolle und Vorgänge",
        "Datenschutz zusammen reden",
        "PR-UUUU-UUUU",
        "order 12345678901",
        "4111 1111 1111 1111",
        "0" * 100_000,
        "PR-\u0000\u0000",
    ],
)
def test_what_is_no_reference_gives_none(text: str) -> None:
    assert normalise_reference(text) is None


def test_first_valid_of_several_is_taken() -> None:
    right = reference_of("7K3M9QX")
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    assert normalise_reference(f"{wrong} oder {right}") == right


@given(st.text(max_size=200))
def test_any_text_is_survived(text: str) -> None:
    found = normalise_reference(text)
    assert found is None or normalise_reference(found) == found
