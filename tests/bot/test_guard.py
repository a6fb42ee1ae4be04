"""Numbers nobody should send are masked; everything else people write stays as it is."""

from __future__ import annotations

import random
import re
import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.guard import mask
from bot.guard.kinds import KINDS, RULES

# Made up or published as examples; each once alone or with the word that announces it.
MASKED = {
    "bank-account": [
        "DE89 3704 0044 0532 0130 00",
        "Meine IBAN ist DE89370400440532013000.",
        "de89 3704 0044 0532 0130 00 bitte",
        "GB82 WEST 1234 5698 7654 32",
        "FR14 2004 1010 0505 0001 3M02 606",
        "AT611904300234573201, danke",
        "CH93-0076-2011-6238-5295-7",
        "Kontonummer 532013000",
        "my bank account: 12345678, sort code 20-00-00",
    ],
    "card": [
        "4111 1111 1111 1111",
        "4111-1111-1111-1111 12/27 CVC 123",
        "4111111111111111",
        "5555555555554444 ist meine Karte",
        "3782 822463 10005",
        "My card 6011 1111 1111 1117 was charged",
        "4111.1111.1111.1111",
        "４１１１ １１１１ １１１１ １１１１",
        "4111\u200b1111\u200b1111\u200b1111",
        "4111\u00a01111\u00a01111\u00a01111",
        "Kreditkarte für Bestellung 12: 4111111111111111",
    ],
    "social-security": [
        "65 170839 J 003",
        "65170839J003",
        "Meine Sozialversicherungsnummer lautet 65 170839 J 003",
        "AB 12 34 56 C",
        "my NI number is QQ123456C",
        "my social security number is 123-45-6789",
        "SSN: 536-90-4399",
        "536-90-4399",
        "my social is 536 90 4399",
        "Versichertennummer A123456780",
        "756.9217.0769.85",
        "2 95 10 99 126 111 93",
        "1237 010180",
    ],
    "tax": [
        "Steuer-ID 36574261809",
        "Meine Steueridentifikationsnummer ist 36 574 261 809",
        "36 574 261 809",
        "Steuernummer 181/815/08155",
        "my UTR is 1955839661",
        "codice fiscale RSSMRA85T10A562S",
        "RSS MRA 85T10 A562S",
        "RSSMRA85T10A562S",
        "NIF 501964843",
        "Steuer-ID: 12345678901",
    ],
    "identity": [
        "Mein Personalausweis hat die Nummer L01X00T471",
        "Ausweisnummer: T22000129",
        "my DNI is 54362315-K",
        "X-2482300W",
        "131052-308T",
        "PESEL 44051401359",
        "BSN 111222333",
        "CPR-nummer 211062-5629",
        "850709-9805",
        "85.07.30-033 28",
        "710319/2745",
        "identity card number 12345678 9 ZZ1",
    ],
    "passport": [
        "Reisepass C01X00T478",
        "Passnummer C01X00T47",
        "my passport number is 533401372",
        "passport 925076473",
    ],
    "driving-licence": [
        "Führerschein B072RRE2I55",
        "my driving licence is MORGA657054SM9IJ",
        "MORGA657054SM9IJ",
        "driver's license number D1234567",
    ],
}

KEPT = [
    "Bestellnummer 4111111111111111",
    "Rechnung 5555555555554444 vom 12.03.2024",
    "order number 36574261809",
    "Kundennummer 12345678901",
    "Ticket PR-7K2M-9QXD",
    "pr-7k2m-9qxd, bitte",
    "PR 12345678",
    "Sie erreichen mich unter 0171 2345678",
    "Tel. 089 12345678-90",
    "+49 89 123 456 789 01",
    "call me on 020 7946 0958",
    "(617) 393-7050",
    "+1 (617) 393-7050",
    "geboren am 12.08.1983",
    "am 25.05.2018 und 2018-05-25",
    "80807 München, Lyonel-Feininger-Straße 26",
    "EC2Y 9AW London",
    "erika.mustermann1983@example.org",
    "Schreiben Sie an dpo@mimecast.com, HRB 234744",
    "registered in England no. 4901524",
    "https://example.org/order/4111111111111111",
    "Ich habe 3 Mails am 1.2., 3.4. und 5.6. bekommen",
    "Ich bekomme nie eine Antwort, ein Anruf 123456782 war auch nichts",
    "in 2023 I asked 4 times",
    "Art. 12 Abs. 3 DSGVO, § 15, Verordnung 2016/679",
    "Beschluss 2010/87/EU",
    "USt-ID und so weiter",
    "Version 10.0.19045.4291, IP 192.168.178.112",
    "123 456 789",
    "Ich brauche Auskunft zu meinem Ausweis",
    "what do you do with passport numbers?",
    "Speichern Sie Steuernummern oder IBANs?",
    "🙂🙂 1234567",
]


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in MASKED.items() for text in texts])
def test_a_number_nobody_should_send_is_masked(kind: str, text: str) -> None:
    for language, removed in (("de", "entfernt"), ("en", "removed")):
        masked = mask(text, language)
        assert masked.kinds == (kind,) * bool(masked.kinds) or set(masked.kinds) == {kind}, (text, masked)
        assert masked.kinds, text
        assert f"[{KINDS[kind].title[language]} {removed}]" in masked.text
        longest = max(re.findall(r"[0-9A-Z０-９]{5,}", text) or ["-----"], key=len)
        assert longest not in masked.text or longest.isalpha()


