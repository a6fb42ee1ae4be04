"""Names the supervisory authority for the place a visitor lives in; asks back rather than guessing."""

from __future__ import annotations

from typing import Any

from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from rasa_sdk.interfaces import Action, Tracker
from rasa_sdk.types import DomainDict

from actions.conversation import active_flow, language_of, message_id, message_of
from actions.forms import Form, forget
from actions.places import ELSEWHERE, Reading, authorities, find_place, place_name
from actions.reading.controls import read_control
from actions.reading.message import LOOKUPS, QUESTIONS, TICKET_KINDS, Message
from actions.speaking import flow_fields, utter
from actions.steering import steered_everywhere
from actions.turn import PENDING, State, Turn

FLOW = "authority"
FORM = "authority_form"
FORGOTTEN_AFTERWARDS = ("ticket_kind", "place", "pending", "attempts")
LAST_ATTEMPT = 3
CARE = frozenset({"distress", "press-or-police"})


def name_authority(dispatcher: CollectingDispatcher, code: str, language: str) -> None:
    """Say which authority is responsible, with everything needed to write to it."""
    authority = authorities()[code]
    name = authority.called(language)
    fields = {
        **flow_fields(FLOW, "place", "done"),
        "authority": {"place": code, "name": name, "website": authority.website},
    }
    words = {
        "gdpr": "utter_authority_germany" if code == "DE" else "utter_authority",
        "other": "utter_authority_outside",
    }[authority.kind]
    details = "\n".join(_details(code, language))
    utter(dispatcher, words, fields, place_name=place_name(code, language), authority_name=name, details=details)


def _details(code: str, language: str) -> list[str]:
    """Return the lines of contact, only those that are known."""
    authority = authorities()[code]
    words = {"de": ("Website", "Beschwerde", "E-Mail"), "en": ("Website", "Complaint", "E-mail")}[language]
    lines = [authority.address, authority.phone]
    lines.append(f"{words[2]}: [{authority.email}](mailto:{authority.email})" if authority.email else "")
    lines.append(f"{words[0]}: [{_bare(authority.website)}]({authority.website})")
    if authority.complaint_url:
        lines.append(f"{words[1]}: [{_bare(authority.complaint_url)}]({authority.complaint_url})")
    note = authority.note(language)
    return [line for line in (*lines, f"\n{note}" if note else "") if line]


def _bare(address: str) -> str:
    return address.removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")


def buttons_for(codes: tuple[str, ...], language: str) -> list[dict[str, str]]:
    """Return a button for each place that may be meant."""
    return [{"title": place_name(code, language), "payload": f'/authority{{"place": "{code}"}}'} for code in codes]


