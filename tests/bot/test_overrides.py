"""What is changed in Rasa from outside holds for one version; this fails when Rasa changes under it."""

from __future__ import annotations

import copy
import hashlib
import json
from pathlib import Path

import jsonschema
import pytest
import rasa
from rasa.core.actions.action import RemoteAction
from rasa.core.agent import Agent
from rasa.core.tracker_store import FailSafeTrackerStore, SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.slots import BooleanSlot, CategoricalSlot, Slot, TextSlot

from bot import overrides

# Digests of Rasa's code that the changes stand in for or rely on. When one differs, read the new code, adapt the
# change if needed, and write the new digest here.
KNOWN = json.loads((Path(__file__).parent / "rasa_3_6_21.json").read_text())


def digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()[:16]


def test_rasa_is_the_version_the_changes_were_written_for() -> None:
    assert rasa.__version__ == overrides.RASA_VERSION


@pytest.mark.parametrize("name", sorted(overrides.source_of_overridden()))
def test_the_code_that_is_changed_is_as_it_was(name: str) -> None:
    assert digest(overrides.source_of_overridden()[name]) == KNOWN[name]


def test_rasa_still_wraps_every_tracker_store() -> None:
    store = SQLTrackerStore(db=":memory:")
    agent = Agent(tracker_store=store)
    assert isinstance(agent.tracker_store, FailSafeTrackerStore)
    overrides.remove_silent_fallback(agent)
    assert agent.tracker_store is store


@pytest.mark.parametrize(
    "result",
    [
        {"events": [], "responses": []},
        {"events": [{"event": "slot", "name": "a", "value": 1}], "responses": [{"text": "x"}]},
        {"events": [{"event": "unheard of"}]},
        {"events": "x"},
        {"events": [{}]},
        {"responses": ["x"]},
        [],
        {},
    ],
)
def test_the_compiled_check_decides_as_rasas_own(result: object) -> None:
    original = overrides.ORIGINAL_VALIDATION
    action = RemoteAction("x", None)
    try:
        expected = original(action, result)
    except jsonschema.ValidationError:
        with pytest.raises(jsonschema.ValidationError):
            overrides._validate_with_compiled_schema(action, result)
        return
    assert overrides._validate_with_compiled_schema(action, result) == expected


SLOTS = [
    TextSlot("name", mappings=[{"type": "custom"}], initial_value="x"),
    BooleanSlot("asked", mappings=[], influence_conversation=False),
    CategoricalSlot("language", mappings=[], values=["de", "en"]),
]


@pytest.mark.parametrize("slot", SLOTS, ids=lambda slot: str(slot.type_name))
def test_a_copied_slot_is_what_pythons_own_copy_makes(slot: Slot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Slot, "__copy__", raising=False)
    slot.value = "de"
    expected, copied = copy.copy(slot), overrides._copy_of_slot(slot)
    assert (type(copied), vars(copied)) == (type(expected), vars(expected))
    copied.value = "en"
    assert slot.value == "de"


@pytest.mark.parametrize("text", ["{}", "intents: [ask]", "slots: {a: {type: text, mappings: []}}"])
def test_an_empty_domain_is_told_as_rasa_tells_it(text: str) -> None:
    domain = Domain.from_yaml(text)
    assert overrides._is_empty(domain) == overrides.ORIGINAL_IS_EMPTY(domain) == (text == "{}")
