"""Makes a stock Rasa project of our training data: the pipeline and policies Rasa itself falls back to, and no code."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tools.training import ROOT, quiet_rasa

ASSISTANT_PYTHON = ROOT / ".venv" / "assistant" / "bin" / "python"
LANGUAGES = ("de", "en")
#: Groups whose labels, such as `faq/cookies`, are what Rasa calls retrieval intents, for its response selector.
RETRIEVED = ("faq", "not-covered", "chitchat", "out-of-scope")
#: Rasa keeps this intent for a command of its own.
RENAMED = {"back": "go-back"}
#: The action that stands for every custom action of ours; it does next to nothing, in stock Rasa's favour.
ACTIONS = '''"""Stands in for every custom action: sets a slot and says one thing."""
import json
import pathlib

from rasa_sdk import Action
from rasa_sdk.events import SlotSet


def _named(name):
    def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text="Die Aufsichtsbehörde ist gefunden.")
        return [SlotSet("last_read", tracker.latest_message.get("text"))]

    return type(name, (Action,), {"name": lambda self: name, "run": run})


for _name in json.loads((pathlib.Path(__file__).parent / "actions.json").read_text()):
    globals()[_name] = _named(_name)
'''


@dataclass(frozen=True)
class Phrases:
    """Some phrases for every label: `by_label[label][language]`, in the order of the files."""

    by_label: Mapping[str, Mapping[str, tuple[str, ...]]]

    @property
    def count(self) -> int:
        """Count all phrases."""
        return sum(len(phrases) for spoken in self.by_label.values() for phrases in spoken.values())

    def renamed(self) -> Phrases:
        """Give the same phrases under the labels that stock Rasa can have."""
        return Phrases({RENAMED.get(label, label): spoken for label, spoken in self.by_label.items()})

    def first(self, label: str, language: str = "de") -> str:
        """Give a label's first phrase."""
        return self.by_label[label][language][0]


@dataclass(frozen=True)
class Trained:
    """A model of stock Rasa, and how long training it took."""

    model: Path
    seconds: float


def first_phrases(a_label: int) -> Phrases:
    """Take the first so many phrases of each label and language from data/nlu."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for language in LANGUAGES:
        for label, phrases in _labelled(language):
            earlier = found.setdefault(label, {}).get(language, ())
            found[label][language] = tuple(dict.fromkeys([*earlier, *phrases]))[:a_label]
    return Phrases(found)


def _labelled(language: str) -> Iterator[tuple[str, list[str]]]:
    for file in sorted((ROOT / "data" / "nlu" / language).glob("*.yml")):
        for entry in yaml.safe_load(file.read_text(encoding="utf-8"))["nlu"]:
            yield entry["intent"], [line[2:].strip() for line in entry["examples"].splitlines() if line.strip()]


def write_phrases(phrases: Phrases, folder: Path) -> None:
    """Write the phrases as Rasa reads them, a file for each language in a folder of its name."""
    for language in LANGUAGES:
        entries = [
            {"intent": label, "examples": "".join(f"- {phrase}\n" for phrase in spoken[language])}
            for label, spoken in sorted(phrases.by_label.items())
            if spoken.get(language)
        ]
        _write(folder / language / "phrases.yml", {"version": "3.1", "nlu": entries})


def write_project(phrases: Phrases, folder: Path) -> None:
    """Write a whole project."""
    write_phrases(phrases, folder / "data" / "nlu")
    next_actions = _next_actions(phrases)
    custom = sorted({action for action in next_actions.values() if action.startswith("action_")})
    steps = {intent: [{"intent": intent}, {"action": action}] for intent, action in sorted(next_actions.items())}
    rules = [{"rule": f"on {intent}", "steps": step} for intent, step in steps.items()]
    _write(folder / "data" / "rules.yml", {"version": "3.1", "rules": rules})
    _write(folder / "data" / "stories.yml", {"version": "3.1", "stories": list(_stories(steps))})
    _write(folder / "domain.yml", _domain(phrases, next_actions, custom))
    _write(folder / "config.yml", _config())
    _write(folder / "credentials.yml", {"rest": None})
    (folder / "actions.py").write_text(ACTIONS, encoding="utf-8")
    (folder / "actions.json").write_text(json.dumps(custom), encoding="utf-8")


def _next_actions(phrases: Phrases) -> dict[str, str]:
    """Name what follows on each intent: our rules' first step, where it is one intent and one action."""
    ours: dict[str, str] = {}
    for file in sorted((ROOT / "data" / "rules").glob("*.yml")):
        for rule in yaml.safe_load(file.read_text(encoding="utf-8"))["rules"]:
            if "intent" in rule["steps"][0]:
                ours[rule["steps"][0]["intent"]] = rule["steps"][1]["action"]
    following = {}
    for intent in {label.split("/")[0] for label in phrases.by_label}:
        following[intent] = f"utter_{intent}" if intent in RETRIEVED else ours.get(intent, f"utter_{intent}")
    return following


