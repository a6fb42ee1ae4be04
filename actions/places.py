"""Finds the place a visitor names, so that the right supervisory authority is given and never a guess."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from babel import Locale

from actions.reading.spelling import bare, distance, folded, tolerance
from actions.reading.words import word_set

AUTHORITIES = Path(__file__).resolve().parent.parent / "data" / "authorities"
ELSEWHERE = "elsewhere"
LONGEST_NAME_IN_WORDS = 5
# A nationality says less about where somebody lives than a city does, so it only counts when nothing else is named.
WEIGHT = {"country": 2, "regions": 3, "cities": 3, "people": 1}
_PEOPLE = WEIGHT["people"]
_COUNTRY = WEIGHT["country"]
# Names of places that are also everyday words in one of the languages. Inside a sentence they count only after a word
# such as "in" or "from"; as the whole answer they always do.
EVERYDAY_WORDS = word_set("everyday-words-among-places")
PLACE_WORDS = word_set("before-places")
NATIONALITY_WORDS = word_set("before-nationalities")
# In a short name a wrong letter makes another town ("Lindau" is no "Landau"); a letter too many, too few or swapped is
# an error.
_SHORT_NAME = 6


@dataclass(frozen=True)
class Authority:
    """A supervisory authority as data/authorities gives it."""

    place: str
    kind: str
    name: str
    name_en: str
    website: str
    address: str = ""
    phone: str = ""
    email: str = ""
    complaint_url: str = ""
    note_de: str = ""
    note_en: str = ""

    def called(self, language: str) -> str:
        """Return the name to show: the authority's own, and the English one beside it for readers of English."""
        if language == "de" and self.place.split("-")[0] in {"DE", "AT", "CH", "LI"}:
            return self.name
        return self.name if self.name.startswith(self.name_en) else f"{self.name_en} ({self.name})"

    def note(self, language: str) -> str:
        """Return what is worth knowing before writing to this authority, if anything."""
        return self.note_de if language == "de" else self.note_en


@dataclass(frozen=True)
class Reading:
    """Which place a text names: one code, several to choose from, a country without an authority on file, or none.

    Such a country is given as the visitor wrote it, or by its two-letter code when only its people were named.
    """

    codes: tuple[str, ...] = ()
    elsewhere: str = ""

    @property
    def code(self) -> str | None:
        """Return the place when there is exactly one."""
        return self.codes[0] if len(self.codes) == 1 else None

    @property
    def is_ambiguous(self) -> bool:
        """Tell whether the visitor has to say which of several places is meant."""
        return len(self.codes) > 1


@dataclass(frozen=True)
class _Entry:
    code: str
    weight: int
    country: str = ""


@cache
def _document() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.safe_load((AUTHORITIES / "places.yml").read_text(encoding="utf-8"))
    return loaded


@cache
def authorities() -> Mapping[str, Authority]:
    """Return the authorities by place."""
    loaded = yaml.safe_load((AUTHORITIES / "authorities.yml").read_text(encoding="utf-8"))
    fields = Authority.__dataclass_fields__
    return {
        place: Authority(**{key: entry[key] for key in fields if entry.get(key)}) for place, entry in loaded.items()
    }


@cache
def _gazetteer() -> Mapping[str, frozenset[_Entry]]:
    """Return every spelling of every name, with the places it stands for."""
    found: dict[str, set[_Entry]] = {}
    document = _document()
    for code, names in document["places"].items():
        for kind, weight in WEIGHT.items():
            for name in names.get(kind, ()):
                _add(found, name, _Entry(code, weight))
    for name in (*document["elsewhere"], *_other_countries()):
        if not _spelled(name) & found.keys():
            _add(found, name, _Entry(ELSEWHERE, WEIGHT["country"]))
    for country, people in document["elsewhere_people"].items():
        for name in people:
            _add(found, name, _Entry(ELSEWHERE, _PEOPLE, country))
    for name, codes in document["ambiguous"].items():
        chosen = [document["usual"][name]] if name in document["usual"] else codes
        for spelling in _spelled(name):
            found[spelling] = {_Entry(code, WEIGHT["cities"]) for code in chosen}
    return {spelling: frozenset(entries) for spelling, entries in found.items()}


