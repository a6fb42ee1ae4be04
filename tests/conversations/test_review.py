"""What the assistant could not place is placed by the team in the desk and becomes a training phrase."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from desk.application import current_desk
from desk.domain.kinds import Role
from desk.services import accounts
from desk.web.app import create_app
from tests.conversations.conversation import Conversation
from tests.conversations.house import ROOT, House
from tests.desk.web.browsing import PASSWORD, Browser

QUESTIONS = {
    "de": ("irgendwas mit meinen daten halt, na ja {number}", "irgendwas mit meinen daten halt, na ja"),
    "en": ("something about my data i guess, dunno {number}", "something about my data i guess, dunno"),
}
NUMBER = "+49 89 1234567"


def officer() -> Browser:
    """Sign a colleague in to the desk that the assistant's questions go to."""
    desk = current_desk()
    with desk.work("command-line") as work:
        accounts.create_user(work, "olga@example.org", "Olga Officer", Role.OFFICER, "en", PASSWORD)
    browser = Browser(create_app(desk, {}))
    browser.sign_in("olga@example.org")
    return browser


def ask_and_place(house: House, browser: Browser, language: str) -> None:
    """Ask what cannot be placed over the channel, and place it in the desk."""
    asked, kept = QUESTIONS[language]
    Conversation(house, language).play([{"say": asked.format(number=NUMBER)}, {"expect": {"topic": "unclear"}}])
    page = browser.get("/unplaced").text
    assert NUMBER not in page
    card = page[page.index(kept) :]
    number = re.search(r'action="/unplaced/(\d+)"', card)
    assert number
    done = browser.post(f"/unplaced/{number[1]}", {"action": "assign", "topic": "faq/data-collected"})
    assert "Assigned." in browser.follow(done)


def review(house: House, phrases: Path) -> str:
    """Do what `make review` does, on a copy of the phrases."""
    python, desk = sys.executable, f"{sys.executable} -m desk.cli review"
    command = f"set -o pipefail; {desk} export | {python} -m tools.review --phrases {phrases} | {desk} done"
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=house.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def phrases(tmp_path: Path) -> Path:
    """Give a copy of the phrases, for tests never write into the repository."""
    return Path(shutil.copytree(ROOT / "data" / "nlu", tmp_path / "nlu"))


def test_what_could_not_be_placed_becomes_a_training_phrase(house: House, phrases: Path) -> None:
    browser = officer()
    for language in QUESTIONS:
        ask_and_place(house, browser, language)
    said = review(house, phrases)
    assert "2 new phrases, 0 known already, 0 left out" in said
    assert "Marked as learned in the desk: 2" in said
    for language, (_, kept) in QUESTIONS.items():
        content = (phrases / language / "reviewed.yml").read_text(encoding="utf-8")
        assert f"- intent: faq/data-collected\n  examples: |\n    - {kept}\n" in content
    check = [sys.executable, "-m", "bot.nlu.check_data", "--phrases", str(phrases)]
    found = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout
    assert "0 new phrases, 0 known already, 0 left out" in review(house, phrases)
