"""What colleagues do with the buttons: take a ticket, open it, be reminded; they act as their account of the desk."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from sqlalchemy.orm.exc import StaleDataError

from desk.application import Desk, Work, staff
from desk.domain.errors import Conflict, DeskUnavailable, NotFound
from desk.services import accounts, letters, outbox, tickets
from desk.slack.delivery import CHANNEL
from desk.slack.following import morning_of
from desk.slack.posts import OPEN, REMIND, TAKE, word
from desk.storage.models import Ticket, User
from desk.web.permissions import Permission, allows

_LOG = logging.getLogger(__name__)
_DAYS = {"tomorrow": 1, "three-days": 3}

Body = Mapping[str, Any]


def make_app(desk: Desk) -> App:
    """Build slack_bolt's app: three buttons, and nothing that reads what is written in Slack."""
    token = desk.settings.slack_team_bot_token

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token)

    app = App(
        signing_secret=desk.settings.slack_team_signing_secret or "",
        # Without a token of its own: bolt takes that from `authorize`, and warns of a second one.
        client=WebClient(base_url=desk.settings.slack_team_api_url),
        authorize=authorize,
    )
    buttons = Buttons(desk)
    app.action(OPEN)(lambda ack: ack())
    app.action(TAKE)(_answering(buttons.take))
    app.action(REMIND)(_answering(buttons.remind))
    return app


def _answering(act: Callable[[Body], str]) -> Callable[..., None]:
    """Acknowledge first, then act, then tell the one who pressed the button."""

    def handle(ack: Callable[[], None], body: Body, respond: Callable[..., Any]) -> None:
        ack()
        respond(text=act(body), response_type="ephemeral", replace_original=False)

    return handle


class Buttons:
    """The buttons' work; each gives the sentence for the colleague."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._language = desk.settings.slack_team_language

    def take(self, body: Body) -> str:
        """Assign a ticket to the colleague, unless somebody else has it."""
        reference = str(body["actions"][0].get("value") or "")
        return self._as_colleague(body, reference, _take)

    def remind(self, body: Body) -> str:
        """Note that the colleague wants to be reminded."""
        reference, _, when = str(body["actions"][0]["selected_option"]["value"]).partition(":")

        def note(work: Work, user: User, ticket: Ticket) -> tuple[str, dict[str, str]]:
            return _remind(work, user, ticket, when, str(body["user"]["id"]))

        return self._as_colleague(body, reference, note)

    def _as_colleague(
        self, body: Body, reference: str, act: Callable[[Work, User, Ticket], tuple[str, dict[str, str]]]
    ) -> str:
        slack_user = str(body["user"]["id"])
        try:
            with self._desk.read() as work:
                user = accounts.by_slack_id(work, slack_user)
            if user is None:
                return word("answer_unmapped", self._language, who=slack_user)
            if not allows(user.role, Permission.WORK_TICKETS):
                return word("answer_not-allowed", self._language)
            with self._desk.work(staff(user.id)) as work:
                ticket = tickets.get(work, reference, lock=True)
                answer, values = act(work, user, ticket)
        except NotFound:
            return word("answer_gone", self._language)
        except (DeskUnavailable, Conflict, StaleDataError) as error:
            _LOG.warning("A button in Slack could not be obeyed: %s", type(error).__name__)
            return word("answer_unavailable", self._language)
        return word(f"answer_{answer}", self._language, reference=reference, **values)


def _take(work: Work, user: User, ticket: Ticket) -> tuple[str, dict[str, str]]:
    if not ticket.open:
        return "closed", {}
    if ticket.assignee_id == user.id:
        return "yours", {}
    if ticket.assignee_id is not None:
        return "somebody-else", {}
    tickets.assign(work, ticket, user.id)
    return "taken", {}


def _remind(work: Work, user: User, ticket: Ticket, when: str, slack_user: str) -> tuple[str, dict[str, str]]:
    if not ticket.open:
        return "closed", {}
    at = _moment(work, ticket, when)
    if at <= work.now:
        return "too-late", {}
    day = work.desk.calendar.day_of(at)
    key = f"slack-team-nudge:{ticket.id}:{user.id}:{day.isoformat()}"
    payload = {"do": "nudge", "slack_user": slack_user}
    outbox.enqueue(work, CHANNEL, payload, ticket_id=ticket.id, once_key=key, available_at=at)
    return "reminded", {"day": letters.long_date(day, work.settings.slack_team_language)}


def _moment(work: Work, ticket: Ticket, when: str) -> datetime:
    if when in _DAYS:
        return morning_of(work, work.now, _DAYS[when])
    before = ticket.due_on - timedelta(days=1)
    return datetime.combine(before, work.settings.slack_team_digest, work.settings.timezone)
