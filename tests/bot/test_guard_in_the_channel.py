"""Masked means gone: neither the tracker database nor Rasa nor a log line ever holds the number."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import requests

from tests.bot.assistant import PROJECT, Assistant, Visitor, free_port, settings_for

IBAN = "DE89 3704 0044 0532 0130 00"
TAX = "36574261809"
CARD = "4111 1111 1111 1111"


def stored_bytes(var_dir: Path) -> bytes:
    return b"".join(path.read_bytes() for path in var_dir.glob("tracker.sqlite3*"))


def test_the_number_is_masked_said_kindly_and_stored_nowhere(assistant: Assistant, visitor: Visitor) -> None:
    visitor.say("hello")
    visitor.say("complaint")
    notice, step = visitor.say(f"They took money from {IBAN} twice", "m1")
    assert "bank account number" in notice["text"]
    assert step["flow"]["step"] == "email"
    (read_back,) = visitor.say("a@b.example")
    assert read_back["text"] == "Noted: They took money from [bank account number removed] twice, a@b.example."
    data = stored_bytes(assistant.var_dir)
    assert b"They took money from" in data
    for form in (IBAN, IBAN.replace(" ", "")):
        assert form.encode() not in data
    assert IBAN not in str(assistant.engine.agent.tracker_store.said(visitor.conversation))


def test_the_notice_is_in_the_history_and_in_the_repeated_reply(visitor: Visitor) -> None:
    first = visitor.say(f"meine Karte {CARD} und Steuer-ID {TAX}", "m2")
    assert "card number, tax number" in first[0]["text"]
    assert visitor.say("anything", "m2") == first
    history = visitor.history()
    assert history[1]["text"] == "meine Karte [card number removed] und Steuer-ID [tax number removed]"
    assert [message["id"] for message in history[2:]] == [message["id"] for message in first]


def test_the_words_are_in_the_language_of_the_conversation(assistant: Assistant) -> None:
    visitor = assistant.visitor("en")
    visitor.say("hallo")
    (notice, *_) = visitor.say(f"IBAN {IBAN}")
    assert "Kontonummer" in notice["text"]


def test_a_message_without_such_a_number_gets_no_notice(visitor: Visitor) -> None:
    assert len(visitor.say("cookies 12345678")) == 1


def test_nothing_typed_is_in_the_log(tiny_model: Path, tmp_path: Path) -> None:
    """Runs the assistant as it is run in earnest, with LOG_LEVEL=DEBUG, and reads everything it wrote."""
    port = free_port()
    environment = {**os.environ, **settings_for(tmp_path, tiny_model, port, LOG_LEVEL="DEBUG")}
    log = tmp_path / "assistant.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.serve"], cwd=PROJECT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        assistant = Assistant(port, tmp_path)
        deadline = time.monotonic() + 120
        while True:
            try:
                if requests.get(assistant.url + "/health", timeout=5).status_code == 200:
                    break
            except requests.ConnectionError:
                pass
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.5)
        visitor = assistant.visitor("en")
        said = [
            "marmalade cookies",
            "complaint",
            "A plum cake was sent",
            "plum@quince.example",
            "crash rhubarb",
            "/forged{}",
        ]
        for text in [*said, f"IBAN {IBAN}", "x" * 2001, ""]:
            visitor.post(text)
        requests.post(
            assistant.url + "/messages",
            data=b"{gooseberry",
            headers={**visitor.headers, "Content-Type": "application/json"},
            timeout=5,
        )
        visitor.history()
        visitor.erase()
    finally:
        process.terminate()
        process.wait(30)
    written = log.read_text()
    assert "action_crash" in written, "errors are logged"
    for secret in ("marmalade", "plum", "quince", "rhubarb", "forged", "gooseberry", IBAN, "3704", visitor.token):
        assert secret not in written
