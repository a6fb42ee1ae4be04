"""Whatever the assistant says fits into Slack's documented limits, and markup goes on and off without loss."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.slack_blocks import after_choice, offer_private, post
from bot.channels.slack_markup import escaped, marked_up, unwrapped
from tools.local_slack.rules import message_problems

# Long texts are short ones repeated: what matters is where they are cut and what is escaped.
pieces = st.text(max_size=40) | st.text("aé<>&|*_`[]()\n :/", max_size=40)
texts = st.builds(lambda piece, times: piece * times, pieces, st.integers(1, 400))
buttons = st.builds(
    lambda title, number, length: [
        {"title": f"{one} {title}" * length, "payload": f"/{one}" + "x" * length} for one in range(number)
    ],
    st.text(max_size=20),
    st.integers(0, 120),
    st.integers(0, 160),
)
messages = st.lists(
    st.fixed_dictionaries(
        {"text": texts, "buttons": buttons},
        optional={
            "source": st.just(
                {
                    "topic": "cookies",
                    "section": "cookies",
                    "section_title": "Cookies & Co",
                    "statement_date": "2018-05-25",
                }
            )
        },
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(messages)
def test_any_turn_is_a_post_that_slack_takes(said: list[dict[str, object]]) -> None:
    made = post(said, "de")
    assert message_problems(made["blocks"], made["text"] or "…") == []


@settings(max_examples=60, deadline=None)
@given(messages, st.text(max_size=500))
def test_a_post_after_its_click_is_one_that_slack_takes(said: list[dict[str, object]], chosen: str) -> None:
    made = after_choice(post(said, "en")["blocks"], f"Chosen: {chosen}")
    assert message_problems(made["blocks"], made["text"]) == []
    assert all(block["type"] != "actions" for block in made["blocks"])


@given(st.text(max_size=2000))
def test_an_offer_to_go_on_in_private_fits_too(wanted: str) -> None:
    made = offer_private(wanted, "en")
    assert message_problems(made["blocks"], made["text"]) == []


@pytest.mark.parametrize(("number", "kind"), [(1, "button"), (6, "button"), (25, "button"), (26, "static_select")])
def test_up_to_twenty_five_buttons_then_a_menu_and_none_is_lost(number: int, kind: str) -> None:
    offered = [{"title": f"Choice {one}", "payload": f"/choice{one}"} for one in range(number)]
    elements = post([{"text": "?", "buttons": offered}], "en")["blocks"][-1]["elements"]
    assert {element["type"] for element in elements} == {kind}
    shown = elements if kind == "button" else elements[0]["options"]
    assert [one["value"] for one in shown] == [one["payload"] for one in offered]


def test_a_long_answer_keeps_every_word() -> None:
    words = [f"word{number}" for number in range(1200)]
    blocks = post([{"text": " ".join(words)}], "en")["blocks"]
    assert " ".join(block["text"]["text"] for block in blocks).split() == words


@given(st.text())
def test_what_is_escaped_comes_back_as_it_was(text: str) -> None:
    squeezed = " ".join(text.split())
    assert unwrapped(escaped(squeezed)) == squeezed


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("<mailto:a@b.c|a@b.c>", "a@b.c"),
        ("my address is <mailto:Erika.M@example.org|Erika.M@example.org>.", "my address is Erika.M@example.org."),
        ("<https://a.example/x|a.example/x>", "a.example/x"),
        ("<https://a.example>", "https://a.example"),
        ("<https://evil.example|the bank>", "the bank (https://evil.example)"),
        ("<tel:+49891234|+49 89 1234>", "+49891234"),
        ("<@UBOT> what about cookies", "what about cookies"),
        ("<@UBOT|privacy> hi", "hi"),
        ("ask <@U1|erika> in <#C1|general>", "ask @erika in #general"),
        ("<!here> and <!subteam^S1|@team>", "@here and @team"),
        ("1 &lt; 2 &amp;&amp; 3 &gt; 2", "1 < 2 && 3 > 2"),
        ("&amp;lt;", "&lt;"),
    ],
)
def test_slacks_markup_comes_off(written: str, typed: str) -> None:
    assert unwrapped(written, "UBOT") == typed


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("[dpo@example.org](mailto:dpo@example.org)", "<mailto:dpo@example.org|dpo@example.org>"),
        ("see [A & B](https://a.example/?a=1&b=2)", "see <https://a.example/?a=1&amp;b=2|A &amp; B>"),
        ("a < b & c", "a &lt; b &amp; c"),
        ("<!channel>", "&lt;!channel&gt;"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
    ],
)
def test_the_assistants_links_go_on(said: str, shown: str) -> None:
    assert marked_up(said) == shown
