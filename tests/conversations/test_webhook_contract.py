"""Proves that Rasa 3.6 understands everything the newer SDK says: every event type and response field in use.

The action server is the real one; what it answers is validated and read by Rasa's own code, in Rasa's own environment.
"""

from __future__ import annotations

import ast
import json
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.conversations.house import ASSISTANT_PYTHON, ROOT, House

Answer = dict[str, Any]
# Event types that the actions make, and the class that Rasa must read each one as.
EVENTS_IN_USE = {
    "SlotSet": "SlotSet",
    "FollowupAction": "FollowupAction",
    "ActiveLoop": "ActiveLoop",
    "ActionExecutionRejected": "ActionExecutionRejected",
}
RESPONSE_FIELDS_IN_USE = {"response", "text", "buttons", "custom"}
AS_RASA_READS_IT = """
import json, sys
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.events import deserialise_events
answers = json.load(sys.stdin)
for answer in answers:
    assert RemoteAction("any", None)._validate_action_result(answer)
read = [deserialise_events(answer["events"]) for answer in answers]
print(json.dumps([[[type(event).__name__, str(event)] for event in events] for events in read]))
"""


def user(text: str, intent: str, confidence: float = 0.95, **entities: str) -> Answer:
    """Return a visitor's message as Rasa stores it."""
    found = [{"entity": name, "value": value, "extractor": "Understanding"} for name, value in entities.items()]
    parse = {"intent": {"name": intent, "confidence": confidence}, "entities": found, "text": text}
    return {"event": "user", "text": text, "parse_data": parse, "message_id": text, "timestamp": 1.0, "metadata": {}}


def call(house: House, action: str, events: list[Answer], slots: Answer, loop: str | None = None) -> Answer:
    """Call an action over the webhook as Rasa does."""
    latest = next((event for event in reversed(events) if event["event"] == "user"), {})
    tracker = {
        "sender_id": "contract",
        "slots": slots,
        "latest_message": {**latest.get("parse_data", {}), "metadata": {"language": "en"}},
        "events": events,
        "paused": False,
        "followup_action": None,
        "active_loop": {"name": loop} if loop else {},
        "latest_action_name": "action_listen",
    }
    body = {"next_action": action, "sender_id": "contract", "tracker": tracker, "version": "3.6.21", "domain": {}}
    request = urllib.request.Request(
        f"http://127.0.0.1:{house.actions_port}/webhook",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        answer: Answer = json.load(reply)
        return answer


@pytest.fixture
def answers(house: House) -> list[Answer]:
    """Return one answer for every way in which the actions speak."""
    asking = {"ticket_kind": "complaint", "requested_slot": "email", "description": "spam", "relationship": "direct"}
    said = {"event": "bot", "text": "Hello", "data": {"buttons": [{"title": "A", "payload": "/a"}], "custom": {"x": 1}}}
    return [
        call(house, "action_start_ticket", [user("I want to complain for my mother", "complaint")], {}),
        call(
            house,
            "validate_ticket_form",
            [user("Do you sell data?", "faq", topic="sale-of-data")],
            asking,
            "ticket_form",
        ),
        call(house, "validate_ticket_form", [user("cancel", "cancel")], {"ticket_kind": "erasure"}, "ticket_form"),
        call(house, "validate_ticket_form", [user("a@gmial.com", "unclear")], asking, "ticket_form"),
        call(house, "action_repeat", [user("hi", "chitchat"), said, user("again", "repeat")], {}),
        call(house, "action_start_authority", [user("authority in Neustadt", "authority")], {}),
    ]


def test_rasa_reads_every_event_as_what_it_was_meant_to_be(answers: list[Answer]) -> None:
    done = subprocess.run(
        [str(ASSISTANT_PYTHON), "-W", "ignore", "-c", AS_RASA_READS_IT],
        cwd=ROOT,
        input=json.dumps(answers),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    read = json.loads(done.stdout.splitlines()[-1])
    assert {name for events in read for name, _ in events} == set(EVENTS_IN_USE.values())
    for answer, events in zip(answers, read, strict=True):
        assert len(answer["events"]) == len(events), "an event was dropped"


def test_slots_keep_their_types(answers: list[Answer]) -> None:
    values = {event["name"]: event["value"] for event in answers[0]["events"] if event["event"] == "slot"}
    assert values["marks"] == ["on-behalf"]
    assert values["ticket_kind"] == "complaint"
    assert values["attempts"] == 0
    assert values["email"] is None
    waiting = {event["name"]: event["value"] for event in answers[3]["events"] if event["event"] == "slot"}
    assert waiting["pending"]["suggestion"] == "a@gmail.com"
    assert waiting["requested_slot"] == "pending"


def test_every_response_field_in_use_is_there(answers: list[Answer]) -> None:
    used = {
        field
        for answer in answers
        for response in answer["responses"]
        for field, value in response.items()
        if value and field not in {"template"} and field in RESPONSE_FIELDS_IN_USE
    }
    assert used == RESPONSE_FIELDS_IN_USE
    opening = answers[0]["responses"][0]
    assert opening["response"] == "utter_start_complaint"
    assert opening["custom"]["flow"] == {"kind": "complaint", "step": "description", "status": "open"}
    questioned = answers[3]["responses"][0]
    assert questioned["suggestion"] == "a@gmail.com"


def test_no_event_type_is_in_use_that_is_not_tested_here() -> None:
    used: set[str] = set()
    for file in (ROOT / "actions").rglob("*.py"):
        for node in ast.walk(ast.parse(Path(file).read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "rasa_sdk.events":
                used |= {alias.name for alias in node.names} - {"EventType"}
    assert used == set(EVENTS_IN_USE)


def test_an_error_in_an_action_repeats_nothing_of_what_was_typed(house: House) -> None:
    secret = "a very private sentence"
    broken = {"ticket_kind": "no such kind", "confirmed": True, "request_id": "x", "email": "a@example.org"}
    with pytest.raises(urllib.error.HTTPError) as raised:
        call(house, "action_submit_ticket", [user(secret, "affirm")], broken)
    assert raised.value.code == 500
    assert secret not in raised.value.read().decode()
    assert secret not in (house.folder / "log" / "actions.log").read_text()


def test_the_versions_are_not_complained_about(house: House, answers: list[Answer]) -> None:
    assert "might not be compatible" not in (house.folder / "log" / "actions.log").read_text()
