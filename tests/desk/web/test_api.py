"""The interface for programs: without, with too little and with the right token; repetition; its description."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from sqlalchemy import func, select
from starlette.testclient import TestClient

from desk.application import Desk
from desk.domain.kinds import Kind
from desk.services import accounts, api_tokens, readings, tickets, topics_asked
from desk.storage.models import Correspondence, OutboxMessage, Ticket
from desk.web.api.calls import DeclaredCall
from desk.web.api.routes import api

NEW = {
    "kind": "erasure",
    "language": "de",
    "description": "Bitte löschen Sie alles. 🙏",
    "email": "person@example.com",
    "name": "Emily Carter",
}


@pytest.fixture
def program(app: FastAPI, desk: Desk) -> Callable[..., TestClient]:
    """Give clients with tokens of some scopes."""

    def program(*scopes: str) -> TestClient:
        with desk.work("command-line") as work:
            _, token = api_tokens.create(work, "test", scopes or api_tokens.SCOPES)
        return TestClient(app, headers={"Authorization": f"Bearer {token}"})

    return program


def _call(client: TestClient, declared: DeclaredCall) -> int:
    path = declared.path.replace("{reference}", "PR-0000-0000").replace("{number}", "1")
    return client.request(declared.method, path).status_code


@pytest.mark.parametrize("declared", api.declared, ids=lambda one: f"{one.method} {one.path}")
def test_a_call_needs_a_token_with_its_scope(
    app: FastAPI, program: Callable[..., TestClient], declared: DeclaredCall
) -> None:
    assert _call(TestClient(app), declared) == 401
    assert _call(TestClient(app, headers={"Authorization": "Bearer pdt_nothing"}), declared) == 401
    others = [scope for scope in api_tokens.SCOPES if scope != declared.scope]
    assert _call(program(*others), declared) == 403
    assert _call(program(declared.scope), declared) in {200, 404, 422}


def test_a_browsers_session_opens_no_interface(officer: Any) -> None:
    assert officer.client.get("/api/v1/tickets").status_code == 401


def test_a_ticket_is_opened_read_and_found(program: Callable[..., TestClient], desk: Desk) -> None:
    client = program()
    opened = client.post("/api/v1/tickets", json=NEW)
    assert opened.status_code == 201
    reference = opened.json()["reference"]
    read = client.get(f"/api/v1/tickets/{reference}").json()
    assert read["person"]["name"] == "Emily Carter"
    assert read["description"] == NEW["description"]
    found = client.post("/api/v1/tickets/search", json={"email": "PERSON@example.com"}).json()
    assert [ticket["reference"] for ticket in found["tickets"]] == [reference]
    listed = client.get("/api/v1/tickets?kind=erasure").json()["tickets"]
    assert [ticket["reference"] for ticket in listed] == [reference]
    assert "person" not in listed[0]
    with desk.read() as work:
        entries = readings.of_ticket(work, tickets.get(work, reference))
        assert [entry.actor.split(":")[0] for entry in entries] == ["token"]


def test_a_repeated_call_with_the_same_key_opens_one_ticket(program: Callable[..., TestClient], desk: Desk) -> None:
    client, key = program(), {"Idempotency-Key": "call-1"}
    first = client.post("/api/v1/tickets", json=NEW, headers=key)
    again = client.post("/api/v1/tickets", json=NEW, headers=key)
    assert again.status_code == 201
    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    other = client.post("/api/v1/tickets", json={**NEW, "kind": "access"}, headers=key)
    assert other.status_code == 409
    with desk.read() as work:
        assert work.session.scalar(select(func.count(Ticket.id))) == 1


def test_a_repeated_reply_sends_one_letter(program: Callable[..., TestClient], desk: Desk) -> None:
    client = program()
    reference = client.post("/api/v1/tickets", json=NEW).json()["reference"]
    body = {"template": "answered", "message": "Wir haben alles gelöscht."}
    for _ in range(3):
        answer = client.post(f"/api/v1/tickets/{reference}/replies", json=body, headers={"Idempotency-Key": "reply-1"})
        assert answer.status_code == 200
    with desk.read() as work:
        statement = select(func.count(Correspondence.id)).where(Correspondence.template == "answered")
        assert work.session.scalar(statement) == 1


def test_a_failed_call_may_be_repeated_with_its_key(program: Callable[..., TestClient]) -> None:
    client, key = program(), {"Idempotency-Key": "later"}
    reference = client.post("/api/v1/tickets", json=NEW).json()["reference"]
    path = f"/api/v1/tickets/{reference}/state"
    assert client.post(path, json={"state": "reopened"}, headers=key).status_code == 409
    client.post(path, json={"state": "resolved"})
    assert client.post(path, json={"state": "reopened"}, headers=key).status_code == 200


def test_the_life_of_a_ticket(program: Callable[..., TestClient], desk: Desk) -> None:
    client = program()
    reference = client.post("/api/v1/tickets", json=NEW).json()["reference"]
    path = f"/api/v1/tickets/{reference}"
    with desk.read() as work:
        user = accounts.by_email(work, "officer@example.org")
    assert user is not None
    assert client.post(f"{path}/assignee", json={"user_id": user.id}).json()["state"] == "in-progress"
    assert client.post(f"{path}/assignee", json={"user_id": 999999}).status_code == 404
    assert client.post(f"{path}/notes", json={"text": "Asked sales."}).status_code == 200
    assert client.post(f"{path}/extension", json={"reason": "Several systems."}).json()["extended"] is True
    assert client.post(f"{path}/extension", json={"reason": "Once more."}).status_code == 409
    refused = client.post(f"{path}/refusal", json={"reason": "Manifestly excessive."}).json()
    assert (refused["state"], refused["outcome"]) == ("refused", "refused")
    with desk.read() as work:
        letters = work.session.scalars(select(OutboxMessage.payload)).all()
    assert any("gerichtlichen Rechtsbehelf" in str(letter) for letter in letters)
    assert client.get("/api/v1/metrics").json()["refused"] == 1


def test_pages_follow_by_cursor(program: Callable[..., TestClient], open_one: Callable[..., str]) -> None:
    wanted = {open_one(Kind.ACCESS) for _ in range(7)}
    client, seen, cursor = program(), [], ""
    while True:
        page = client.get(f"/api/v1/tickets?limit=3{cursor}").json()
        seen += [ticket["reference"] for ticket in page["tickets"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert len(seen) == 7
    assert set(seen) == wanted
    assert client.get("/api/v1/tickets?cursor=nonsense").status_code == 404


def test_a_search_by_address_has_pages(program: Callable[..., TestClient], open_one: Callable[..., str]) -> None:
    wanted = [open_one() for _ in range(5)]
    client, seen, body = program(), [], {"email": "person@example.com", "limit": 2}
    while True:
        page = client.post("/api/v1/tickets/search", json=body).json()
        seen += [ticket["reference"] for ticket in page["tickets"]]
        if page["next_cursor"] is None:
            break
        body = {**body, "cursor": page["next_cursor"]}
    assert sorted(seen) == sorted(wanted)


def test_a_file_is_kept_sent_and_read_and_each_reading_is_noted(
    program: Callable[..., TestClient], desk: Desk, open_one: Callable[..., str]
) -> None:
    client, path = program(), f"/api/v1/tickets/{open_one()}"
    sent = {"Content-Type": "application/octet-stream", "Idempotency-Key": "copy"}
    kept = [client.post(f"{path}/files?name=copy.csv", content=b"name\nEmily\n", headers=sent) for _ in range(2)]
    assert [answer.status_code for answer in kept] == [201, 201]
    number = kept[0].json()["id"]
    assert kept[1].json()["id"] == number
    other = client.post(f"{path}/files?name=copy.csv", content=b"other", headers=sent)
    assert other.status_code == 409
    binary = {"Content-Type": "application/octet-stream"}
    assert client.post(f"{path}/files?name=copy.exe", content=b"MZ", headers=binary).status_code == 422
    assert client.post(f"{path}/files?name=copy.pdf", content=b"no pdf", headers=binary).status_code == 422
    read = client.get(f"{path}/files/{number}")
    assert (read.content, read.headers["content-type"]) == (b"name\nEmily\n", "application/octet-stream")
    assert client.get(f"/api/v1/tickets/{open_one()}/files/{number}").status_code == 404
    body = {"template": "answered", "message": "Here is your copy.", "files": [number]}
    assert client.post(f"{path}/replies", json=body).status_code == 200
    assert client.post(f"{path}/replies", json={**body, "files": [number + 1]}).status_code == 404
    details = client.get(path).json()
    assert [(file["name"], file["sent"]) for file in details["files"]] == [("copy.csv", True)]
    whats = [entry["what"] for entry in client.get("/api/v1/readings").json()["readings"]]
    assert whats == ["opened", "file"]


def test_the_clock_stands_and_runs_again_and_a_ticket_is_escalated(
    program: Callable[..., TestClient], open_one: Callable[..., str]
) -> None:
    client, path = program(), f"/api/v1/tickets/{open_one(Kind.COMPLAINT)}"
    doubt = {"doubt": "Another address than in the contract.", "message": "Please tell us your customer number."}
    assert client.post(f"{path}/suspension", json=doubt).json()["suspended"] is True
    assert client.post(f"{path}/suspension", json=doubt).status_code == 409
    assert client.post(f"{path}/resumption", json={}).json()["suspended"] is False
    assert client.post(f"{path}/resumption", json={"note": "Again."}).status_code == 409
    escalated = client.post(f"{path}/escalation", json={"to": "truste", "reference": "TR-1"}).json()
    assert escalated["escalated"] is True
    actions = [change["action"] for change in client.get(f"{path}/history").json()["changes"]]
    assert actions[0] == "ticket.opened"
    assert {"ticket.clock-suspended", "ticket.clock-resumed", "ticket.escalated"} <= set(actions)


def test_the_audit_trail_can_be_followed_and_proves_itself(
    program: Callable[..., TestClient], open_one: Callable[..., str]
) -> None:
    client = program()
    references = {open_one() for _ in range(3)}
    changes, cursor = [], "0"
    while cursor is not None:
        page = client.get(f"/api/v1/audit?limit=2&cursor={cursor}").json()
        changes += page["changes"]
        cursor = page["next_cursor"]
    assert [change["sequence"] for change in changes] == list(range(1, len(changes) + 1))
    assert all(after["previous_hash"] == before["hash"] for before, after in pairwise(changes))
    assert {change["ticket"] for change in changes if change["action"] == "ticket.opened"} == references
    last = changes[-1]["sequence"]
    assert client.get(f"/api/v1/audit?cursor={last}").json() == {"changes": [], "next_cursor": None}


def test_colleagues_and_topics_are_listed(program: Callable[..., TestClient], desk: Desk) -> None:
    with desk.work("visitor") as work:
        topics_asked.add(work, "0" * 32, [topics_asked.Asked("cookies", "de", 3)])
        monday = work.today - timedelta(days=work.today.weekday())
    client = program()
    asked = {"week": monday.isoformat(), "topic": "cookies", "language": "de", "count": 3}
    assert client.get("/api/v1/topics").json()["topics"] == [asked]
    users = client.get("/api/v1/users").json()["users"]
    assert {user["role"] for user in users} == {"viewer", "officer", "admin"}
    assert "email" not in users[0]


def test_failures_are_json_with_a_code(program: Callable[..., TestClient]) -> None:
    client = program()
    assert client.get("/api/v1/tickets/PR-0000-0000").json()["error"]["code"] == "not-found"
    assert client.get("/api/v1/nothing").json()["error"]["code"] == "not-found"
    assert client.post("/api/v1/tickets", content=b"\xff\xfe").json()["error"]["code"] == "input"
    assert client.put("/api/v1/tickets").status_code == 405


def test_the_description_agrees_with_what_happens(app: FastAPI, program: Callable[..., TestClient]) -> None:
    """Try every operation with generated calls, right and wrong ones: whatever is described must be so."""
    authorization = {"Authorization": program().headers["Authorization"]}
    walked: set[str] = set()
    for result in schemathesis.openapi.from_asgi("/api/v1/openapi.json", app).get_all_operations():
        operation = result.ok()
        walked.add(operation.label)
        for mode in GenerationMode:
            _try(operation.as_strategy(generation_mode=mode), authorization)
    assert len(walked) == len(api.declared)


def _try(calls: SearchStrategy[schemathesis.Case], headers: dict[str, str]) -> None:
    @given(case=calls)
    @settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def check(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=headers)

    check()
