"""The command line and the settings: what an administrator types, on both databases."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from desk.application import Desk
from desk.cli import app
from desk.domain.errors import InvalidInput
from desk.services import accounts, review
from desk.settings import ROOT, SettingsError, current_settings, read_environment, settings_from
from desk.storage.models import Ticket
from tests.desk.conftest import INDEX_KEY, KEY, OTHER_KEY

GOOD = {"VAR_DIR": "/tmp/x", "DESK_KEYS": KEY, "DESK_INDEX_KEY": INDEX_KEY}


Run = Callable[..., Result]


def variables(desk: Desk, **more: str) -> dict[str, str]:
    return {
        "VAR_DIR": str(desk.settings.var_dir),
        "DATABASE_URL": desk.settings.database_url,
        "DESK_KEYS": KEY,
        "DESK_INDEX_KEY": INDEX_KEY,
        **more,
    }


@pytest.fixture
def run(desk: Desk) -> Iterator[Run]:
    """Give a way to type `privacy-desk …`."""

    def type_in(*words: str, expect: int = 0, typed: str = "", **more: str) -> Result:
        current_settings.cache_clear()
        done = CliRunner().invoke(app, list(words), env=variables(desk, **more), input=typed)
        assert done.exit_code == expect, done.output
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    yield type_in
    current_settings.cache_clear()


def test_command_runs_as_a_process_of_its_own(desk: Desk) -> None:
    environment = {**variables(desk), "PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "desk.cli", "audit", "verify"]
    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stdout) == (0, "The audit trail is whole: 0 entries.\n")


def test_demonstration_looks_like_a_year_at_a_desk(desk: Desk, run: Run) -> None:
    run("demo", "--tickets", "120", "--seed", "7")
    assert "The audit trail is whole" in run("audit", "verify").stdout
    listed = run("tickets", "list", "--view", "all", "--limit", "200").stdout
    references = re.findall(r"PR-[0-9A-Z]{4}-[0-9A-Z]{4}", listed)
    assert len(set(references)) == 120
    for word in ("complaint", "erasure", "resolved", "refused", "in-progress", "new", " de ", " en ", "Lena Hartmann"):
        assert word in listed, word
    shown = run("tickets", "show", references[-1].lower()).stdout
    assert "ticket.opened" in shown
    assert "@example.org" in shown
    assert "0 wait" in run("outbox", "list").stdout, "nobody at these addresses asked for mail"


def test_accounts_are_added_and_reset(desk: Desk, run: Run) -> None:
    added = run("users", "add", "anna@example.org", "--name", "Anna", "--role", "admin", "--language", "en").stdout
    email, password = added.split()
    assert accounts.sign_in(desk, email, password, "192.0.2.1").user is not None
    _, renewed = run("users", "reset", email).stdout.split()
    assert accounts.sign_in(desk, email, password, "192.0.2.1").user is None
    assert accounts.sign_in(desk, email, renewed, "192.0.2.1").user is not None
    assert "Anna" in run("users", "list").stdout
    assert "no account" in run("users", "reset", "nobody@example.org", expect=1).stderr
    assert "already" in run("users", "add", email, "--name", "Anna", expect=1).stderr


def test_keys_are_rotated(desk: Desk, opened: Callable[..., Ticket], run: Run) -> None:
    opened()
    run("migrate")
    assert "can be taken out" in run("keys", "rotate", DESK_KEYS=f"{OTHER_KEY},{KEY}").stdout
    assert "up to date" in run("migrate", DESK_KEYS=OTHER_KEY).stdout
    assert run("migrate", expect=1).stderr.startswith("DESK_KEYS does not hold the key")
    assert len(run("keys", "create").stdout.strip()) >= 32


def test_person_is_exported(desk: Desk, tmp_path: Path, opened: Callable[..., Ticket], run: Run) -> None:
    ticket = opened()
    run("tickets", "export", "erika@example.org", "--folder", str(tmp_path))
    data = json.loads((tmp_path / "person.json").read_text())
    assert [one["reference"] for one in data["tickets"]] == [ticket.reference]
    assert "Erika Mustermann" in (tmp_path / "person.html").read_text()


def test_mail_is_taken_in_from_standard_input(run: Run) -> None:
    mail = "From: erika@example.org\nSubject: Frage\n\nBitte sagen Sie mir, was Sie über mich wissen und warum.\n"
    assert re.match(r"PR-\w{4}-\w{4}\n", run("mail-in", typed=mail).stdout)
    assert run("mail-in", typed=f"Auto-Submitted: auto-replied\n{mail}").stdout == "ignored: automatic\n"


def test_mistakes_are_told_in_a_sentence(run: Run) -> None:
    assert run("tickets", "show", "PR-0000-0001", expect=1).stderr == "There is no ticket PR-0000-0001.\n"
    assert "no view" in run("tickets", "list", "--view", "x", expect=1).stderr
    assert "needs scopes" in run("tokens", "add", "x", "--scope", "all", expect=1).stderr
    assert run("migrate", expect=1, DESK_KEYS="short").stderr.startswith("DESK_KEYS must be set")
    assert run("audit", "verify", expect=1, DATABASE_URL="postgresql://x@127.0.0.1:1/x").stderr.count("Error") == 0


def test_retention_asks_before_it_removes(run: Run) -> None:
    assert "0 tickets until" in run("retention", "preview").stdout
    assert "removed from 0 tickets" in run("retention", "run").stdout


# --- settings


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"DESK_KEYS": ""}, "DESK_KEYS must be set"),
        ({"DESK_KEYS": f"{KEY},short"}, "DESK_KEYS must be set"),
        ({"DESK_INDEX_KEY": "short"}, "DESK_INDEX_KEY must be set"),
        ({"DESK_PORT": "http"}, "DESK_PORT must be a whole number"),
        ({"DESK_PORT": "0"}, "DESK_PORT must be at least 1"),
        ({"DESK_TIMEZONE": "Mars/Olympus"}, "DESK_TIMEZONE names no known"),
        ({"DESK_REMINDER_DAYS": "7;3"}, "DESK_REMINDER_DAYS must be whole numbers"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL must start with"),
        ({"DESK_SQLITE_SYNCHRONOUS": "OFF"}, "DESK_SQLITE_SYNCHRONOUS must be one of"),
        ({"DESK_RETENTION_MONTHS": "-1"}, "DESK_RETENTION_MONTHS must be at least 1"),
    ],
)
def test_wrong_settings_are_told_by_name(wrong: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=f"^{says}") as caught:
        settings_from({**GOOD, **wrong})
    assert "\n" not in str(caught.value)


def test_unknown_place_of_holidays_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="DESK_HOLIDAYS"):
        Desk(settings_from({**GOOD, "VAR_DIR": str(tmp_path), "DESK_HOLIDAYS": "XX-YY"}))


def test_secrets_stand_in_no_description_of_the_settings() -> None:
    secrets = {"SMTP_URL": "smtp://u:hidden-password@h", "SLACK_WEBHOOK_URL": "https://hooks.example.org/hidden"}
    shown = repr(settings_from({**GOOD, **secrets}))
    assert "hidden" not in shown
    assert KEY not in shown
    assert INDEX_KEY not in shown


def test_generated_secrets_are_read_and_the_environment_wins(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "desk.env").write_text(f"DESK_KEYS={KEY}\nDESK_INDEX_KEY={INDEX_KEY}\n")
    found = settings_from(read_environment({"VAR_DIR": str(tmp_path), "DESK_KEYS": OTHER_KEY}))
    assert (found.keys, found.index_key) == ((OTHER_KEY,), INDEX_KEY)


def test_retention_may_differ_by_kind() -> None:
    found = settings_from({**GOOD, "DESK_RETENTION_MONTHS": "24", "DESK_RETENTION_MARKETING_OPT_OUT_MONTHS": "6"})
    assert {kind.value: months for kind, months in found.retention_months.items() if months != 24} == {
        "marketing-opt-out": 6
    }


def test_every_setting_is_explained() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    source = (ROOT / "desk" / "settings.py").read_text(encoding="utf-8")
    names = set(re.findall(r'"((?:DESK|SMTP|MAIL|SLACK|DATABASE|LOG|VAR)_[A-Z_]+)"', source))
    assert len(names) > 20
    missing = sorted(name for name in names if f"| `{name}` |" not in page)
    assert missing == []


def test_placed_questions_are_handed_over_and_marked_as_learned(run: Run, desk: Desk) -> None:
    with desk.work("visitor") as work:
        for text in ("wem gebt ihr das", "wetter morgen", "wartet noch"):
            review.keep(work, text, "de", [])
        latest, second, first = (question.id for question in review.waiting(work))
    with desk.work("test") as work:
        review.assign(work, first, "faq/recipients")
        review.assign(work, second, "out-of-scope")
    handed = [json.loads(line) for line in run("review", "export").output.splitlines()]
    assert handed == [
        {"number": first, "language": "de", "label": "faq/recipients", "text": "wem gebt ihr das"},
        {"number": second, "language": "de", "label": "out-of-scope", "text": "wetter morgen"},
    ]
    done = f"{first}\n{latest}\n"
    assert "in the desk: 1" in run("review", "done", typed=done).output
    assert "in the desk: 0" in run("review", "done", typed=done).output
    assert [json.loads(line)["number"] for line in run("review", "export").output.splitlines()] == [second]
    with desk.work("test") as work, pytest.raises(InvalidInput):
        review.take_back(work, first)
