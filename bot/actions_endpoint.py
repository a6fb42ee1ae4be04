"""Calls the action server over one kept connection, notices when it fails, and sends it only what actions read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import aiohttp
from rasa.core.actions.constants import SELECTIVE_DOMAIN
from rasa.shared.core.domain import Domain
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from bot.carried_state import CARRIED
from bot.metrics import measured_action, note_action_failure

# rasa-sdk reads forms and slots of the domain; the responses, most of its size, are ours to fill.
DOMAIN_PARTS = ("forms", "slots", "actions", "session_config")
# Opening a ticket hands the conversation on to whoever works on it, so it gets more than the latest turns.
WANTS_WHOLE_CONVERSATION = frozenset({"action_submit_ticket"})
# What the visitor asked for nothing of: when it fails, they have their answer all the same and hear nothing of it.
BEHIND_THE_SCENES = frozenset({"action_keep_question"})
REJECTED = 400

Said = Callable[[str], list[Mapping[str, Any]]]


@dataclass
class Watch:
    """Whether a call to the action server failed during a turn."""

    failed: bool = False


_watch: ContextVar[Watch | None] = ContextVar("action_calls_of_the_turn", default=None)


@contextmanager
def watching_actions() -> Iterator[Watch]:
    """Notice failing calls inside the block; Rasa itself logs them and goes on as if nothing had happened."""
    watch = Watch()
    token = _watch.set(watch)
    try:
        yield watch
    finally:
        _watch.reset(token)


class ActionsEndpoint(EndpointConfig):
    """Takes the place of the endpoint Rasa makes of endpoints.yml.

    Rasa's own opens a connection for each call, waits five minutes for an answer and sends the whole domain.
    """

    def __init__(self, url: str, timeout_seconds: float, domain: Domain, said: Said) -> None:
        """Prepare what is the same for every call; `said` returns a conversation's messages from the store."""
        super().__init__(url=url, **{SELECTIVE_DOMAIN: True})
        whole = domain.as_dict()
        self._domain = {part: whole[part] for part in DOMAIN_PARTS if part in whole}
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._said = said
        self._kept: aiohttp.ClientSession | None = None

    async def request(self, method: str = "post", subpath: str | None = None, **kwargs: Any) -> Any:  # type: ignore[override]
        """Send a call and return the answer; every failure is noted before it is raised."""
        try:
            with measured_action(kwargs["json"]["next_action"]):
                return await self._send(self._call(kwargs["json"]))
        except ClientResponseError as error:
            if error.status != REJECTED:
                _note_failure(kwargs["json"])
            raise
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError):
            _note_failure(kwargs["json"])
            raise

    async def close(self) -> None:
        """Close the kept connection."""
        if self._kept is not None:
            await self._kept.close()
            self._kept = None

    async def _send(self, call: dict[str, Any]) -> Any:
        async with self._session().post(self.url, json=call) as response:
            if response.status >= REJECTED:
                raise ClientResponseError(response.status, response.reason, await response.text())
            return await response.json()

    def _session(self) -> aiohttp.ClientSession:
        if self._kept is None or self._kept.closed:
            self._kept = aiohttp.ClientSession(timeout=self._timeout)
        return self._kept

    def _call(self, body: Mapping[str, Any]) -> dict[str, Any]:
        tracker = dict(body["tracker"])
        tracker["events"] = self._events(body["next_action"], body["sender_id"], tracker["events"])
        return {**body, "tracker": tracker, "domain": body.get("domain", self._domain)}

    def _events(self, action: str, conversation: str, events: list[dict[str, Any]]) -> list[Mapping[str, Any]]:
        """Return the events without the stand-ins for older messages, or with the older messages themselves."""
        recent = [event for event in events if event["event"] != "user" or not (event["metadata"] or {}).get(CARRIED)]
        if action not in WANTS_WHOLE_CONVERSATION:
            return list(recent)
        first = next((event["timestamp"] for event in recent if event["event"] == "user"), float("inf"))
        return [*(event for event in self._said(conversation) if event["timestamp"] < first), *recent]


def _note_failure(call: Mapping[str, Any]) -> None:
    note_action_failure(call["next_action"])
    watch = _watch.get()
    if watch is not None and call["next_action"] not in BEHIND_THE_SCENES:
        watch.failed = True
