"""Loads and checks the answers in data/answers, so that a mistake there stops the start and not a conversation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

LANGUAGES = ("de", "en")
MAXIMUM_TITLE_LENGTH = 45
MAXIMUM_BUTTONS = 3
NOT_COVERED = "not-covered"

Words = Mapping[str, str]


class AnswersError(ValueError):
    """The answer files are not usable; the message lists every problem found."""


@dataclass(frozen=True)
class Button:
    """A next step offered below an answer: another topic or a flow."""

    kind: str
    target: str


@dataclass(frozen=True)
class Answer:
    """What the assistant says about one topic, or about one thing the statement does not say."""

    key: str
    title: Words
    text: Words
    section: str | None = None
    buttons: tuple[Button, ...] = ()

    @property
    def topic(self) -> str:
        """Return the topic id of the catalogue; all the details share `not-covered`."""
        return self.key.split("/", 1)[0]

    @property
    def detail(self) -> str | None:
        """Return which unanswered question this is about, if it is one."""
        return self.key.split("/", 1)[1] if "/" in self.key else None


@dataclass(frozen=True)
class Catalogue:
    """All answers, and the names used for sections, flows and languages."""

    answers: Mapping[str, Answer]
    sections: Mapping[str, Words]
    flows: Mapping[str, Words]
    languages: Mapping[str, Words]
    out_of_scope: Answer
    unclear: Answer
    suggestions: tuple[str, ...]
    statement_date: str


@dataclass
class _Loading:
    """Collects entries and problems while the files are read, to report all problems at once."""

    answers: dict[str, Answer] = field(default_factory=dict)
    sections: dict[str, Words] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def load_catalogue(folder: Path) -> Catalogue:
    """Read every file of the folder and return the checked catalogue."""
    documents = {path.name: _read(path) for path in sorted(folder.glob("*.yml"))}
    for required in ("general.yml", "not-covered.yml"):
        if required not in documents:
            raise AnswersError(f"{folder / required} is missing.")
    general = documents.pop("general.yml")
    not_covered = documents.pop("not-covered.yml")
    loading = _Loading()
    for name, document in documents.items():
        _take_section(loading, name, document)
    _take_details(loading, not_covered)
    catalogue = _assemble(loading, general)
    _check_targets(loading, catalogue)
    if loading.problems:
        raise AnswersError("The answers cannot be used:\n  " + "\n  ".join(loading.problems))
    return catalogue


def _read(path: Path) -> dict[str, Any]:
    try:
        document = YAML(typ="safe").load(path)
    except YAMLError as error:
        raise AnswersError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(document, dict):
        raise AnswersError(f"{path} must hold a mapping.")
    return document


def _take_section(loading: _Loading, name: str, document: dict[str, Any]) -> None:
    section = document.get("section")
    if not isinstance(section, dict) or "id" not in section:
        loading.problems.append(f"{name}: the section has no id.")
        return
    loading.sections[section["id"]] = _words(loading, f"{name}: section", section.get("title"))
    for key, entry in (document.get("topics") or {}).items():
        _take_answer(loading, f"{name}: {key}", key, entry, section["id"])


def _take_details(loading: _Loading, document: dict[str, Any]) -> None:
    for detail, entry in (document.get("details") or {}).items():
        place = f"not-covered.yml: {detail}"
        nearest = entry.get("nearest") if isinstance(entry, dict) else None
        section = (nearest or {}).get("section") or "contact"
        if section not in loading.sections:
            loading.problems.append(f"{place}: there is no section {section!r}.")
        _take_answer(loading, place, f"{NOT_COVERED}/{detail}", entry, section)


def _take_answer(loading: _Loading, place: str, key: str, entry: Any, section: str) -> None:
    if key in loading.answers:
        loading.problems.append(f"{place}: answered twice.")
    loading.answers[key] = _answer(loading, place, key, entry, section)


def _answer(loading: _Loading, place: str, key: str, entry: Any, section: str | None) -> Answer:
    if not isinstance(entry, dict):
        loading.problems.append(f"{place}: must be a mapping with title and text.")
        entry = {}
    title = _words(loading, f"{place}: title", entry.get("title"))
    for language, words in title.items():
        if len(words) > MAXIMUM_TITLE_LENGTH:
            loading.problems.append(f"{place}: the title in {language} is longer than {MAXIMUM_TITLE_LENGTH}.")
    text = _words(loading, f"{place}: text", entry.get("text"))
    return Answer(key, title, text, section, _buttons(loading, place, entry.get("buttons") or []))


def _words(loading: _Loading, place: str, value: Any) -> Words:
    words = {}
    for language in LANGUAGES:
        text = value.get(language) if isinstance(value, dict) else None
        if not isinstance(text, str) or not text.strip():
            loading.problems.append(f"{place}: nothing in {language!r}.")
            text = "…"
        words[language] = text.strip()
    return words


def _buttons(loading: _Loading, place: str, entries: Any) -> tuple[Button, ...]:
    if not isinstance(entries, list) or len(entries) > MAXIMUM_BUTTONS:
        loading.problems.append(f"{place}: buttons must be a list of at most {MAXIMUM_BUTTONS}.")
        return ()
    buttons = []
    for entry in entries:
        if not isinstance(entry, dict) or len(entry) != 1 or next(iter(entry)) not in {"topic", "flow"}:
            loading.problems.append(f"{place}: a button is {{topic: …}} or {{flow: …}}.")
            continue
        buttons.extend(Button(kind, str(target)) for kind, target in entry.items())
    return tuple(buttons)


def _assemble(loading: _Loading, general: dict[str, Any]) -> Catalogue:
    flows = {
        name: _words(loading, f"general.yml: flow {name}", (entry or {}).get("title"))
        for name, entry in (general.get("flows") or {}).items()
    }
    languages = {
        name: _words(loading, f"general.yml: language {name}", entry)
        for name, entry in (general.get("languages") or {}).items()
    }
    unclear = general.get("unclear") or {}
    if "statement_date" not in general:
        loading.problems.append("general.yml: statement_date is missing.")
    return Catalogue(
        answers=loading.answers,
        sections=loading.sections,
        flows=flows,
        languages=languages,
        out_of_scope=_answer(loading, "general.yml: out-of-scope", "out-of-scope", general.get("out-of-scope"), None),
        unclear=_answer(loading, "general.yml: unclear", "unclear", unclear, None),
        suggestions=tuple(unclear.get("suggestions") or ()),
        statement_date=str(general.get("statement_date", "")),
    )


def _check_targets(loading: _Loading, catalogue: Catalogue) -> None:
    """Every button and suggestion must lead somewhere."""
    for answer in (*catalogue.answers.values(), catalogue.out_of_scope, catalogue.unclear):
        for button in answer.buttons:
            known = catalogue.answers if button.kind == "topic" else catalogue.flows
            if button.target not in known:
                loading.problems.append(f"{answer.key}: a button leads to the unknown {button.kind} {button.target!r}.")
    for topic in catalogue.suggestions:
        if topic not in catalogue.answers:
            loading.problems.append(f"general.yml: unclear suggests the unknown topic {topic!r}.")
    if "inquiry" not in catalogue.flows:
        loading.problems.append("general.yml: the flow inquiry has no title.")