def _add(found: dict[str, set[_Entry]], name: str, entry: _Entry) -> None:
    for spelling in _spelled(name):
        found.setdefault(spelling, set()).add(entry)


def _spelled(name: str) -> set[str]:
    """Return a name with two-letter umlauts and with none."""
    return {spelling for spelling in (folded(str(name)), bare(str(name))) if spelling}


def _other_countries() -> Iterable[str]:
    """Name the world's countries, so that one without an authority on file is told apart from no country at all."""
    for language in ("de", "en"):
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in {"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB"}:
                yield name


@cache
def _long_names() -> tuple[str, ...]:
    return tuple(name for name in _gazetteer() if tolerance(name) and name not in EVERYDAY_WORDS)


def find_place(text: str, asked: bool = False) -> Reading:
    """Find the place a text names.

    Args:
        text: What the visitor wrote.
        asked: Whether the visitor was just asked for a place, so that a bare code such as "by" is an answer.
    """
    entries: set[_Entry] = set()
    words_of = _words(text)
    for words in words_of:
        entries |= _exact(words, asked)
    if not entries:
        for words in words_of:
            entries |= _misspelled(words, asked)
    return _chosen(entries, text)


def _words(text: str) -> list[list[str]]:
    """Return the words with both umlaut spellings; one list when they agree."""
    readings = [folded(text).split(), bare(text).split()]
    return readings[:1] if readings[0] == readings[1] else readings


def _exact(words: list[str], asked: bool) -> set[_Entry]:
    """Look up runs of words, the longest first, so that "New York City" is not also "York"."""
    gazetteer = _gazetteer()
    found: set[_Entry] = set()
    position = 0
    while position < len(words):
        for length in range(min(LONGEST_NAME_IN_WORDS, len(words) - position), 0, -1):
            name = " ".join(words[position : position + length])
            entries = gazetteer.get(name) or _adjective(name)
            if entries and (_counts(name, words, position, asked) or _is_nationality(entries, words, position)):
                found |= entries
                position += length - 1
                break
        position += 1
    return found


def _adjective(name: str) -> frozenset[_Entry]:
    """Read German forms such as "bayerischen", "Münchens" or "Hamburger" by their ending."""
    for ending in ("ischen", "ischer", "isches", "en", "er", "s", "n", "e"):
        stem = name.removesuffix(ending)
        if stem != name and len(stem) >= 5 and stem not in EVERYDAY_WORDS:
            for form in (stem, stem + "isch" if ending.startswith("isch") else stem):
                if form in _gazetteer():
                    return _gazetteer()[form]
    return frozenset()


def _counts(name: str, words: list[str], position: int, asked: bool) -> bool:
    if name not in EVERYDAY_WORDS and len(name) > 3:
        return True
    alone = len(words) == len(name.split())
    if alone:
        return asked or name not in EVERYDAY_WORDS
    before = words[position - 1] if position else ""
    if len(name) == 2:
        return name == "us" and before == "the"
    return before in PLACE_WORDS or (name not in EVERYDAY_WORDS and len(name) == 3)


def _is_nationality(entries: frozenset[_Entry], words: list[str], position: int) -> bool:
    """Tell whether a word that may be an everyday one says here whose countryman somebody is ("ich bin Pole")."""
    before = words[position - 1] if position else ""
    return before in NATIONALITY_WORDS and all(entry.weight == _PEOPLE for entry in entries)


def _misspelled(words: list[str], asked: bool) -> set[_Entry]:
    """Forgive typing errors, but only where a place is expected: ordinary words resemble small towns too often."""
    best: dict[str, int] = {}
    for position in range(len(words)):
        for length in (3, 2, 1):
            run = words[position : position + length]
            expected = (asked and len(words) <= 4) or (position and words[position - 1] in PLACE_WORDS)
            if len(run) < length or not expected or run[0] in PLACE_WORDS | EVERYDAY_WORDS:
                continue
            name = " ".join(run)
            allowed = tolerance(name)
            for candidate in _long_names() if allowed else ():
                if abs(len(candidate) - len(name)) > allowed or candidate[0] != name[0]:
                    continue
                errors = distance(name, candidate)
                if errors <= min(allowed, tolerance(candidate)) and not _is_another(name, candidate):
                    best[candidate] = min(errors, best.get(candidate, errors))
    fewest = min(best.values(), default=0)
    closest = [name for name, errors in best.items() if errors == fewest]
    return {entry for name in closest for entry in _gazetteer()[name]}


