"""What can go wrong, as types; each entry point maps them to its own words in one place."""

from __future__ import annotations

from datetime import date

from desk.domain.kinds import State


class DeskError(Exception):
    """Anything the desk refuses or cannot do."""


class DeskUnavailable(DeskError):
    """The database is away, locked or full; nothing was changed, and trying again later is right."""


class NotFound(DeskError):
    """There is no such ticket, account or token."""


class Conflict(DeskError):
    """Somebody else changed the same thing in the meantime."""


class TransitionNotAllowed(DeskError):
    """The ticket's state does not lead to the wanted one."""

    def __init__(self, current: State, wanted: State) -> None:
        super().__init__(f"A ticket that is {current} cannot become {wanted}.")
        self.current = current
        self.wanted = wanted


class ReasonRequired(DeskError):
    """The law asks for a reason here, and none was given."""


class ExtensionNotAllowed(DeskError):
    """The period was extended before, is over, or the ticket is closed."""


class SuspensionNotAllowed(DeskError):
    """The clock stands already, does not stand, or the ticket is closed."""


class AlreadyAnonymised(DeskError):
    """The person was removed from this ticket; there is nobody left to write to."""


class OnLegalHold(DeskError):
    """A legal hold forbids deleting anything of this ticket."""


class AttachmentNotAllowed(DeskError):
    """The file is too large or of a kind that is not taken."""


class InvalidInput(DeskError):
    """A value that came from outside does not make sense."""


class DueDatePassed(ExtensionNotAllowed):
    """The extension would have had to be announced by a day that is over."""

    def __init__(self, until: date) -> None:
        super().__init__(f"The period could be extended until {until.isoformat()} only.")
        self.until = until
