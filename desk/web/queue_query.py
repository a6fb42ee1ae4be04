"""The queue's address: which view, narrowed how, from where on; every list can be bookmarked and shared."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from urllib.parse import urlencode

from desk.application import Work
from desk.domain.errors import InvalidInput
from desk.domain.kinds import Kind, State
from desk.services import queue
from desk.services.queue import QueueFilter
from desk.storage.crypto import Unreadable, Vault
from desk.web.visit import Visit

_SEALED_FOR = "queue.person"
_WEEK = timedelta(days=7)
NARROWING = ("state", "kind", "assignee", "language", "due", "mark")


@dataclass(frozen=True)
class QueueQuery:
    """What stands behind the question mark."""

    view: str = "open"
    state: str = ""
    kind: str = ""
    assignee: str = ""
    language: str = ""
    due: str = ""
    mark: str = ""
    person: str = ""
    after: str = ""

    @property
    def filtered(self) -> bool:
        """Tell whether the view was narrowed."""
        return any(getattr(self, name) for name in NARROWING)

    @property
    def kept(self) -> dict[str, str]:
        """Give what a saved view keeps: the filter, without the page and without whose tickets were looked at."""
        return {name: getattr(self, name) for name in ("view", *NARROWING) if getattr(self, name)}

    @property
    def url(self) -> str:
        """Give the address of this list."""
        return _url("/queue", self)

    @property
    def save_url(self) -> str:
        """Give the address that a form sends a name for this list to."""
        return _url("/queue/views", replace(self, after="", person=""))

    @property
    def rows_url(self) -> str:
        """Give the address of the part that is asked for again."""
        return _url("/queue/rows", self)

    @property
    def first_url(self) -> str:
        """Give the address of the first page of this list."""
        return _url("/queue", replace(self, after=""))

    @property
    def cleared_url(self) -> str:
        """Give the address of the view without narrowing."""
        return _url("/queue", QueueQuery(view=self.view, person=self.person))

    def next_url(self, cursor: str) -> str:
        """Give the address of the page that follows."""
        return _url("/queue", replace(self, after=cursor))


def read_query(parameters: Mapping[str, str]) -> QueueQuery:
    """Read the address; what is not known is left out rather than guessed."""
    known = {name: parameters.get(name, "")[:2000] for name in asdict(QueueQuery())}
    view = known.pop("view")
    return QueueQuery(view=view if view in queue.VIEWS else "open", **known)


def filter_of(visit: Visit, work: Work, query: QueueQuery) -> QueueFilter:
    """Turn an address into what the list is made from."""
    if query.person:
        return QueueFilter(open=None, email=open_person(work, query.person), order="received")
    wanted = queue.view(work, query.view)
    if query.view == "mine":
        wanted = replace(wanted, assignee=visit.user.id)
    narrowed = {name: value for name, value in _narrowing(visit, work, query).items() if value is not None}
    # Closed states lie outside the open views, so asking for one means looking beyond them.
    if narrowed.get("state") in {State.RESOLVED, State.REFUSED} and wanted.open:
        narrowed["open"] = False
    return queue.only(wanted, **narrowed)


def seal_person(work: Work, email: str) -> str:
    """Write an e-mail address into a link so that neither history nor log can read it."""
    sealed = Vault(work.settings.keys).seal(email.encode(), _SEALED_FOR)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def open_person(work: Work, sealed: str) -> str:
    """Read the address that a link of ours holds."""
    try:
        raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
        return Vault(work.settings.keys).open(raw, _SEALED_FOR).decode()
    except (Unreadable, ValueError, binascii.Error) as error:
        raise InvalidInput("This link holds no address.") from error


def _narrowing(visit: Visit, work: Work, query: QueueQuery) -> dict[str, object]:
    return {
        "state": State(query.state) if query.state in set(State) else None,
        "kind": Kind(query.kind) if query.kind in set(Kind) else None,
        "language": query.language if query.language in {"de", "en"} else None,
        "assignee": _assignee(visit, query.assignee),
        "overdue": True if query.due == "overdue" else None,
        "due_from": work.today if query.due == "week" else None,
        "due_until": work.today + _WEEK if query.due == "week" else None,
        "escalated": True if query.mark == "escalated" else None,
        "verified": False if query.mark == "unverified" else None,
    }


def _assignee(visit: Visit, wanted: str) -> int | str | None:
    if wanted == "me":
        return visit.user.id
    if wanted == queue.UNASSIGNED:
        return wanted
    return int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 19 else None


def _url(path: str, query: QueueQuery) -> str:
    given = {name: value for name, value in asdict(query).items() if value}
    return f"{path}?{urlencode(given)}"
