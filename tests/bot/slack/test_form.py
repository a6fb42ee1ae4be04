"""The /privacy form, the shortcut and the home tab, with the real model, action server and ticket database behind."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.bot.assistant import PROJECT, free_port, running_assistant
from tests.bot.slack.conftest import Workspace, slack_settings
from tools.local_slack.play import State
from tools.local_slack.server import LocalSlack

DESK_PYTHON = PROJECT / ".venv" / "desk" / "bin" / "python"
KEY = "a key for tests that is long enough to be taken"


@dataclass
class Backend:
    """A real action server over a real ticket database."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        settings = {
            "VAR_DIR": str(self.folder),
            "DESK_KEYS": KEY,
            "DESK_INDEX_KEY": KEY,
            "ACTIONS_PORT": str(self.port),
        }
        return {**{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}, **settings}

    def start(self) -> None:
        """Start the action server and wait until it answers."""
        with (self.folder / "actions.log").open("ab") as log:
            command = [str(DESK_PYTHON), "-m", "actions"]
            self.process = subprocess.Popen(command, cwd=PROJECT, env=self.environment, stdout=log, stderr=log)
        for _ in range(300):
            try:
                if requests.get(f"http://127.0.0.1:{self.port}/health", timeout=1).ok:
                    return
            except requests.RequestException:
                time.sleep(0.1)
        raise AssertionError((self.folder / "actions.log").read_text())

    def stop(self) -> None:
        """Stop it."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def tickets(self) -> list[tuple[Any, ...]]:
        """Give kind, channel and language of the tickets there are."""
        with sqlite3.connect(self.folder / "desk.db") as database:
            return database.execute("SELECT kind, channel, language FROM tickets ORDER BY id").fetchall()


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """Run the action server over an empty desk."""
    made = Backend(tmp_path_factory.mktemp("desk"), free_port())
    subprocess.run([str(DESK_PYTHON), "-m", "desk.storage.migrate"], cwd=PROJECT, env=made.environment, check=True)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def workspace(slack: LocalSlack, backend: Backend, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """Run the assistant with the real model; `make test` has trained it before."""
    models = sorted((PROJECT / "models").glob("assistant-*.tar.gz"), key=lambda path: path.stat().st_mtime)
    assert models, "There is no model; `make train` makes one."
    settings = {**slack_settings(slack), "ACTIONS_URL": f"http://127.0.0.1:{backend.port}/webhook"}
    with running_assistant(tmp_path_factory.mktemp("var"), models[-1], **settings) as assistant:
        yield Workspace(slack, assistant)


def filled(**fields: str) -> State:
    """Give what somebody filled in."""
    chosen = {"kind": "access", "relationship": "direct", "email": "erika@example.org", **fields}
    values: State = {}
    for name in ("kind", "description", "relationship", "email", "name", "country"):
        value = chosen.get(name)
        is_menu = name in {"kind", "relationship"}
        values[name] = {name: {"selected_option": {"value": value}} if is_menu else {"value": value}}
    return values


def open_form(workspace: Workspace, person: str) -> str:
    """Type /privacy and give the form's id."""
    known = set(workspace.slack.workspace.modals)
    done = workspace.slack.play.command(person, "C0GENERAL", "/privacy")
    assert done is not None
    assert done.in_time
    return str(workspace.wait_for(lambda: set(workspace.slack.workspace.modals) - known).pop())


def texts_of(view: dict[str, Any]) -> str:
    return "\n".join(str((block.get("text") or {}).get("text") or "") for block in view["blocks"])


def test_a_request_made_with_the_form_is_a_ticket(workspace: Workspace, backend: Backend) -> None:
    form = open_form(workspace, "U0ERIKA")
    before = len(backend.tickets())
    words = filled(
        kind="complaint", description="Ich bekomme trotz Abmeldung Werbung", name="Erika", country="Österreich"
    )
    assert workspace.slack.play.submit("U0ERIKA", form, words).in_time
    summary = texts_of(workspace.slack.workspace.modals[form])
    for part in ("Ich bekomme trotz Abmeldung Werbung", "erika@example.org", "Erika", "Österreich", "Monate"):
        assert part in summary
    assert len(backend.tickets()) == before, "nothing is sent before it was read back"
    assert workspace.slack.play.submit("U0ERIKA", form, {}).in_time
    done = texts_of(workspace.slack.workspace.modals[form])
    assert "PR-" in done
    assert backend.tickets()[before:] == [("complaint", "slack", "de")]
    workspace.settle()
    assert "PR-" in workspace.last_message(workspace.direct("U0ERIKA"))["text"], "it stays in the messages too"


