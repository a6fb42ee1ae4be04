"""Places are found as people write them, and never guessed."""

from __future__ import annotations

import pytest

from actions.places import (
    ELSEWHERE,
    authorities,
    country_code,
    country_of,
    find_place,
    place_name,
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Welche Behörde ist in NRW für mich zuständig?", "DE-NW"),
        ("ich wohne in Tirol", "AT"),
        ("muenchen", "DE-BY"),
        ("Munchen", "DE-BY"),
        ("Münhcen", "DE-BY"),
        ("the netherlands", "NL"),
        ("Holland", "NL"),
        ("Manchester", "GB"),
        ("by", "DE-BY"),
        ("Berlin, Deutschland", "DE-BE"),
        ("Ich bin Österreicher und wohne in Hamburg", "DE-HH"),
        ("Ich bin Österreicher", "AT"),
        ("bei der bayerischen Behörde", "DE-BY"),
        ("which authority do I contact in the us", "US"),
        ("New York City", "US"),
        ("Freiburg", "DE-BW"),
        ("Tscheckien", "CZ"),
        ("Sachsen Anhalt", "DE-ST"),
        ("Dubai", "AE"),
    ],
)
def test_a_place_is_found_as_people_write_it(text: str, code: str) -> None:
    assert find_place(text, asked=True).code == code


@pytest.mark.parametrize("place", sorted(authorities()))
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_place_with_an_authority_is_found_by_its_own_name(place: str, language: str) -> None:
    assert find_place(place_name(place, language), asked=True).code == place


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_authority_has_a_name_and_a_website(language: str) -> None:
    for authority in authorities().values():
        assert authority.called(language)
        assert authority.website.startswith("http")
        assert isinstance(authority.note(language), str)


@pytest.mark.parametrize(
    "text",
    [
        "Atlantis",
        "Bei welcher Behörde kann ich essen",
        "Was mache ich, wenn es mir reicht",
        "I will be nice to you",
        "",
        "???",
        "be",
        "Ich bin in Eile",
    ],
)
def test_ordinary_words_are_no_places(text: str) -> None:
    reading = find_place(text)
    assert reading.code is None
    assert not reading.elsewhere


def test_a_name_shared_by_several_places_is_asked_back() -> None:
    reading = find_place("Neustadt", asked=True)
    assert reading.is_ambiguous
    assert reading.code is None
    assert "DE-BY" in reading.codes


def test_two_places_are_asked_back() -> None:
    assert find_place("München und London").codes == ("DE-BY", "GB")


@pytest.mark.parametrize("text", ["Brazil", "Ich wohne in Brasilien", "Japan", "in Côte d’Ivoire"])
def test_a_country_without_an_authority_is_told_apart_from_no_country(text: str) -> None:
    reading = find_place(text, asked=True)
    assert reading.codes == ()
    assert reading.elsewhere in text


def test_a_bare_code_counts_only_as_the_whole_answer() -> None:
    assert find_place("hh", asked=True).code == "DE-HH"
    assert find_place("hh oder so").code is None


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("Wien", "AT"),
        ("Köln", "DE"),
        ("Brazil", "BR"),
        ("Neustadt an der Donau, Bayern", "DE"),
        ("Georgia", None),
        ("Mordor", None),
    ],
)
def test_the_country_of_a_place(text: str, country: str | None) -> None:
    assert country_code(text) == country


def test_a_german_state_lies_in_germany() -> None:
    assert country_of("DE-BY") == "DE"
    assert country_of("AT") == "AT"


@pytest.mark.parametrize(
    ("code", "german", "english"),
    [
        ("DE-MV", "Mecklenburg-Vorpommern", "Mecklenburg-Western Pomerania"),
        ("DE-BY", "Bayern", "Bavaria"),
        ("GB", "Vereinigtes Königreich", "United Kingdom"),
        (ELSEWHERE, "ein anderes Land", "another country"),
    ],
)
def test_places_are_called_by_their_names(code: str, german: str, english: str) -> None:
    assert place_name(code, "de") == german
    assert place_name(code, "en") == english


def test_a_german_authority_keeps_its_german_name_for_germans_only() -> None:
    assert "(" not in authorities()["DE-BE"].called("de")
    assert authorities()["DE-BE"].called("en").startswith("Berlin Commissioner")
