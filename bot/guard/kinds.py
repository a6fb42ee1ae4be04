"""The table of numbers people should not send: what they look like, how they are checked, and what they are called."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from bot.answers import Words


@dataclass
class Kind:
    """A kind of number: its name in both languages and the words that announce it."""

    name: str
    title: Words
    announced_by: re.Pattern[str]

    @cached_property
    def directly_before(self) -> re.Pattern[str]:
        """Return the pattern of a text that leads straight to a number of this kind."""
        return re.compile(self.announced_by.pattern + LINK, re.IGNORECASE)


@dataclass(frozen=True)
class Rule:
    """One form of a number.

    A rule that stands alone has a form or a check digit that chance hardly meets; the others count only beside a word
    that announces the kind, because a bare check digit fits one order number in ten.
    """

    kind: str
    form: re.Pattern[str]
    checks: tuple[str, ...]
    alone: bool = False
    certain: bool = False
    """Whether not even a word such as "order number" beside it makes it something else."""
    directly: bool = False
    """Whether nothing but "number is" may stand between the word and the number; then no check digit is asked for,
    because a mistyped tax number is still one."""


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"(?<![^\W\d_])(?:" + "|".join(patterns) + ")", re.IGNORECASE)


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(r"(?<![\w@+])(?:" + pattern + r")(?![\w@]|[.\-/]\w)", re.IGNORECASE)


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "identity",
            {"de": "Ausweisnummer", "en": "ID number"},
            _words(
                r"(?:personal)?ausweis",
                r"perso\b",
                r"identit(?:y|ätskarte|ätsnummer|y document)(?: ?(?:card|number|no))",
                r"identitäts(?:karte|nummer)",
                r"id[ -]?(?:card|number|no\b|nummer|nr)",
                r"(?:personal|national) (?:id|code|number|register)",
                r"personnummer",
                r"personenkennz",
                r"burgerservice",
                r"rijksregister",
                r"bsn\b",
                r"pesel\b",
                r"dni\b",
                r"nhs\b",
                r"cpr\b",
                r"isikukood",
                r"asmens kod",
                r"rodn[ée] č",
                r"f(?:ø|o)dselsnummer",
                r"henkilötunnus",
                r"emšo",
                r"emso\b",
                r"(?-i:CNP|EGN|OIB|NIE|AMKA)\b",
                r"cartão de cidadão",
                r"bürgernummer",
            ),
        ),
        Kind(
            "social-security",
            {"de": "Sozialversicherungsnummer", "en": "social security number"},
            _words(
                r"sozialversicherung",
                r"rentenversicherung",
                r"versicher(?:ungs|ten)-?(?:nummer|nr)",
                r"krankenkasse",
                r"krankenversicher",
                r"sv-?(?:nummer|nr)",
                r"svnr",
                r"ahv",
                r"social (?:security|insurance)",
                r"(?:my|his|her|their|the|full) social\b",
                r"ssn\b",
                r"national insurance",
                r"ni (?:number|no\b)",
                r"nino\b",
                r"n[º°uméro]* ?(?:de )?sécu",
                r"sécurité sociale",
                r"amka\b",
                r"(?-i:PPS|ITIN)\b",
            ),
        ),
        Kind(
            "tax",
            {"de": "Steuernummer", "en": "tax number"},
            _words(
                r"steuer(?:liche)?[ -]?(?:id|nummer|nr|ident)",
                r"idnr",
                r"st\.?-?nr",
                r"finanzamt",
                r"tax(?:payer)?[ -]?(?:id|no\b|number|ref|ident)",
                r"utr\b",
                r"nif\b",
                r"(?-i:TIN|NIP|AFM|EIN|ITIN|PPS|OIB|VNR)\b",
                r"codice fiscale",
                r"partita iva",
                r"unique taxpayer",
            ),
        ),
        Kind(
            "passport",
            {"de": "Passnummer", "en": "passport number"},
            _words(r"reisepass", r"pass(?:nummer|-?nr|port)", r"(?-i:Pass)\b"),
        ),
        Kind(
            "driving-licence",
            {"de": "Führerscheinnummer", "en": "driving licence number"},
            _words(r"f(?:ü|ue|u)hrerschein", r"fahrerlaubnis", r"driv(?:ing|er'?s?|er’s)[ -]licen[cs]e", r"dvla\b"),
        ),
        Kind(
            "bank-account",
            {"de": "Kontonummer", "en": "bank account number"},
            _words(
                r"kontonummer",
                r"konto-?nr",
                r"bankkonto",
                r"bankverbindung",
                r"iban\b",
                r"blz\b",
                r"bankleitzahl",
                r"bank account",
                r"account (?:no\b|number)",
                r"sort[ -]code",
            ),
        ),
        Kind(
            "card",
            {"de": "Kartennummer", "en": "card number"},
            _words(
                r"kredit ?karte",
                r"karten(?:nummer|-?nr)",
                r"visa\b",
                r"master ?card",
                r"amex\b",
                r"american express",
                r"maestro",
                r"girocard",
                r"debit",
                r"(?:credit|payment|bank) ?card",
                r"card (?:no\b|number)",
                r"karte\b",
                r"card\b",
            ),
        ),
    )
}

# Words beside a number that say it is something else, unless a word of the kind is there as well.
SOMETHING_ELSE = _words(
    r"bestell",
    r"auftrag",
    r"rechnung",
    r"kunden",
    r"vorgang",
    r"sendung",
    r"tracking",
    r"artikel",
    r"serien",
    r"aktenzeichen",
    r"ticket",
    r"fall(?:nummer|-?nr)",
    r"referenz",
    r"(?<!in )order",
    r"invoice",
    r"customer",
    r"case (?:no\b|number|id)",
    r"reference",
    r"shipment",
    r"parcel",
    r"serial",
    r"part (?:no\b|number)",
    r"lizenz",
    r"vertrag",
    r"contract",
    r"buchung",
    r"booking",
)

# What may stand between the word that announces a number and the number itself, when it directly follows.
LINK = (
    r"[\w.\-]*(?:[ :=#\-]{1,3}(?:nummer|number|nr\.?|no\.?|id|ist|lautet|lauten|is|die|the|hier|mine|meine)){0,4}"
    r"[ :=#\-]{1,3}$"
)

# Digits with at most one separator between two of them.
_S = r"[ .\-/]?"


def _digits(least: int, most: int) -> str:
    return rf"\d(?:{_S}\d){{{least - 1},{most - 1}}}"


# Visa, Mastercard, Discover, JCB, UnionPay, Maestro.
_CARD_PREFIX = (
    r"(?:4\d{3}|5[1-5]\d{2}|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720|6011|64[4-9]\d|65\d{2}|35\d{2}|62\d{2}"
    r"|6759|50\d{2}|6304)"
)

# What stands alone.
_ALONE: tuple[Rule, ...] = (
    Rule("card", _form(_CARD_PREFIX + r"([ \-.])\d{4}\1\d{4}\1\d{4}"), ("payment_card",), alone=True, certain=True),
    Rule("card", _form(r"3[47]\d{2}([ \-])\d{6}\1\d{5}"), ("payment_card",), alone=True, certain=True),
    Rule("card", _form(r"3(?:0[0-5]|[68]\d)\d([ \-])\d{6}\1\d{4}"), ("payment_card",), alone=True, certain=True),
    Rule("card", _form(_CARD_PREFIX + r"\d{12}"), ("payment_card",), alone=True),
    Rule("card", _form(r"3[47]\d{13}"), ("payment_card",), alone=True),
    Rule("social-security", _form(r"\d{2} ?[0-3]\d[01]\d{3} ?[A-Z] ?\d{3}"), ("german_pension_number",), alone=True),
    Rule(
        "social-security",
        _form(r"(?:QQ|[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]) ?\d{2} ?\d{2} ?\d{2} ?[A-D]"),
        ("national_insurance",),
        alone=True,
    ),
    Rule("social-security", _form(r"\d{3}-\d{2}-\d{4}"), ("us.ssn",), alone=True),
    Rule("social-security", _form(r"756\.\d{4}\.\d{4}\.\d{2}"), ("ch.ssn",), alone=True),
    Rule(
        "social-security",
        _form(r"[12]( ?)\d{2}\1[0-9]{2}\1(?:\d{2}|2[AB])\1\d{3}\1\d{3}\1? ?\d{2}"),
        ("fr.nir",),
        alone=True,
    ),
    Rule("social-security", _form(r"\d{4} [0-3]\d[01]\d{3}"), ("spaced_austrian_insurance",), alone=True),
    Rule("tax", _form(r"\d{2} \d{3} \d{3} \d{3}"), ("de.idnr",), alone=True),
    Rule("tax", _form(r"(?:\d{2,3}/\d{3}/\d{5}|\d{3}/\d{4}/\d{4})"), ("de.stnr",), alone=True),
    Rule("tax", _form(r"\d{2}-\d{3}/\d{4}"), ("at.tin",), alone=True),
    Rule(
        "tax",
        _form(r"[A-Z]{3} ?[A-Z]{3} ?\d{2} ?[A-EHLMPR-T] ?\d{2} ?[A-Z]\d{3} ?[A-Z]"),
        ("it.codicefiscale",),
        alone=True,
        certain=True,
    ),
    Rule("identity", _form(r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]"), ("fi.hetu",), alone=True),
    Rule("identity", _form(r"(?:\d{2})?\d{6}[-+]\d{4}"), ("se.personnummer",), alone=True),
    Rule("identity", _form(r"\d{6}/\d{4}"), ("cz.rc",), alone=True),
    Rule("identity", _form(r"\d{2}\.\d{2}\.\d{2}-\d{3}[. ]\d{2}"), ("be.nn",), alone=True),
    Rule("identity", _form(r"\d{3}-\d{7}-\d{2}"), ("be.eid",), alone=True),
    Rule("identity", _form(r"\d{8}[ -]?[A-HJ-NP-TV-Z]"), ("es.dni",), alone=True),
    Rule("identity", _form(r"[XYZ][ -]?\d{7}[ -]?[A-HJ-NP-TV-Z]"), ("es.nie",), alone=True),
    Rule("identity", _form(r"\d{8} ?\d ?[A-Z][A-Z0-9]\d"), ("pt.cc",), alone=True),
    Rule(
        "driving-licence",
        _form(r"[A-Z9]{5}\d[0156]\d[0-3]\d\d[A-Z9]{2}[A-Z0-9]{3}(?:\d{2})?"),
        ("british_driver",),
        alone=True,
    ),
)

# What counts only beside a word that announces it.
_ANNOUNCED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "identity",
        _digits(8, 13),
        (
            "bg.egn",
            "bg.pnf",
            "hr.oib",
            "cz.rc",
            "dk.cpr",
            "ee.ik",
            "lt.asmens",
            "nl.bsn",
            "pl.pesel",
            "ro.cnp",
            "si.emso",
            "se.personnummer",
            "be.nn",
            "be.bis",
            "be.eid",
            "no.fodselsnummer",
            "gb.nhs",
            "gr.amka",
        ),
    ),
    ("identity", r"[A-Z]{2}[A-Z0-9]{6}\d", ("nl.identiteitskaartnummer",)),
    ("identity", r"[LMNPRTVWXYCFGHJK][0-9CFGHJKLMNPRTVWXYZ]{8}[ <-]?\d?", ("german_document",)),
    ("identity", r"\d{9,10}", ("machine_readable_document",)),
    (
        "social-security",
        _digits(9, 15),
        ("us.ssn", "us.itin", "at.vnr", "fr.nir", "gr.amka", "ch.ssn", "nl.bsn", "ee.ik", "be.nn"),
    ),
    ("social-security", r"\d{7}[A-W][ABW]?", ("ie.pps",)),
    # German health insurance, which stdnum does not know.
    ("social-security", r"[A-Z] ?\d{3} ?\d{3} ?\d{3}", ("anything",)),
    (
        "tax",
        _digits(8, 13),
        (
            "de.idnr",
            "de.stnr",
            "at.tin",
            "gb.utr",
            "us.itin",
            "us.ein",
            "us.ssn",
            "pt.nif",
            "pl.nip",
            "pl.pesel",
            "gr.vat",
            "hr.oib",
            "fr.nif",
            "si.ddv",
            "ro.cf",
            "nl.bsn",
            "at.vnr",
            "bg.egn",
        ),
    ),
    ("tax", r"\d{7}[A-W][ABW]?", ("ie.pps",)),
    ("tax", r"[A-Z0-9]\d{7}[A-Z0-9]", ("es.nif",)),
    ("passport", r"[CFGHJK][0-9CFGHJKLMNPRTVWXYZ]{8}[ <-]?\d?", ("german_document",)),
    ("passport", r"[A-Z]{0,2} ?\d{6,9}", ("anything",)),
    ("driving-licence", r"[A-Z][0-9A-Z]{2}[0-9A-Z]{6}\d[0-9A-Z]", ("anything",)),
    ("driving-licence", r"[A-Z]{0,3}[ -]?\d(?:[ -]?\d){5,14}", ("anything",)),
    ("bank-account", _digits(6, 20), ("anything",)),
    ("card", _digits(13, 19), ("payment_card",)),
)

_DIRECTLY_ANNOUNCED = r"[A-Z]{0,2}" + _digits(7, 15) + r"[A-Z]{0,2}"

RULES: tuple[Rule, ...] = (
    *_ALONE,
    *(Rule(kind, _form(form), checks) for kind, form, checks in _ANNOUNCED),
    *(
        Rule(kind, _form(_DIRECTLY_ANNOUNCED), ("anything",), directly=True)
        for kind in ("identity", "social-security", "tax")
    ),
)

# What is never looked into: addresses, references of tickets, dates, and phone numbers said to be such.
NEVER: tuple[re.Pattern[str], ...] = (
    re.compile(r"[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+"),
    re.compile(r"\bhttps?://\S+", re.IGNORECASE),
    re.compile(r"\bPR[- ]?[0-9A-Z]{4}[- ]?[0-9A-Z]{4}\b", re.IGNORECASE),
    re.compile(r"(?<!\d)\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d{2}(?!\d)"),
    re.compile(r"(?<!\d)(?:19|20)\d{2}-\d{2}-\d{2}(?!\d)"),
    re.compile(r"(?<![\w])(?:\+|00)\d[\d /().\-]{6,}\d"),
    re.compile(
        r"(?:tel(?:efon)?|fon|phone|mobil(?:e|nummer)?|handy(?:nummer)?|call|ruf|fax)\w*\.?:?\s{0,2}(?:(?:is|ist|nr|no)\.?:?\s)?"
        r"[\d(][\d /().\-]{5,}\d",
        re.IGNORECASE,
    ),
)
