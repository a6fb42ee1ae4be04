"""Decides the next action by rules, and says so when an action failed instead of going on as if it had worked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rasa.core.policies.policy import PolicyPrediction
from rasa.core.policies.rule_policy import RULES, RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import ACTION_LISTEN_NAME, DEFAULT_ACTION_NAMES, PREVIOUS_ACTION, USER
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import ActionExecuted
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ACTION_NAME, INTENT

from bot.actions_endpoint import BEHIND_THE_SCENES

FAILURE = "utter_failure"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class TruthfulRulePolicy(RulePolicy):
    """Rasa's rules with five differences, each needed because Rasa 3.6.21 offers no setting for it.

    * When an action crashes or its server is away, Rasa writes "action executed" without any event and goes on with
      the rule (rasa/core/processor.py, `_run_action`). Every action of ours returns at least one event, so an action
      that left no trace has failed: the visitor is told, and the turn ends.
    * Rasa takes an intent named `back` for its own debugging command and removes the visitor's last turns.
    * Where an action has decided how to go on and no rule continues, the assistant waits for the visitor; Rasa would
      say that it has no idea.
    * Rasa first looks for rules about the exact words of a message, and works out the whole conversation for that.
      Where no rule is about words it finds none, and is not asked.
    * Rasa compares every rule with the conversation. Only those about the latest action and the latest intent can
      hold, and only they are compared. The last two made up half of deciding.
    """

    def __init__(self, *arguments: Any, lookup: dict[str, Any] | None = None, **options: Any) -> None:
        """Sort the rules that were learned, if they were (see parent class for full docstring)."""
        super().__init__(*arguments, lookup=lookup, **options)
        rules = {key: self._rule_key_to_state(key) for key in (lookup or {}).get(RULES, {})}
        self._rules_by_end = _by_end(rules)
        self._has_rules_about_words = not lookup or any(map(_is_about_words, rules.values()))

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """Predict the next action (see parent class for full docstring)."""
        if tracker.latest_action_name == FAILURE:
            return self._only(ACTION_LISTEN_NAME, tracker, domain)
        if failed_without_a_trace(tracker, domain):
            return self._only(FAILURE, tracker, domain)
        prediction = super().predict_action_probabilities(tracker, domain, rule_only_data, **kwargs)
        predicted = domain.action_names_or_texts[prediction.max_confidence_index]
        if predicted == self._fallback_action_name and tracker.latest_action_name != ACTION_LISTEN_NAME:
            return self._only(ACTION_LISTEN_NAME, tracker, domain)
        return prediction

    def _find_action_from_rules(
        self, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool
    ) -> tuple[str | None, str | None, bool]:
        if use_text_for_last_user_input and not self._has_rules_about_words:
            return None, None, False
        found: tuple[str | None, str | None, bool] = super()._find_action_from_rules(
            tracker, domain, use_text_for_last_user_input
        )
        return found

    def _get_possible_keys(self, lookup: dict[str, str], states: list[State]) -> set[str]:
        if states and self._rules_by_end and lookup is self.lookup[RULES]:
            action, intent = _end(states[-1])
            keys = {*self._rules_by_end.get((action, intent), ()), *self._rules_by_end.get((action, None), ())}
            lookup = {key: lookup[key] for key in keys}
        possible: set[str] = super()._get_possible_keys(lookup, states)
        return possible

    def _only(self, action: str, tracker: DialogueStateTracker, domain: Domain) -> PolicyPrediction:
        return self._rule_prediction(self._prediction_result(action, tracker, domain), action)

    @staticmethod
    def _find_action_from_default_actions(tracker: DialogueStateTracker) -> tuple[str | None, str | None]:
        return None, None


End = tuple[str | None, str | None]
"""The latest action and the latest intent of a state."""


def _by_end(rules: Mapping[str, list[State]]) -> dict[End, list[str]]:
    """Group the keys of rules by how a conversation must end for the rule to hold."""
    groups: dict[End, list[str]] = {}
    for key, states in rules.items():
        groups.setdefault(_end(states[-1]), []).append(key)
    return groups


def _end(state: State) -> End:
    """Return the end of a state; at a conversation's beginning Rasa looks at nothing else, so neither does this."""
    action = state.get(PREVIOUS_ACTION, {}).get(ACTION_NAME)
    return (str(action), state.get(USER, {}).get(INTENT)) if action else (None, None)


def _is_about_words(states: Sequence[State]) -> bool:
    """Tell whether a rule asks what somebody wrote, or may hold whatever they wrote."""
    action, intent = _end(states[-1])
    return action == ACTION_LISTEN_NAME and intent is None


def failed_without_a_trace(tracker: DialogueStateTracker, domain: Domain) -> bool:
    """Tell whether the last thing that happened is a custom action or a form that produced nothing."""
    if not tracker.events:
        return False
    last = tracker.events[-1]
    if not isinstance(last, ActionExecuted) or last.action_name is None:
        return False
    remote = set(domain.user_actions) - set(domain.responses) | set(domain.form_names)
    return last.action_name in remote - BEHIND_THE_SCENES and last.action_name not in DEFAULT_ACTION_NAMES
