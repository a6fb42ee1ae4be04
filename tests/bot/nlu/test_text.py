"""Whatever way people write a word, it must become the same token."""

import pytest

from bot.nlu.language import LanguageDetector
from bot.nlu.text import clauses, core, fold, sentences, tokens


@pytest.mark.parametrize("written", ["Löschen", "loeschen", "LÖSCHEN", "loschen", "lo\u0308schen"])
def test_a_word_is_the_same_with_and_without_umlauts(written: str) -> None:
    assert tokens(written) == ["loschen"]


@pytest.mark.parametrize(
    ("one", "other"), [("grüßen", "grüssen"), ("Straße", "strasse"), ("über", "ueber"), ("crème", "creme")]
)
def test_spellings_of_one_word_fold_alike(one: str, other: str) -> None:
    assert fold(one.lower()) == fold(other.lower())


@pytest.mark.parametrize("word", ["request", "neue", "quelle", "steuer", "teuer"])
def test_letters_that_only_look_like_a_written_out_umlaut_are_kept(word: str) -> None:
    assert fold(word) == word


def test_drawn_out_letters_quotes_and_invisible_characters_do_not_matter() -> None:
    assert tokens("neeeein, what\u2019s up\u200b?") == tokens("nein whats up?")


def test_addresses_links_and_case_numbers_become_one_token_each() -> None:
    assert tokens("anna@example.org https://example.org/a?b=c PR-4F7K-2MRA DS-1234") == [
        "xmail",
        "xlink",
        "xreference",
        "xreference",
    ]


@pytest.mark.parametrize("put_in", ["[Kartennummer entfernt]", "[card number removed]"])
def test_what_stands_for_a_masked_number_is_a_number(put_in: str) -> None:
    assert tokens(f"Meine Karte {put_in}?") == ["meine", "karte", "xnumber", "?"]


def test_names_of_ciphers_are_no_case_numbers() -> None:
    assert "xreference" not in tokens("AES-256 oder ISO-27001?")


def test_sentences_end_at_full_stops_and_not_at_abbreviations() -> None:
    assert sentences("Gilt z. B. Art. 15 DSGVO? Ja. Danke") == ["Gilt z. B. Art. 15 DSGVO?", "Ja.", "Danke"]


def test_clauses_are_cut_at_joints() -> None:
    assert clauses("verkauft ihr meine daten und was sind cookies") == ["verkauft ihr meine daten", "was sind cookies"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Hallo, was sind Cookies?", "was sind Cookies?"),
        (
            "Sehr geehrte Damen und Herren, bitte löschen Sie alles. Mit freundlichen Grüßen, Max Muster",
            "bitte löschen Sie alles",
        ),
        ("hi can you delete my data, thanks", "can you delete my data"),
        ("hallo", "hallo"),
        ("vielen dank", "vielen dank"),
    ],
)
def test_greetings_and_closings_are_left_out_where_something_is_said_besides(text: str, left: str) -> None:
    assert core(text) == left


def test_a_reference_speaks_no_language() -> None:
    """Its letters are drawn by lot: taken for English words, they once turned a German conversation over."""
    detector = LanguageDetector({"=pr": -90.0, "=qk": -90.0, "=bns": -90.0, "=bitte": 90.0}, 0.0)
    assert detector.language("PR-QK2C-0BNS") is None
    assert detector.language("pr-qkzc-xbns") is None
    assert detector.language("ja gern bitte PR-QK2C-0BNS") == "de"
