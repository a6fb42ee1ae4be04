"""Decides the next action by rules, and says so when an action failed instead of going on as if it had worked."""

from __future__ import annotations

from typing import Any

from rasa.core.policies.policy import PolicyPrediction
from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import ACTION_LISTEN_NAME, DEFAULT_ACTION_NAMES
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted
from rasa.shared.core.trackers import DialogueStateTracker

from bot.actions_endpoint import BEHIND_THE_SCENES

FAILURE = "utter_failure"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class TruthfulRulePolicy(RulePolicy):
    """Rasa's rules with three differences, each needed because Rasa 3.6.21 offers no setting for it.

    * When an action crashes or its server is away, Rasa writes "action executed" without any event and goes on with
      the rule (rasa/core/processor.py, `_run_action`). Every action of ours returns at least one event, so an action
      that left no trace has failed: the visitor is told, and the turn ends.
    * Rasa takes an intent named `back` for its own debugging command and removes the visitor's last turns.
    * Where an action has decided how to go on and no rule continues, the assistant waits for the visitor; Rasa would
      say that it has no idea.
    """

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

    def _only(self, action: str, tracker: DialogueStateTracker, domain: Domain) -> PolicyPrediction:
        return self._rule_prediction(self._prediction_result(action, tracker, domain), action)

    @staticmethod
    def _find_action_from_default_actions(tracker: DialogueStateTracker) -> tuple[str | None, str | None]:
        return None, None


def failed_without_a_trace(tracker: DialogueStateTracker, domain: Domain) -> bool:
    """Tell whether the last thing that happened is a custom action or a form that produced nothing."""
    if not tracker.events:
        return False
    last = tracker.events[-1]
    if not isinstance(last, ActionExecuted) or last.action_name is None:
        return False
    remote = set(domain.user_actions) - set(domain.responses) | set(domain.form_names)
    return last.action_name in remote - BEHIND_THE_SCENES and last.action_name not in DEFAULT_ACTION_NAMES
