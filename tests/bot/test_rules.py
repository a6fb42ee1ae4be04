"""Deciding looks only at the rules that can hold, and decides what Rasa's own comparison of all rules decides."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import create_autospec

import pytest
from rasa.core.policies.rule_policy import RULES, RULES_FOR_LOOP_UNHAPPY_PATH, RulePolicy
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import ActionExecuted, BotUttered, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.policy import TruthfulRulePolicy

LISTEN = "action_listen"
ACTIONS = (None, LISTEN, "action_ask", "ticket_form")
INTENTS = (None, "ask", "back")
CONDITIONS: tuple[State, ...] = ({}, {"slots": {"language": [1.0]}}, {"active_loop": {"name": "ticket_form"}})


def state(action: str | None, intent: str | None, condition: State) -> State:
    """Return one state as it stands in a rule."""
    parts: State = {**condition}
    if action is not None:
        parts["prev_action"] = {"action_name": action}
    if intent is not None:
        parts["user"] = {"intent": intent}
    return parts


def all_states() -> list[State]:
    return [state(*parts) for parts in itertools.product(ACTIONS, INTENTS, CONDITIONS)]


def in_conversation(one: State) -> State:
    """Return a rule's state as a conversation holds it, where numbers of slots are tuples."""
    slots = {name: tuple(value) for name, value in one.get("slots", {}).items()}
    return {**one, "slots": slots} if slots else one


def lookup_of(rules: list[list[State]]) -> dict[str, Any]:
    keys = {json.dumps(states, sort_keys=True): "action_ask" for states in rules}
    return {RULES: keys, RULES_FOR_LOOP_UNHAPPY_PATH: dict(list(keys.items())[:3])}


def policy(kind: type[RulePolicy], folder: Path, lookup: dict[str, Any] | None) -> RulePolicy:
    folder.mkdir(exist_ok=True)
    arguments = (LocalModelStorage(folder), Resource("rules"), ExecutionContext(GraphSchema({})))
    return kind(kind.get_default_config(), *arguments, lookup=lookup)


@pytest.fixture
def both(tmp_path: Path) -> tuple[RulePolicy, RulePolicy]:
    """Return Rasa's policy and ours, with rules of one and of two states of every kind."""
    ones = [[one] for one in all_states()]
    twos = [[state(LISTEN, intent, {}), last] for intent, last in itertools.product(INTENTS[1:], all_states())]
    lookup = lookup_of([*ones, *twos])
    return policy(RulePolicy, tmp_path / "rasa", lookup), policy(TruthfulRulePolicy, tmp_path / "ours", lookup)


def conversations() -> Iterator[list[State]]:
    for last in all_states():
        yield [in_conversation(last)]
        for before in all_states()[::5]:
            yield [state(None, None, {}), in_conversation(before), in_conversation(last)]


def test_the_same_rules_hold_as_for_rasa(both: tuple[RulePolicy, RulePolicy]) -> None:
    theirs, ours = both
    held = 0
    for states, rules in itertools.product(conversations(), (RULES, RULES_FOR_LOOP_UNHAPPY_PATH)):
        expected = theirs._get_possible_keys(theirs.lookup[rules], states)
        assert ours._get_possible_keys(ours.lookup[rules], states) == expected, states
        held += len(expected)
    assert held > len(list(conversations()))


def calls_of(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let a method of Rasa's policy work as it does, and return what counts its calls."""
    original = getattr(RulePolicy, name)
    counted = create_autospec(original, side_effect=original)
    monkeypatch.setattr(RulePolicy, name, counted)
    return counted


def test_few_rules_are_compared(both: tuple[RulePolicy, RulePolicy], monkeypatch: pytest.MonkeyPatch) -> None:
    compared = calls_of("_is_rule_applicable", monkeypatch)
    states = [state(LISTEN, "ask", {})]
    both[0]._get_possible_keys(both[0].lookup[RULES], states)
    by_rasa = compared.call_count
    compared.reset_mock()
    both[1]._get_possible_keys(both[1].lookup[RULES], states)
    assert 0 < compared.call_count < by_rasa / 4


SAID_WHATEVER = [state(LISTEN, None, {"slots": {"language": [1.0]}})]
SAID_EXACTLY = [{"prev_action": {"action_name": LISTEN}, "user": {"text": "stop"}}]
MEANT = [state(LISTEN, "ask", {})]
DOMAIN = Domain.from_yaml(
    """
version: "3.1"
intents: [ask, back]
actions: [action_ask]
slots: {language: {type: text, mappings: [{type: custom}]}}
"""
)


@pytest.mark.parametrize(
    ("rules", "about_words"), [([MEANT], False), ([MEANT, SAID_EXACTLY], True), ([MEANT, SAID_WHATEVER], True)]
)
def test_words_are_looked_at_only_where_a_rule_may_be_about_them(
    rules: list[list[State]], about_words: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = calls_of("_find_action_from_rules", monkeypatch)
    said = UserUttered("stop", {"name": "ask", "confidence": 1.0})
    talk = DialogueStateTracker.from_events("visitor", [ActionExecuted(LISTEN), said], DOMAIN.slots)
    decided = policy(TruthfulRulePolicy, tmp_path, lookup_of(rules)).predict_action_probabilities(talk, DOMAIN)
    assert DOMAIN.action_names_or_texts[decided.max_confidence_index] == "action_ask"
    *_, for_words = looked.call_args_list[0].args
    assert for_words is about_words


def test_ours_decides_as_rasas_own_in_a_conversation(tmp_path: Path) -> None:
    after = [state(LISTEN, "ask", {}), state("action_ask", "ask", {})]
    lookup = lookup_of([MEANT, after])
    lookup[RULES][json.dumps(after, sort_keys=True)] = LISTEN
    theirs, ours = (policy(kind, tmp_path / kind.__name__, lookup) for kind in (RulePolicy, TruthfulRulePolicy))
    talk = DialogueStateTracker.from_events("visitor", [], DOMAIN.slots)
    asked = (ActionExecuted(LISTEN), UserUttered("?", {"name": "ask", "confidence": 1.0}))
    answered = (ActionExecuted("action_ask"), BotUttered("!"), SlotSet("language"))
    for events, decision in ((asked, "action_ask"), (answered, LISTEN)):
        for event in events:
            talk.update(event)
        decided = [one.predict_action_probabilities(talk, DOMAIN) for one in (theirs, ours)]
        assert decided[0].probabilities == decided[1].probabilities
        assert DOMAIN.action_names_or_texts[decided[1].max_confidence_index] == decision


def test_before_anything_is_learned_rules_are_looked_for_as_rasa_does(tmp_path: Path) -> None:
    untrained = policy(TruthfulRulePolicy, tmp_path, None)
    untrained.lookup[RULES] = lookup_of([MEANT])[RULES]
    assert untrained._get_possible_keys(untrained.lookup[RULES], [state(LISTEN, "ask", {})])