def test_the_same_form_sent_six_times_is_one_ticket(workspace: Workspace, backend: Backend) -> None:
    form = open_form(workspace, "U0JOHN")
    view = workspace.slack.workspace.modals[form]
    workspace.slack.play.submit("U0JOHN", form, filled(email="john@example.org"))
    before, summary = len(backend.tickets()), dict(workspace.slack.workspace.modals[form])
    for _ in range(6):
        workspace.slack.workspace.modals[form] = dict(summary)
        workspace.slack.play.submit("U0JOHN", form, {})
    assert view["callback_id"] == "privacy-request"
    assert len(backend.tickets()) == before + 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"email": "keine Adresse"}, "email"),
        ({"email": "erika@gmial.com"}, "email"),
        ({"kind": "complaint", "description": ""}, "description"),
        ({"kind": "complaint", "description": "Werbung", "country": "Mittelerde"}, "country"),
        ({"description": "Ich bin 15 Jahre alt und will meine Daten sehen"}, "description"),
    ],
    ids=str,
)
def test_what_is_wrong_is_said_at_its_field(
    workspace: Workspace, backend: Backend, fields: dict[str, str], field: str
) -> None:
    form = open_form(workspace, "U0ERIKA")
    before = len(backend.tickets())
    workspace.slack.play.submit("U0ERIKA", form, filled(**fields))
    errors = workspace.slack.play.errors[form]
    assert list(errors) == [field]
    assert len(errors[field]) > 15
    assert len(backend.tickets()) == before


def test_a_number_in_the_form_is_taken_out_and_that_is_said(workspace: Workspace, backend: Backend) -> None:
    form = open_form(workspace, "U0JOHN")
    words = filled(description="Refund to DE89 3704 0044 0532 0130 00 please", email="john.d@example.org")
    workspace.slack.play.submit("U0JOHN", form, words)
    summary = texts_of(workspace.slack.workspace.modals[form])
    assert "not needed here" in summary
    assert "0532" not in summary
    for file in workspace.assistant.var_dir.glob("tracker.sqlite3*"):
        assert b"0532 0130" not in file.read_bytes()


def test_the_same_request_again_is_said_and_may_still_be_sent(workspace: Workspace, backend: Backend) -> None:
    for expected in (1, 2):
        before = len(backend.tickets())
        form = open_form(workspace, "U0JOHN")
        workspace.slack.play.submit("U0JOHN", form, filled(kind="portability", email="again@example.org"))
        workspace.slack.play.submit("U0JOHN", form, {})
        if expected == 2:
            assert len(backend.tickets()) == before
            assert "already" in texts_of(workspace.slack.workspace.modals[form])
            workspace.slack.play.submit("U0JOHN", form, {})
        assert len(backend.tickets()) == before + 1


def test_a_message_becomes_a_request_by_the_shortcut(workspace: Workspace) -> None:
    ts = workspace.slack.play.say("U0JOHN", "C0RANDOM", "They sold my address a@b.example")
    known = set(workspace.slack.workspace.modals)
    shortcut = "privacy_request_from_message"
    assert workspace.slack.play.message_shortcut("U0JOHN", "visitors", shortcut, "C0RANDOM", ts).in_time
    form = workspace.wait_for(lambda: set(workspace.slack.workspace.modals) - known).pop()
    inputs = {block.get("block_id"): block for block in workspace.slack.workspace.modals[form]["blocks"]}
    assert inputs["description"]["element"]["initial_value"] == "They sold my address a@b.example"