@pytest.mark.parametrize("text", KEPT)
def test_everything_else_stays(text: str) -> None:
    assert mask(text, "de").text == text
    assert mask(text, "en").kinds == ()


def test_what_stands_around_a_number_stays() -> None:
    text = "Guten Tag 🙂, meine IBAN DE89 3704 0044 0532 0130 00 und die Karte 4111 1111 1111 1111. Tel. 0171 2345678."
    assert mask(text, "de").text == (
        "Guten Tag 🙂, meine IBAN [Kontonummer entfernt] und die Karte [Kartennummer entfernt]. Tel. 0171 2345678."
    )


def test_a_masked_text_stays_as_it_is() -> None:
    for texts in MASKED.values():
        for text in texts:
            once = mask(text, "de").text
            assert mask(once, "de").text == once


@pytest.mark.parametrize(
    "broken", ["DE88 3704 0044 0532 0130 00", "4111 1111 1111 1112", "65 170839 J 004", "131052-308U"]
)
def test_a_wrong_check_digit_is_something_else(broken: str) -> None:
    assert mask(broken, "de").kinds == ()


SENTENCES = [
    "Es geht um {}, bitte prüfen Sie das",
    "My order {} never arrived",
    "Bestellnummer {}",
    "{}",
    "Vorgang {} vom Mai",
]


def share_masked(sentence: str, length: int, rounds: int = 2000) -> float:
    chance = random.Random(length)
    numbers = ("".join(chance.choice(string.digits) for _ in range(length)) for _ in range(rounds))
    return sum(bool(mask(sentence.format(number), "de").kinds) for number in numbers) / rounds


@pytest.mark.parametrize("length", range(4, 15))
def test_random_order_numbers_are_left_alone(length: int) -> None:
    for sentence in SENTENCES:
        assert share_masked(sentence, length) == 0


@pytest.mark.parametrize("length", range(15, 21))
def test_random_long_numbers_are_hardly_ever_taken_for_cards(length: int) -> None:
    for sentence in SENTENCES:
        said_to_be_an_order = "order" in sentence or "Bestell" in sentence or "Vorgang" in sentence
        assert share_masked(sentence, length) <= (0 if said_to_be_an_order else 0.035)


def test_random_letters_and_digits_are_hardly_ever_masked() -> None:
    chance = random.Random(1)
    alphabet = string.ascii_uppercase + string.digits
    numbers = ["".join(chance.choice(alphabet) for _ in range(chance.randint(6, 18))) for _ in range(20_000)]
    assert sum(bool(mask(f"Nummer {number}", "de").kinds) for number in numbers) / len(numbers) < 0.001


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Nd", "No", "Nl")), max_size=400))
@settings(max_examples=300, deadline=None)
def test_text_without_digits_is_never_changed(text: str) -> None:
    assert mask(text, "de").text == text


@given(
    st.text(max_size=120),
    st.text(max_size=120),
    st.sampled_from(["DE89 3704 0044 0532 0130 00", "4111 1111 1111 1111"]),
)
@settings(max_examples=300, deadline=None)
def test_a_certain_number_is_found_wherever_it_stands(before: str, after: str, number: str) -> None:
    text = f"{before} \n{number}\n {after}"
    assert number not in mask(text, "de").text


@given(st.from_regex(r"(0|\+49|\+44|\+1)[ ]?[1-9][0-9]{1,3}[ /-]?[0-9]{5,8}", fullmatch=True))
@settings(max_examples=400, deadline=None)
def test_phone_numbers_are_never_masked(number: str) -> None:
    assert mask(f"Rufen Sie mich an: Tel. {number}", "de").kinds == ()
    assert mask(f"phone {number} please", "en").kinds == ()


@given(st.dates(), st.sampled_from(["%d.%m.%Y", "%Y-%m-%d", "%d/%m/%Y", "%d.%m.%y"]))
@settings(max_examples=300, deadline=None)
def test_dates_are_never_masked(date: object, form: str) -> None:
    assert mask(f"Am {date.strftime(form)} habe ich geschrieben", "de").kinds == ()


@given(st.from_regex(r"PR-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", fullmatch=True))
@settings(max_examples=300, deadline=None)
def test_ticket_references_are_never_masked(reference: str) -> None:
    for text in (reference, reference.lower(), f"Steuer-Frage zu {reference}", f"my passport request {reference}"):
        assert mask(text, "de").kinds == ()


@pytest.mark.parametrize(
    "text",
    [
        "1" * 2000,
        "1 " * 1000,
        "A1" * 1000,
        "DE89" * 500,
        "12.34." * 333,
        "steuer-id " * 199 + "1234",
        "tel 1" * 400,
        "4111 " * 400,
        "PR-1" * 500,
    ],
)
def test_no_text_makes_it_slow(text: str) -> None:
    began = time.perf_counter()
    mask(text, "de")
    assert time.perf_counter() - began < 0.5


def test_every_rule_is_of_a_kind_and_its_checks_exist() -> None:
    from bot.guard.checks import check_named

    for rule in RULES:
        assert rule.kind in KINDS
        for name in rule.checks:
            assert callable(check_named(name))
    for kind in KINDS.values():
        assert set(kind.title) == {"de", "en"}
