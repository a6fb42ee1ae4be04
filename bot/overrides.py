"""The few places where Rasa offers no way in and is changed from outside; each says why, for which version, and how
a change in Rasa would be noticed."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from typing import Any

import jsonschema.exceptions
import jsonschema.validators
from rasa.core.actions.action import RemoteAction
from rasa.core.agent import Agent
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import FailSafeTrackerStore, SQLTrackerStore, TrackerStore
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

logger = logging.getLogger(__name__)

RASA_VERSION = "3.6.21"
"""The version all of this was written for; tests/bot/test_overrides.py fails for any other."""


def apply() -> None:
    """Change Rasa's classes; called once, before the server is built."""
    RemoteAction._validate_action_result = _validate_with_compiled_schema


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


def source_of_overridden() -> dict[str, str]:
    """Return Rasa's code that the changes depend on, for the test that notices when it changes."""
    parts: tuple[Callable[..., Any], ...] = (
        RemoteAction.run,
        RemoteAction._action_call_format,
        ORIGINAL_VALIDATION,
        Agent._create_tracker_store,
        Agent.load_model,
        MessageProcessor.handle_message,
        MessageProcessor.get_tracker,
        MessageProcessor._update_tracker_session,
        SQLTrackerStore.save,
        SQLTrackerStore._retrieve,
        SQLTrackerStore.__init__,
        TrackerStore.get_or_create_tracker,
        DialogueStateTracker.from_events,
        DialogueStateTracker.applied_events,
        EndpointConfig.request,
        Event.from_parameters,
        Event.resolve_by_type,
    )
    return {part.__qualname__: inspect.getsource(part) for part in parts}
