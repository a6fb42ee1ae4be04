"""Who is writing is read from what they say, and from nothing else."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from actions.reading.message import Message
from actions.reading.people import (
    is_in_danger,
    is_under_age,
    mentions_special_category,
    plain_name,
    read_relationship,
    stated_name,
    stated_relationship,
    writes_for_another,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ich heiße Max Müller und meine Mail ist x@y.de", "Max Müller"),
        ("Anna-Lena Schmidt", "Anna-Lena Schmidt"),
        ("My name is John O'Neill.", "John O'Neill"),
        ("I'm Jane", "Jane"),
        ("anna schmidt", "anna schmidt"),
        ("Dr. Hans von der Heide", "Dr. Hans von der Heide"),
        ("ich bin der Peter", "Peter"),
        ("Name: Li Wei", "Li Wei"),
        ("nein, ich heiße Anna Berger", "Anna Berger"),
        ("José María", "José María"),
        ("Ωμέγα Παππά", "Ωμέγα Παππά"),
    ],
)
def test_a_name_is_read(text: str, name: str) -> None:
    assert plain_name(text) == name


@pytest.mark.parametrize(
    "text", ["keine Ahnung", "what do you mean", "Warum?", "das", "everything", "12345", "x" * 200, "", "?!"]
)
def test_what_is_no_name_is_not_taken_for_one(text: str) -> None:
    assert plain_name(text) is None


def test_a_name_in_passing_has_to_be_stated() -> None:
    assert stated_name("Anna Schmidt") is None
    assert stated_name("Hallo, mein Name ist Anna Schmidt, ich brauche Hilfe") == "Anna Schmidt"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("I'm a customer, jane@example.org, Jane Roe", "Jane Roe"),
        ("Bitte alles löschen. max@example.org, Max Roth aus Bern", "Max Roth"),
        ("max@example.org Viele Grüße", None),
        ("max@example.org, Vielen Dank", None),
        ("Schreiben Sie an max@example.org. Die Werbung nervt.", None),
        ("max@example.org, Meine Daten sind falsch", None),
    ],
)
def test_a_name_signed_behind_an_address_is_read(text: str, name: str | None) -> None:
    assert stated_name(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "ich bin 15",
        "I am 16 years old",
        "Ich bin 15 Jahre alt und möchte",
        "ich bin minderjährig",
        "im a minor",
        "ich bin erst 17.",
        "ich bin 15 übrigens",
        "hello im a 16 year old and want my data deleted",
        "I turned 17 last week",
        "Hallo, ich bin Schülerin, 14 Jahre, und ich möchte mich beschweren",
        "I'm sixteen",
        "ich werde erst im Mai 18",
        "als 15-Jähriger darf ich das?",
        "ich bin eine 16-jährige Schülerin",
        "i am 17yo",
    ],
)
def test_somebody_under_18_is_recognised(text: str) -> None:
    assert is_under_age(text)


@pytest.mark.parametrize(
    "text",
    [
        "I'm 45",
        "meine Tochter ist 12",
        "I am 10 minutes late",
        "ich bin seit 3 Jahren Kunde",
        "Ich bin 17 Jahre Kunde bei Ihnen",
        "im 15. Stock",
        "ich bin 18",
    ],
)
def test_nobody_else_is(text: str) -> None:
    assert not is_under_age(text)


@pytest.mark.parametrize(
    "text",
    [
        "Ich schreibe für meine Mutter",
        "on behalf of my client",
        "Daten meines Vaters löschen",
        "my mother's data",
        "als Betreuerin",
    ],
)
def test_writing_for_another_is_noted(text: str) -> None:
    assert writes_for_another(text)


def test_writing_for_oneself_is_not() -> None:
    assert not writes_for_another("for my account")


@pytest.mark.parametrize(
    ("text", "danger"),
    [("er lauert mir auf", True), ("I get death threats", True), ("Ihr droht mir Werbung an", False)],
)
def test_danger_is_recognised(text: str, danger: bool) -> None:
    assert is_in_danger(text) is danger


@pytest.mark.parametrize(
    ("text", "special"), [("meine Krankheit", True), ("my religion is catholic", True), ("meine Adresse", False)]
)
def test_special_categories_are_recognised(text: str, special: bool) -> None:
    assert mentions_special_category(text) is special


@pytest.mark.parametrize(
    ("text", "relationship"),
    [
        ("Kunde", "direct"),
        ("I'm a customer", "direct"),
        ("meine Firma nutzt das", "customer-user"),
        ("my employer uses your service", "customer-user"),
        ("Ich bin Mitarbeiter bei einem Kunden", "customer-user"),
        ("weiß nicht", "unsure"),
        ("not sure", "unsure"),
        ("2", "customer-user"),
        ("Banane", None),
    ],
)
def test_the_relationship_is_read(text: str, relationship: str | None) -> None:
    assert read_relationship(Message(text)) == relationship


def test_a_button_says_the_relationship() -> None:
    choice = MappingProxyType({"relationship": "unsure"})
    assert read_relationship(Message('/inform{"relationship": "unsure"}', choice=choice)) == "unsure"
    assert read_relationship(Message("/skip")) is None


@pytest.mark.parametrize(
    "text",
    [
        "ich bin zehn Jahre Kunde bei Ihnen",
        "I am 10 minutes late",
        "ich bin 15 Mal angerufen worden",
        "I am 12 months pregnant",
        "ich bin 17 Jahre lang belästigt worden",
        "My son turned 13",
    ],
)
def test_a_number_beside_another_measure_is_no_age(text: str) -> None:
    assert not is_under_age(text)


@pytest.mark.parametrize(
    ("text", "relationship"),
    [
        ("Ich bin Kundin bei Ihnen.", "direct"),
        ("I'm a customer myself, and angry", "direct"),
        ("meine Firma nutzt euch und ich bekomme Werbung", "customer-user"),
        ("I'm a user at one of your customers", "customer-user"),
        ("Ich habe eine Mail mit den Daten eines anderen Kunden erhalten", None),
    ],
)
def test_a_connection_in_passing_has_to_be_stated(text: str, relationship: str | None) -> None:
    assert stated_relationship(text) == relationship


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Will Stop", "Will Stop"),
        ("my name? it's Bob", "Bob"),
        ("ja, Peter Pan", "Peter Pan"),
        ("nein, doch gamil", None),
    ],
)
def test_a_name_beside_a_yes_or_a_question_is_read(text: str, name: str | None) -> None:
    assert plain_name(text) == name