def test_the_home_tab_lists_a_persons_requests_with_their_due_dates_and_nobody_elses(workspace: Workspace) -> None:
    form = open_form(workspace, "U0OLGA")
    workspace.slack.play.submit("U0OLGA", form, filled(kind="erasure", email="olga@example.org"))
    workspace.slack.play.submit("U0OLGA", form, {})
    workspace.settle()
    homes = workspace.slack.workspace.homes
    for person in ("U0OLGA", "U0JOHN"):
        homes.pop(("visitors", person), None)
        workspace.slack.play.open_home(person, "visitors")
        workspace.wait_for(lambda person=person: homes.get(("visitors", person)))
    own, other = texts_of(homes["visitors", "U0OLGA"]), texts_of(homes["visitors", "U0JOHN"])
    assert "Löschung" in own
    assert "Antwort bis" in own
    assert "eingegangen" in own, "the state comes from the desk at this moment"
    assert "Löschung" not in other


def test_the_home_tabs_button_opens_the_form(workspace: Workspace) -> None:
    workspace.slack.play.open_home("U0ERIKA", "visitors")
    workspace.wait_for(lambda: workspace.slack.workspace.homes.get(("visitors", "U0ERIKA")))
    known = set(workspace.slack.workspace.modals)
    assert workspace.slack.play.click_home("U0ERIKA", "visitors", "new-request").in_time
    assert workspace.wait_for(lambda: set(workspace.slack.workspace.modals) - known)


def test_a_whole_complaint_in_direct_messages_ends_on_the_home_tab(workspace: Workspace, backend: Backend) -> None:
    before = len(backend.tickets())
    person, dm = "U0OLGA", workspace.direct("U0OLGA")
    workspace.say(person, "Ich möchte mich beschweren")
    workspace.say(person, "Ihr Newsletter kommt trotz Abmeldung jeden Tag")
    workspace.settle()
    for _ in range(2):
        message = workspace.last_message(dm)
        if "answer:0" in str(message["blocks"]) and "relationship" in str(message["blocks"]):
            workspace.slack.play.click(person, message, "answer:0")
            workspace.settle()
    workspace.say(person, "olga.kunde@example.org")
    workspace.say(person, "Olga Kunde")
    workspace.say(person, "Deutschland")
    workspace.settle()
    message = workspace.last_message(dm)
    assert "Bitte prüfen Sie Ihre Angaben" in message["text"]
    workspace.slack.play.click(person, message, "answer:0")
    workspace.settle()
    assert backend.tickets()[before:] == [("complaint", "slack", "de")]
    assert "Beschwerde" in texts_of(workspace.slack.workspace.homes["visitors", person])


def test_an_action_server_that_is_away_is_said_and_trying_again_makes_one_ticket(
    workspace: Workspace, backend: Backend
) -> None:
    form = open_form(workspace, "U0JOHN")
    workspace.slack.play.submit("U0JOHN", form, filled(kind="objection", email="away@example.org"))
    before = len(backend.tickets())
    backend.stop()
    assert workspace.slack.play.submit("U0JOHN", form, {}).in_time
    said = texts_of(workspace.slack.workspace.modals[form])
    assert "cannot confirm that anything was sent" in said
    assert "PR-" not in said
    backend.start()
    workspace.slack.play.submit("U0JOHN", form, {})
    assert len(backend.tickets()) == before + 1
    assert "PR-" in texts_of(workspace.slack.workspace.modals[form])


def test_a_slow_desk_is_answered_in_time_and_the_truth_follows_in_the_messages(
    workspace: Workspace, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.channels import slack

    form = open_form(workspace, "U0OLGA")
    workspace.slack.play.submit("U0OLGA", form, filled(kind="withdraw-consent", email="slow@example.org"))
    before = len(backend.tickets())
    monkeypatch.setattr(slack, "FORM_SECONDS", 0.0)
    assert workspace.slack.play.submit("U0OLGA", form, {}).in_time
    assert "nicht bestätigen, dass etwas abgeschickt wurde" in texts_of(workspace.slack.workspace.modals[form])
    monkeypatch.undo()
    workspace.wait_for(lambda: "PR-" in workspace.last_message(workspace.direct("U0OLGA"))["text"])
    workspace.slack.play.submit("U0OLGA", form, {})
    assert len(backend.tickets()) == before + 1, "sending again makes no second one"
