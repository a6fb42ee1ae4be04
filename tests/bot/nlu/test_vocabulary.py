"""Typing errors lead to the known word, compounds to their parts, and unknown words are left alone."""

import pytest

from bot.nlu.vocabulary import Vocabulary, edit_distance


@pytest.fixture
def vocabulary() -> Vocabulary:
    known = [
        "daten",
        "schutz",
        "loschen",
        "auskunft",
        "beauftragter",
        "newsletter",
        "abmelden",
        "verkauf",
        "datenschutz",
        "erklarung",
    ]
    return Vocabulary(dict.fromkeys(known, 9))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lsöchen".replace("ö", "o"), "loschen"),
        ("auskumft", "auskunft"),
        ("newsleter", "newsletter"),
        ("abmeldne", "abmelden"),
    ],
)
def test_typing_errors_are_corrected(vocabulary: Vocabulary, typed: str, meant: str) -> None:
    assert vocabulary.correct(typed) == meant


@pytest.mark.parametrize("word", ["apfelstrudel", "wetter", "max", "daten"])
def test_other_words_are_not_corrected(vocabulary: Vocabulary, word: str) -> None:
    assert vocabulary.correct(word) is None


def test_compounds_are_taken_apart_with_the_longest_parts(vocabulary: Vocabulary) -> None:
    assert vocabulary.parts("datenschutzerklarung") == ("datenschutz", "erklarung")
    assert vocabulary.parts("datenverkauf") == ("daten", "verkauf")


def test_links_between_parts_are_dropped(vocabulary: Vocabulary) -> None:
    assert vocabulary.parts("auskunftserklarung") == ("auskunft", "erklarung")


def test_a_word_that_is_no_compound_of_known_words_stays_whole(vocabulary: Vocabulary) -> None:
    assert vocabulary.parts("apfelstrudel") == ()


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [("daten", "daten", 0), ("daten", "dtaen", 1), ("daten", "date", 1), ("daten", "taxi", 3)],
)
def test_distance_counts_swapped_neighbours_once(one: str, other: str, distance: int) -> None:
    assert edit_distance(one, other, 2) == distance
