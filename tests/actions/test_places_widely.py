"""Many ways to name a place: countries, states, cities, nationalities, nicknames, typing errors, both languages."""

from __future__ import annotations

import pytest

from actions.places import authorities, country_code, find_place, place_name

ANSWERS = {
    "AT": [
        "bin Österreicher",
        "Tirol",
        "Oestereich",
        "Vienna",
        "Salzburg",
        "Linz",
        "Graz, Austria",
        "Wean",
        "Oberösterreich",
        "OÖ",
        "Vorarlberg",
        "Kärnten",
        "Steiermark",
    ],
    "CH": [
        "als Schweizerin",
        "ich bin Schweizer Staatsbürger",
        "Swizerland",
        "Switserland",
        "Schweitz",
        "Zurich",
        "Genf",
        "Swiss",
        "Freiburg Schweiz",
        "Bern",
        "Basel",
        "Bärn",
        "Züri",
        "z'Züri",
    ],
    "NL": ["I am Dutch", "I'm from Holland", "ich bin Holländerin", "Rotterdam", "Den Haag"],
    "DE-MV": ["aus Meck-Pomm", "MeckPom", "meckpom", "Rostock", "Schwerin"],
    "DE-NW": [
        "NRW",
        "in N.R.W.",
        "Essen",
        "Essen in Nordrhein-Westfalen",
        "Düsseldrof",
        "duesseldorf",
        "Cologne",
        "Ruhrpott",
        "Pott",
        "Castrop-Rauxel",
        "Lünen",
        "Marl",
        "Dorsten",
        "Velbert",
        "Troisdorf",
        "Siegburg",
        "Kleve",
        "Bocholt",
        "Viersen",
        "Wesel",
        "Lüdenscheid",
        "Euskirchen",
        "Rheine",
        "Arnsberg",
        "Herford",
        "Soest",
        "Bergheim",
        "Langenfeld",
        "Hürth",
    ],
    "DE-BW": [
        "BaWü",
        "ba wü",
        "Ba-Wü",
        "Freiburg",
        "Sigmaringen",
        "Schwäbisch Hall",
        "Tuttlingen",
        "Lörrach",
        "Weinheim",
        "Bruchsal",
        "Rastatt",
        "Ich bin Schwabe",
    ],
    "US": [
        "the States",
        "in den Staaten",
        "die Vereinigten Staaten von Amerika",
        "U.S.A.",
        "US",
        "in the US of A",
        "NYC",
        "Texas",
        "Californa",
        "California",
        "ich bin Amerikaner",
        "I'm an American citizen",
        "Los Angelos",
        "San Fransisco",
        "Philly",
        "Boston",
        "Washington",
    ],
    "GB": [
        "Manchester",
        "England",
        "United Kingdm",
        "UK",
        "I'm British",
        "ich bin Engländer",
        "Scotland",
        "Schottin",
        "Great Britian",
        "Bristol",
        "Leeds",
        "Glasgow",
        "Bath",
        "Reading",
        "Hull",
        "Sunderland",
        "Wolverhampton",
        "Wales",
        "Northern Ireland",
        "Birmingham",
    ],
    "IT": ["Südtirol", "Italy", "Itlay", "Milano", "Roma", "Firenze", "Napoli", "Torino", "Venice"],
    "DE-BB": ["Frankfurt Oder", "Frankfurt/Oder", "Brandenbrug", "Potsdam", "Oranienburg"],
    "DE-HE": ["Frankfurt", "Wiesbaden", "Offenbach", "Rüsselsheim", "Bad Homburg", "Hesse"],
    "DE-NI": ["Hanover", "Lower Saxony", "Ostfriesland", "Langenhagen", "Garbsen", "Wolfsburg"],
    "DE-BY": [
        "Nuremberg",
        "Munich, Bavaria",
        "Bayren",
        "Baiern",
        "Franken",
        "Oberpfalz",
        "Allgäu",
        "Kempten",
        "Lindau",
        "Weiden",
        "Amberg",
        "Hof",
        "Bad Tölz",
        "Ich bin Bayer",
    ],
    "DE-BE": ["Berln", "I am a US citizen living in Berlin", "ich bin Berlinerin"],
    "DE-HH": ["Hambrug"],
    "DE-ST": ["Sachsenanhalt", "Halle"],
    "DE-SN": ["Saxony", "Riesa", "Görlitz", "Sachse"],
    "DE-TH": ["Thuringa", "Erfurt", "Jena"],
    "DE-SH": ["Schleswig Holstien", "Kiel"],
    "DE-RP": ["Rheinland Pfalz", "in der Pfalz", "Mainz", "Worms", "Pfälzer"],
    "DE-SL": ["Saarbruecken"],
    "DE-HB": ["Bremerhaven", "Bremen"],
    "FR": ["Frankreich", "Paris", "Straßburg", "Nice", "Nizza"],
    "ES": ["Spanien, Mallorca", "auf Malle", "Malle"],
    "PT": ["Portual", "Lisbon", "Porto"],
    "PL": ["Polen", "I am Polish", "Ich bin Pole", "Warsaw", "Krakow"],
    "DK": ["ich bin Däne", "Denmark"],
    "SE": ["schwedischer Staatsbürger", "Sweeden"],
    "FI": ["Finland"],
    "NO": ["Norway", "Norwegian"],
    "IS": ["Iceland"],
    "IE": ["Irland", "Eire", "Cork"],
    "BE": ["Belgium", "Brüssel", "Antwerpen", "Gent"],
    "LU": ["Luxembourg"],
    "LI": ["Lichtenstein", "Liechtenstein"],
    "CZ": ["Tschechei", "Czech Republic", "Prague"],
    "SK": ["Slovakia"],
    "SI": ["Slovenia"],
    "HU": ["Hungary"],
    "RO": ["Romania"],
    "BG": ["Bulgarien"],
    "GR": ["Greece"],
    "HR": ["Kroatien"],
    "CY": ["Zypern"],
    "MT": ["Malta"],
    "EE": ["Estland"],
    "LT": ["Litauen"],
    "LV": ["Lettland"],
    "CA": ["Kanada", "Toronto"],
    "AU": ["Aussie", "Sydney"],
    "ZA": ["South Africa", "Cape Town"],
    "AE": ["Dubai", "Emirates", "UAE"],
    "DE": [
        "Deutschland",
        "Germany",
        "Ich bin Deutscher",
        "I'm German",
        "deutsche Staatsangehörige",
        "Bundesrepublik",
        "Ostdeutschland",
    ],
}
SENTENCES = [
    ("Ich bin Franzose. Welche Behörde ist für mich zuständig?", "FR"),
    ("I'm a Frenchman, who is my regulator", "FR"),
    ("I live in the states", "US"),
    ("I live in NYC, who do I complain to", "US"),
    ("which data protection authority covers Manchester?", "GB"),
    ("ich wohne in Essen", "DE-NW"),
    ("welche Behörde ist für Essen zuständig", "DE-NW"),
    ("wer ist in Essen für Datenschutz zuständig?", "DE-NW"),
    ("I live in Essen, Germany", "DE-NW"),
    ("im Saarland", "DE-SL"),
    ("Österreichische Behörde", "AT"),
    ("in Wien", "AT"),
    ("I'm Danish", "DK"),
    ("Scouser from Liverpool", "GB"),
]
NO_PLACES = [
    ("ich möchte beim Essen nicht überwacht werden, welche Behörde hilft", False),
    ("Daten über mein Essen, an welche Aufsichtsbehörde wende ich mich", False),
    ("Welche Behörde prüft Daten von Essensbestellungen", False),
    ("Timbuktu", True),
    ("Mordor", True),
    ("Kleinkleckersdorf", True),
    ("EU", True),
    ("Europa", True),
    ("Europe", True),
    ("irgendwo", True),
    ("keine Ahnung", True),
    ("zuhause", True),
    ("at home", True),
    ("Woher kamen die Daten? Welche Behörde hilft mir beim Essen", False),
    ("Lindav", True),
]


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in ANSWERS.items() for text in texts])
def test_an_answer_names_its_place(code: str, text: str) -> None:
    assert find_place(text, asked=True).code == code