class StartAuthority(Action):
    """Names the authority at once when the message names a place, else asks for it."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_start_authority"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        """Look for a place in the message."""
        message, language = message_of(tracker), language_of(tracker)
        read = [SlotSet("last_read", message_id(tracker))]
        code, reading = place_in(message, asked=False)
        if code:
            _answer(dispatcher, code, Reading(), language)
            return read
        if reading.elsewhere:
            _answer(dispatcher, None, reading, language)
            return read
        if active_flow(tracker) not in (None, FORM):
            # Another flow is open: the place is asked for in words, without taking the visitor out of it.
            utter(dispatcher, "utter_which_authority_later")
            return read
        begun = [*forget(FORGOTTEN_AFTERWARDS), SlotSet("ticket_kind", FLOW)]
        if reading.is_ambiguous:
            _ask_which(dispatcher, reading, language)
            waiting = [SlotSet("requested_slot", PENDING), SlotSet("pending", {"asks": "place", "step": "place"})]
            return [*read, *begun, *waiting, FollowupAction(FORM)]
        utter(dispatcher, "utter_start_authority", flow_fields(FLOW, "place"))
        if message.topics:
            utter(dispatcher, "utter_answer")
        return [*read, *begun, FollowupAction(FORM)]


def place_in(message: Message, asked: bool) -> tuple[str | None, Reading]:
    """Return the one place a message names, or what else it says about places."""
    chosen = message.choice.get("place")
    if chosen in authorities() or chosen == ELSEWHERE:
        return chosen, Reading()
    if message.is_button:
        return None, Reading()
    reading = find_place(message.text, asked=asked)
    return reading.code, reading


def _answer(dispatcher: CollectingDispatcher, code: str | None, reading: Reading, language: str) -> None:
    if code and code in authorities():
        name_authority(dispatcher, code, language)
        return
    named = place_name(reading.elsewhere or ELSEWHERE, language)
    utter(dispatcher, "utter_authority_elsewhere", flow_fields(FLOW, "place", "done"), place_name=named)


def _ask_which(dispatcher: CollectingDispatcher, reading: Reading, language: str) -> None:
    fields: dict[str, Any] = {**flow_fields(FLOW, "place"), "expects": "choice"}
    dispatcher.utter_message(
        response="utter_which_place", json_message=fields, buttons=buttons_for(reading.codes, language)
    )


class ValidateAuthorityForm(Form):
    """Reads the place that was asked for."""

    steps = ("place",)
    forgets = FORGOTTEN_AFTERWARDS

    def name(self) -> str:
        """Return the action's name."""
        return "validate_authority_form"

    def kind(self, tracker: Tracker) -> str:
        """Return the name under which the channel knows the flow."""
        return FLOW

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        """Ask which of several places is meant with a button for each; everything else is as in every form."""
        if tracker.slots.get("last_read") != message_id(tracker):
            code, reading = place_in(message_of(tracker), asked=True)
            if code is None and reading.is_ambiguous:
                _ask_which(dispatcher, reading, language_of(tracker))
                pending = {"asks": "place", "step": "place"}
                return [
                    SlotSet("last_read", message_id(tracker)),
                    SlotSet("pending", pending),
                    SlotSet("requested_slot", PENDING),
                ]
        return await super().run(dispatcher, tracker, domain)

    def take_turn(self, state: State, message: Message) -> Turn:
        """Decide what the message means."""
        turn = authority_turn(state, message)
        turn.slots.setdefault("pending", None)
        return turn


def authority_turn(state: State, message: Message) -> Turn:
    """Return what a message means while the place is asked for."""
    control = read_control(message)
    if control in {"cancel", "start-over", "back", "skip", "deny"}:
        return Turn(ends="cancelled")
    everywhere = steered_everywhere(control)
    if everywhere is not None:
        return everywhere
    code, reading = place_in(message, asked=True)
    if code or reading.elsewhere:
        return Turn(slots={"place": code or f"{ELSEWHERE}:{reading.elsewhere}"})
    sure = message.is_button or message.confidence >= 0.6
    if sure and message.intent in (*TICKET_KINDS, *LOOKUPS) and message.intent != FLOW:
        return Turn(ends=message.intent)
    # A lone word is more likely a mistyped place than a question about the statement.
    is_keyword = message.intent in {"faq", "not-covered"} and (len(message.words) > 2 or message.is_button)
    is_question = is_keyword or (message.intent in QUESTIONS and message.is_question)
    if sure and (is_question or message.intent in CARE or message.is_small_talk):
        return Turn(digresses=True)
    attempts = state.attempts + 1
    return Turn(slots={"attempts": attempts}).say(f"utter_invalid_place_{min(attempts, LAST_ATTEMPT)}")


class NameAuthority(Action):
    """Names the authority once the form knows the place."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_name_authority"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: DomainDict) -> list[EventType]:
        """Name it, or say honestly that none is on file."""
        place = tracker.slots.get("place")
        if place:
            code, _, named = str(place).partition(":")
            _answer(dispatcher, code, Reading(elsewhere=named), language_of(tracker))
        return forget(FORGOTTEN_AFTERWARDS)
