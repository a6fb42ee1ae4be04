"""The forms that ask for a reference and an address, one for each thing that can be done with a ticket."""

from __future__ import annotations

import abc

from rasa_sdk.interfaces import Tracker

from actions.forms import Form
from actions.lookups.turns import take_turn
from actions.reading.message import Message
from actions.turn import State, Turn
from desk import intake

FORGOTTEN_AFTERWARDS = (
    "ticket_kind",
    "reference",
    "email",
    "addition",
    "confirmed",
    "task",
    "request_id",
    "pending",
    "attempts",
)


class LookupForm(Form, abc.ABC):
    """A form about a ticket that exists."""

    steps: tuple[str, ...] = ("reference", "email")
    forgets = FORGOTTEN_AFTERWARDS
    flow: str

    @abc.abstractmethod
    def name(self) -> str:
        """Return the action's name."""

    def kind(self, tracker: Tracker) -> str:
        """Return the name under which the channel knows the flow."""
        return self.flow

    def take_turn(self, state: State, message: Message) -> Turn:
        """Decide what the message means."""
        return take_turn(state, message, self.steps, intake.normalise_reference)


class ValidateTicketStatusForm(LookupForm):
    """Reads what is needed to tell how a ticket stands."""

    flow = "ticket-status"

    def name(self) -> str:
        """Return the action's name."""
        return "validate_ticket_status_form"


class ValidateTicketAddForm(LookupForm):
    """Reads what is to be added to which ticket."""

    flow = "ticket-add"
    steps = ("reference", "email", "addition")

    def name(self) -> str:
        """Return the action's name."""
        return "validate_ticket_add_form"


class ValidateTicketWithdrawForm(LookupForm):
    """Reads which ticket is taken back, and asks whether to really do so."""

    flow = "ticket-withdraw"
    steps = ("reference", "email", "confirmed")

    def name(self) -> str:
        """Return the action's name."""
        return "validate_ticket_withdraw_form"


class ValidateDisputeForm(LookupForm):
    """Reads which answer somebody is not satisfied with."""

    flow = "dispute"

    def name(self) -> str:
        """Return the action's name."""
        return "validate_dispute_form"