def _is_another(name: str, candidate: str) -> bool:
    """Tell whether a short name with one letter changed is more likely another town than a typing error."""
    short = len(name) == len(candidate) <= _SHORT_NAME
    return short and sorted(name) != sorted(candidate) and not _is_country(candidate)


def _is_country(name: str) -> bool:
    return any(entry.weight == _COUNTRY for entry in _gazetteer()[name])


def _chosen(entries: set[_Entry], text: str) -> Reading:
    if not entries:
        return Reading()
    heaviest = max(entry.weight for entry in entries)
    # A country named beside one of its own states or cities says nothing more; any other second place is a question.
    cut = 2 if heaviest >= 2 else 1
    codes = {entry.code for entry in entries if entry.weight >= cut}
    codes = {code for code in codes if not any(other.startswith(code + "-") for other in codes)}
    if codes == {ELSEWHERE}:
        people = {entry.country for entry in entries if entry.code == ELSEWHERE}
        return Reading(elsewhere=people.pop() if people != {""} and len(people) == 1 else _elsewhere_name(text))
    return Reading(codes=tuple(sorted(codes)))


def _elsewhere_name(text: str) -> str:
    """Return the country as the visitor wrote it, which is how it is said back."""
    spelled = re.findall(r"[^\s,.;:!?]+", text)
    for length in range(min(LONGEST_NAME_IN_WORDS, len(spelled)), 0, -1):
        for position in range(len(spelled) - length + 1):
            name = " ".join(spelled[position : position + length])
            if any(entry.code == ELSEWHERE and not entry.country for entry in _gazetteer().get(folded(name), ())):
                return name
    return text.strip()


def country_of(code: str) -> str:
    """Return the country of a place: that of a German state is Germany."""
    return code.split("-")[0]


def country_code(text: str) -> str | None:
    """Return the two-letter code of the country a text names, through its cities too; also of countries elsewhere."""
    reading = find_place(text, asked=True)
    countries = {country_of(code) for code in reading.codes if code != ELSEWHERE}
    if len(countries) == 1 and ELSEWHERE not in reading.codes:
        return countries.pop()
    return _territory(reading.elsewhere) if reading.elsewhere else None


@cache
def _territories() -> Mapping[str, str]:
    named: dict[str, str] = {}
    for language in ("de", "en"):
        for code, name in Locale(language).territories.items():
            if len(code) == 2:
                named.setdefault(folded(name), code)
    return named


def _territory(name: str) -> str | None:
    return name if _is_code(name) else _territories().get(folded(name))


def _is_code(name: str) -> bool:
    return len(name) == 2 and name.isupper()


def place_name(code: str, language: str) -> str:
    """Return what a place is called in a language; a name that is no code stays as it was written."""
    if code == ELSEWHERE:
        return "ein anderes Land" if language == "de" else "another country"
    if len(code) != 2 and code not in _document()["places"]:
        return code
    if "-" not in code:
        return str(Locale(language).territories.get(code, code))
    names = _document()["places"][code]["country"]
    chosen: str = (
        names[0] if language == "de" else next((name for name in names if name in _english_states()), names[0])
    )
    return re.sub(r"[^\W\d_]+", lambda word: word[0].capitalize(), chosen)


@cache
def _english_states() -> frozenset[str]:
    return frozenset(
        {
            "bavaria",
            "lower saxony",
            "north rhine-westphalia",
            "rhineland-palatinate",
            "saxony",
            "saxony-anhalt",
            "thuringia",
            "hesse",
            "mecklenburg-western pomerania",
        }
    )