def _stories(steps: Mapping[str, list[dict[str, str]]]) -> Iterator[dict[str, Any]]:
    """Tell three-turn stories, for the policies that learn from stories; every intent comes up three times."""
    intents = sorted(steps)
    for place, intent in enumerate(intents):
        others = [intents[(place + distance) % len(intents)] for distance in (7, 13)]
        yield {"story": f"about {intent}", "steps": [step for name in (intent, *others) for step in steps[name]]}


def _domain(phrases: Phrases, next_actions: Mapping[str, str], custom: list[str]) -> dict[str, Any]:
    said = answers()
    names = {f"utter_{label}" for label in phrases.by_label if label.split("/")[0] in RETRIEVED and "/" in label}
    names |= {action for action in next_actions.values() if action.startswith("utter_")}
    names -= {f"utter_{group}" for group in RETRIEVED if any(name.startswith(f"utter_{group}/") for name in names)}
    return {
        "version": "3.1",
        "intents": sorted(next_actions),
        "slots": {"last_read": {"type": "any", "mappings": [{"type": "custom"}]}},
        "responses": {
            name: [{"text": said.get(name.removeprefix("utter_"), f"Antwort: {name}")}] for name in sorted(names)
        },
        "actions": custom,
        "session_config": {"session_expiration_time": 60, "carry_over_slots_to_new_session": True},
    }


def answers() -> dict[str, str]:
    """Give our German answers by label, so that both sides say as much."""
    said: dict[str, str] = {}
    for file in sorted((ROOT / "data" / "answers").glob("*.yml")):
        for name, topic in (yaml.safe_load(file.read_text(encoding="utf-8")).get("topics") or {}).items():
            said[f"faq/{name}"] = topic["text"]["de"].strip()
    return said


def _config() -> dict[str, Any]:
    """Read the pipeline and policies that the installed Rasa falls back to when a project names none."""
    pattern = "lib/python3.10/site-packages/rasa/engine/recipes/config_files/default_config.yml"
    config: dict[str, Any] = yaml.safe_load((ROOT / ".venv" / "assistant" / pattern).read_text(encoding="utf-8"))
    config |= {"assistant_id": "stock", "language": "de"}
    return config


def train(phrases: Phrases, folder: Path, kept: Path) -> Trained:
    """Write the project and train it, unless a model of the very same project is kept."""
    write_project(phrases.renamed(), folder)
    name = f"stock-{_digest(folder)}"
    model, note = kept / f"{name}.tar.gz", kept / f"{name}.json"
    if not note.is_file():
        began = time.monotonic()
        rasa(folder, folder / "train.log", "train", "--out", str(folder / "models"), "--fixed-model-name", name)
        seconds = time.monotonic() - began
        kept.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / "models" / model.name, model)
        note.write_text(json.dumps({"seconds": seconds}), encoding="utf-8")
    return Trained(model, json.loads(note.read_text(encoding="utf-8"))["seconds"])


def rasa(folder: Path, log_file: Path, *arguments: str) -> None:
    """Run a command of Rasa to its end in a project's folder."""
    with log_file.open("w") as log:
        subprocess.run(
            [str(ASSISTANT_PYTHON), "-m", "rasa", *arguments],
            cwd=folder,
            env=quiet_rasa(),
            stdout=log,
            stderr=subprocess.STDOUT,
            check=True,
        )


def _digest(folder: Path) -> str:
    parts = [folder / "domain.yml", folder / "config.yml", *sorted((folder / "data").rglob("*.yml"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in parts)).hexdigest()[:12]


def _write(file: Path, document: Mapping[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(dict(document), allow_unicode=True, sort_keys=False, width=1000), encoding="utf-8")
