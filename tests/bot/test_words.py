"""What is said stands in data and domain, in both languages, and values are put in without being read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, BotUttered, SlotSet, UserUttered
from rasa.shared.core.slots import AnySlot, TextSlot
from rasa.shared.core.trackers import DialogueStateTracker

from bot.answers import AnswersError, load_catalogue
from bot.channels.messages import rendered
from bot.nlg import AnswerGenerator, fill
from bot.words import LAST_RESORT
from tests.bot.assistant import PROJECT, TINY

ANSWERS = PROJECT / "data" / "answers"


@pytest.fixture(scope="module")
def words() -> AnswerGenerator:
    return AnswerGenerator(None, Domain.load(str(TINY / "domain")))


def tracker(
    intent: str = "faq", language: str | None = None, browser: str | None = None, **entities: object
) -> DialogueStateTracker:
    slots = [
        TextSlot("language", []),
        AnySlot("ticket_kind", []),
        AnySlot("description", []),
        AnySlot("requested_slot", []),
    ]
    result = DialogueStateTracker("c", slots)
    if language:
        result.update(SlotSet("language", language))
    found = []
    for name, value in entities.items():
        values = value if isinstance(value, list) else [value]
        found += [{"entity": name, "value": one} for one in values]
    result.update(UserUttered("text", {"name": intent}, found, metadata={"language": browser} if browser else {}))
    return result


async def said(
    words: AnswerGenerator, action: str, at: DialogueStateTracker, **values: object
) -> list[dict[str, object]]:
    response = await words.generate(action, at, "webchat", **values)
    return [] if response is None else rendered(response)


async def test_every_answer_can_be_given_in_both_languages(words: AnswerGenerator) -> None:
    for key in words.catalogue.answers:
        for language in ("de", "en"):
            intent = "not-covered" if "/" in key else "faq"
            (message,) = await said(words, "utter_answer", tracker(intent, language, topic=key))
            assert message["text"]
            assert message["source"]["topic"] == key.split("/")[0]
            assert message["source"].get("detail") == (key.split("/")[1] if "/" in key else None)
            assert {"section", "section_title", "statement_date"} <= set(message["source"])
            for button in message.get("buttons", []):
                assert button["title"]
                assert button["payload"].startswith("/")


async def test_a_topic_named_twice_is_answered_once(words: AnswerGenerator) -> None:
    assert len(await said(words, "utter_answer", tracker(topic=["cookies", "cookies"]))) == 1


async def test_an_unknown_topic_is_unclear_and_never_silence(words: AnswerGenerator) -> None:
    (message,) = await said(words, "utter_answer", tracker(topic="no-such-topic"))
    assert message["source"] == {"topic": "unclear"}
    assert message["buttons"][-1]["payload"] == "/inquiry"


async def test_at_most_three_suggestions(words: AnswerGenerator) -> None:
    topics = ["cookies", "unknown", "purposes", "cookies", "children", "contact"]
    (message,) = await said(words, "utter_answer", tracker("unclear", suggestion=topics))
    assert message["suggestions"] == ["cookies", "purposes", "children"]
    assert len(message["buttons"]) == 4


async def test_a_flow_without_a_question_gets_no_answer(words: AnswerGenerator) -> None:
    assert await said(words, "utter_answer", tracker("complaint")) == []
    assert len(await said(words, "utter_answer", tracker("complaint", topic="cookies"))) == 1


async def test_the_kind_of_small_talk_chooses_the_words(words: AnswerGenerator) -> None:
    assert (await said(words, "utter_chitchat", tracker("chitchat", "en", chitchat="greet")))[0]["text"] == "Hello."
    assert (await said(words, "utter_chitchat", tracker("chitchat", "en", chitchat="unheard-of")))[0][
        "text"
    ] == "I am here."


@pytest.mark.parametrize(
    ("slot", "browser", "expected"),
    [
        ("en", "de", "en"),
        ("de", "en", "de"),
        (None, "en", "en"),
        (None, None, "de"),
        ("fr", "en", "en"),
        (None, "fr", "de"),
    ],
)
async def test_the_language_of_a_turn(words: AnswerGenerator, slot: str, browser: str, expected: str) -> None:
    (message,) = await said(words, "utter_answer", tracker(language=slot, browser=browser, topic="cookies"))
    assert message["text"].startswith({"de": "Die Website", "en": "The website"}[expected])


async def test_asking_once_more_is_shorter(words: AnswerGenerator) -> None:
    key = "utter_ask_ticket_form_description"
    at = tracker("complaint", "en")
    at.update(ActiveLoop("ticket_form"))
    assert (await said(words, key, at))[0]["text"] == "What is it about?"
    at.update(BotUttered("What is it about?", metadata={"utter_action": key}))
    assert (await said(words, key, at))[0]["text"] == "So, what is it about?"
    at.update(ActiveLoop(None))
    at.update(ActiveLoop("ticket_form"))
    assert (await said(words, key, at))[0]["text"] == "What is it about?", "a new form asks in full"


async def test_a_response_nobody_wrote_is_not_silence(words: AnswerGenerator) -> None:
    (message,) = await said(words, "utter_never_written", tracker(language="en"))
    assert message["text"] == LAST_RESORT["utter_default"]["en"]


async def test_values_of_an_action_come_before_slots_and_are_never_read(words: AnswerGenerator) -> None:
    at = tracker("complaint", "en")
    at.update(SlotSet("description", "{email} 0[ {description}"))
    (message,) = await said(words, "utter_read_back", at, email="{description}")
    assert message["text"] == "Noted: {email} 0[ {description}, {description}."


@given(st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=30), min_size=2))
def test_filling_is_one_pass(values: dict[str, str]) -> None:
    assert fill("<{a}|{b}>", values) == f"<{values['a']}|{values['b']}>"


def test_a_missing_value_is_left_out() -> None:
    assert fill("Hello {name}.", {}) == "Hello ."


async def test_an_actions_own_fields_join_those_of_the_domain(words: AnswerGenerator) -> None:
    at = tracker("complaint", "en")
    response = await words.generate("utter_ask_ticket_form_email", at, "webchat")
    response["custom"] = {"ticket": {"reference": "PR-1", "kind": "complaint", "due": "2026-01-01"}}
    (message,) = rendered(response)
    assert message["ticket"]["reference"] == "PR-1"
    assert message["expects"] == "email"


def test_the_flow_of_the_form_is_named_by_the_slot(words: AnswerGenerator) -> None:
    words.responses = {**words.responses, "utter_step": [{"text": "?", "custom": {"step": "name", "expects": "name"}}]}
    response = words.say("utter_step", "en", ticket_kind="erasure")
    assert rendered(response)[0]["flow"] == {"kind": "erasure", "step": "name", "status": "open"}


def changed(tmp_path: Path, name: str, old: str, new: str) -> Path:
    folder = tmp_path / "answers"
    shutil.copytree(ANSWERS, folder)
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    return folder


@pytest.mark.parametrize(
    ("name", "old", "new", "complaint"),
    [
        ("cookies.yml", "{topic: cookie-purposes}", "{topic: cookie-purpose}", "unknown topic 'cookie-purpose'"),
        ("cookies.yml", "{flow: objection}", "{flow: object}", "unknown flow 'object'"),
        ("cookies.yml", 'en: "Cookies in general"', 'fr: "Cookies"', "nothing in 'en'"),
        ("cookies.yml", 'en: "Cookies in general"', f'en: "{"x" * 46}"', "longer than 45"),
        ("cookies.yml", "  cookie-purposes:", "  cookies:", "cookies.yml"),
        ("cookies.yml", "section:", "sektion:", "the section has no id"),
        ("cookies.yml", "topics:", "topics: [", "not valid YAML"),
        ("not-covered.yml", "section: technical-data", "section: nowhere", "no section 'nowhere'"),
        ("general.yml", "statement_date", "date", "statement_date is missing"),
        ("general.yml", "suggestions: [data-collected", "suggestions: [data", "unknown topic 'data'"),
    ],
)
def test_a_mistake_in_the_answers_is_named(tmp_path: Path, name: str, old: str, new: str, complaint: str) -> None:
    with pytest.raises(AnswersError, match=complaint.replace("(", "\\(")):
        load_catalogue(changed(tmp_path, name, old, new))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnswersError, match=r"general\.yml is missing"):
        load_catalogue(tmp_path)
