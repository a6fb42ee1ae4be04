"""The few places where Rasa offers no way in and is changed from outside; each says why, for which version, and how
a change in Rasa would be noticed."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Any

import jsonschema.exceptions
import jsonschema.validators
from rasa.core import processor
from rasa.core.actions.action import RemoteAction
from rasa.core.agent import Agent
from rasa.core.channels.channel import register
from rasa.core.lock_store import InMemoryLockStore, LockStore
from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.core.policies.rule_policy import RulePolicy
from rasa.core.processor import MessageProcessor
from rasa.core.run import close_resources, create_http_input_channels, load_agent_on_start
from rasa.core.tracker_store import FailSafeTrackerStore, SQLTrackerStore, TrackerStore
from rasa.engine.graph import GraphNode, GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.utils.endpoints import EndpointConfig

from bot.graph_runner import DirectGraphRunner

logger = logging.getLogger(__name__)

RASA_VERSION = "3.6.21"
"""The version all of this was written for; tests/bot/test_overrides.py fails for any other."""


def apply() -> None:
    """Change Rasa's classes; called once, before the server is built."""
    RemoteAction._validate_action_result = _validate_with_compiled_schema
    processor.DaskGraphRunner = DirectGraphRunner
    Slot.__copy__ = _copy_of_slot
    Domain.is_empty = _is_empty


def remove_silent_fallback(agent: Agent) -> None:
    """Take away the wrapper that makes Rasa go on in memory, unnoticed, when its tracker store fails.

    Why: people would lose what they typed and nobody would know. Where: `Agent._create_tracker_store` always wraps.
    """
    wrapper = agent.tracker_store
    if not isinstance(wrapper, FailSafeTrackerStore):
        return
    agent.tracker_store = wrapper._tracker_store
    if agent.processor is not None:
        agent.processor.tracker_store = wrapper._tracker_store


ORIGINAL_VALIDATION = RemoteAction._validate_action_result
ORIGINAL_IS_EMPTY = Domain.is_empty


def _compiled() -> Any:
    schema = RemoteAction.action_response_format_spec()
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    return validator(schema)


_VALIDATOR = _compiled()


def _validate_with_compiled_schema(self: RemoteAction, result: dict[str, Any]) -> bool:
    """Check an action's response against the schema, which is itself checked once and not at every call.

    Why: checking the schema took four fifths of a turn with a custom action. Where: `RemoteAction.run`.
    """
    error = jsonschema.exceptions.best_match(_VALIDATOR.iter_errors(result))
    if error is not None:
        raise error
    return True


def _copy_of_slot(slot: Slot) -> Slot:
    """Copy a slot's attributes, which is all that Python's own way arrives at, through pickle's protocol.

    Why: a turn copies all slots a dozen times, which was a twentieth of it. Where: `DialogueStateTracker.__init__`.
    """
    copied: Slot = object.__new__(type(slot))
    copied.__dict__.update(slot.__dict__)
    return copied


_EMPTY = Domain.empty().as_dict()


def _is_empty(self: Domain) -> bool:
    """Compare with the empty domain, which is made once.

    Why: each message makes one anew, a fortieth of a turn. Where: `MessageProcessor._check_for_unseen_features`.
    """
    return bool(self.as_dict() == _EMPTY)


def source_of_overridden() -> dict[str, str]:
    """Return Rasa's code that our changes and subclasses stand in for, for the test that notices when it changes."""
    parts = (part for relied_on in RELIED_ON.values() for part in relied_on)
    return {part.__qualname__: inspect.getsource(part) for part in parts}


# Who of ours takes the place of what in Rasa, or counts on how it works inside; the reason stands in the file named.
RELIED_ON: dict[str, tuple[Callable[..., Any], ...]] = {
    "bot/overrides.py": (
        RemoteAction.run,
        ORIGINAL_VALIDATION,
        Agent._create_tracker_store,
        Agent.load_model,
        DialogueStateTracker.__init__,
        Slot.__init__,
        ORIGINAL_IS_EMPTY,
    ),
    "bot/actions_endpoint.py": (RemoteAction._action_call_format, EndpointConfig.request),
    "bot/engine.py": (MessageProcessor.handle_message, MessageProcessor.get_tracker),
    "bot/tracker_store.py": (
        MessageProcessor._update_tracker_session,
        SQLTrackerStore.save,
        SQLTrackerStore._retrieve,
        SQLTrackerStore.__init__,
        TrackerStore.get_or_create_tracker,
        Event.from_parameters,
        Event.resolve_by_type,
    ),
    "bot/graph_runner.py": (
        DaskGraphRunner.run,
        DaskGraphRunner.__init__,
        GraphNode.__call__,
        GraphSchema.minimal_graph_schema,
        MessageProcessor._load_model,
    ),
    "bot/carried_state.py": (DialogueStateTracker.from_events, DialogueStateTracker.applied_events),
    "bot/policy.py": (
        MessageProcessor._run_action,
        RulePolicy.predict_action_probabilities,
        RulePolicy._predict,
        RulePolicy._find_action_from_default_actions,
        RulePolicy._find_action_from_rules,
        RulePolicy._get_possible_keys,
        RulePolicy._is_rule_applicable,
        RulePolicy._does_rule_match_state,
        RulePolicy.__init__,
        RulePolicy._rule_prediction,
        RulePolicy._prediction_result,
    ),
    "bot/locks.py": (InMemoryLockStore.__init__, LockStore.lock, LockStore._acquire_lock),
    "bot/nlg.py": (TemplatedNaturalLanguageGenerator.generate,),
    "bot/nlu/importer.py": (
        RasaFileImporter.get_nlu_data,
        TrainingData.merge,
        TrainingData.sanitize_examples,
        TrainingData.fingerprint,
        Message.fingerprint,
        Message.__hash__,
    ),
    "bot/serve.py": (register, create_http_input_channels, load_agent_on_start, close_resources),
    "bot/without_tensorflow.py": (GraphSchema.from_dict,),
}