def test_the_answers_are_of_every_country_and_state_with_an_authority() -> None:
    assert authorities().keys() == ANSWERS.keys()


@pytest.mark.parametrize(("text", "code"), SENTENCES)
def test_a_question_names_its_place(text: str, code: str) -> None:
    assert find_place(text).code == code


@pytest.mark.parametrize(("text", "asked"), NO_PLACES)
def test_what_is_not_known_or_no_place_is_never_guessed(text: str, asked: bool) -> None:
    reading = find_place(text, asked=asked)
    assert (reading.codes, reading.elsewhere) == ((), "")


@pytest.mark.parametrize(
    ("text", "german", "english"),
    [
        ("Ich bin Türke", "Türkei", "Türkiye"),
        ("Inder", "Indien", "India"),
        ("I'm Brazilian", "Brasilien", "Brazil"),
        ("Ich wohne in der Türkei", "Türkei", "Türkei"),
        ("Saudi-Arabien", "Saudi-Arabien", "Saudi-Arabien"),
    ],
)
def test_countries_without_an_authority_are_named_by_their_people_too(text: str, german: str, english: str) -> None:
    reading = find_place(text, asked=True)
    assert reading.codes == ()
    assert (place_name(reading.elsewhere, "de"), place_name(reading.elsewhere, "en")) == (german, english)


def test_people_of_a_country_name_it_in_a_complaint() -> None:
    assert country_code("I'm Brazilian") == "BR"
