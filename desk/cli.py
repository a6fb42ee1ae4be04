"""`privacy-desk`: what an administrator does at the command line, with the same functions as the web desk."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from desk import demo as demonstration
from desk import health as desk_health
from desk.application import COMMAND_LINE, Desk, Work
from desk.domain.errors import DeskError
from desk.domain.kinds import Kind, Role
from desk.services import (
    accounts,
    api_tokens,
    audit,
    inbound,
    outbox,
    person_page,
    persons,
    queue,
    readings,
    retention,
    review,
    rotation,
)
from desk.services import tickets as ticket_service
from desk.settings import SettingsError, current_settings
from desk.storage.migrate import migrate
from desk.storage.models import Ticket

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The privacy desk at the command line.")
tickets = typer.Typer(no_args_is_help=True, help="Look at tickets; every look is logged.")
users = typer.Typer(no_args_is_help=True, help="Accounts of colleagues.")
tokens = typer.Typer(no_args_is_help=True, help="Tokens for programs.")
audit_app = typer.Typer(no_args_is_help=True, help="The audit trail.")
retention_app = typer.Typer(no_args_is_help=True, help="The end of a ticket's life.")
keys = typer.Typer(no_args_is_help=True, help="The keys that personal data is encrypted with.")
outbox_app = typer.Typer(no_args_is_help=True, help="Messages that wait or were given up.")
review_app = typer.Typer(
    no_args_is_help=True, help="Questions the team placed, for the assistant to learn (`make review`)."
)
app.add_typer(tickets, name="tickets")
app.add_typer(users, name="users")
app.add_typer(tokens, name="tokens")
app.add_typer(audit_app, name="audit")
app.add_typer(retention_app, name="retention")
app.add_typer(keys, name="keys")
app.add_typer(outbox_app, name="outbox")
app.add_typer(review_app, name="review")

# Written to a file or to another program, a table is as wide as it needs to be.
_OUT = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
_ERRORS = Console(stderr=True, highlight=False)


_WHOLE = {"Reference": 12, "Due": 10, "On": 10}


@contextmanager
def _desk() -> Iterator[Desk]:
    """Give the desk of the settings, and turn what goes wrong into one sentence."""
    try:
        desk = Desk(current_settings())
        try:
            yield desk
        finally:
            desk.close()
    except (SettingsError, DeskError) as error:
        _ERRORS.print(str(error), markup=False)
        raise typer.Exit(1) from None


@contextmanager
def _bar(title: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show how far long work is; the function that is given takes what was done since the last call."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=_ERRORS) as progress:
        task = progress.add_task(title, total=total)
        yield lambda done: progress.update(task, advance=done)


def _up_to(advance: Callable[[int], None]) -> Callable[[int], None]:
    """Adapt a bar to work that tells how much is done altogether."""
    last = 0

    def update(done: int) -> None:
        nonlocal last
        advance(done - last)
        last = done

    return update


@app.command("migrate")
def migrate_command() -> None:
    """Bring the database to this version's tables."""
    with _desk() as desk:
        migrate(desk)
        _OUT.print("The database is up to date.")


@app.command()
def health() -> None:
    """Try every part of the desk."""
    with _desk() as desk:
        found = desk_health.check(desk)
        for check in found.checks:
            _OUT.print(f"[{'green' if check.ok else 'red'}]{'ok' if check.ok else 'no'}[/]  {check.name}: {check.says}")
        if not found.ok:
            raise typer.Exit(1)


@app.command()
def demo(
    tickets: Annotated[int, typer.Option(min=1, max=2_000_000, help="How many tickets to make.")] = 500,
    seed: Annotated[int | None, typer.Option(help="The same number makes the same tickets.")] = None,
) -> None:
    """Fill the desk with plausible tickets of a whole year, in both languages."""
    with _desk() as desk, _bar("Making tickets", tickets) as advance:
        migrate(desk)
        demonstration.make(desk, tickets, advance, seed)


@app.command("mail-in")
def mail_in(
    file: Annotated[
        Path | None, typer.Argument(exists=True, dir_okay=False, help="A mail; standard input if none.")
    ] = None,
) -> None:
    """Take in one mail, as a mail server hands it over on standard input."""
    raw = file.read_bytes() if file else sys.stdin.buffer.read()
    with _desk() as desk, desk.work(COMMAND_LINE) as work:
        received = inbound.receive(work, raw)
        _OUT.print(received.ticket.reference if received.ticket else f"ignored: {received.ignored}")


@tickets.command("list")
def list_tickets(
    view: Annotated[str, typer.Option(help=f"One of {', '.join(queue.VIEWS)}.")] = "open",
    kind: Annotated[Kind | None, typer.Option(help="Only this kind of request.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=queue.LARGEST_PAGE)] = 30,
) -> None:
    """List tickets, the one that is due first on top."""
    with _desk() as desk, desk.read() as work:
        page = queue.page(work, queue.only(queue.view(work, view), kind=kind), limit=limit)
        table = _table("Reference", "Kind", "State", "Due", "Language", "Assignee", "Marks")
        for ticket in page.tickets:
            table.add_row(*_row(work, ticket))
        _OUT.print(table)
        if page.next_cursor:
            _OUT.print("There are more.")


def _table(*titles: str) -> Table:
    table = Table()
    for title in titles:
        # Half a reference or half a date is of no use to anybody.
        table.add_column(title, no_wrap=title in _WHOLE, min_width=_WHOLE.get(title))
    return table


def _row(work: Work, ticket: Ticket) -> tuple[str, ...]:
    due = f"[red]{ticket.due_on} overdue[/]" if ticket_service.is_overdue(work, ticket) else str(ticket.due_on)
    marks = [*ticket.marks, *(["escalated"] if ticket.escalated else []), *([] if ticket.verified else ["unverified"])]
    assignee = ticket.assignee.name if ticket.assignee else ""
    return (ticket.reference, ticket.kind.value, ticket.state.value, due, ticket.language, assignee, ", ".join(marks))


@tickets.command("show")
def show_ticket(reference: str) -> None:
    """Show one ticket with everything that happened to it."""
    with _desk() as desk, desk.work(COMMAND_LINE) as work:
        ticket = ticket_service.get(work, reference)
        readings.log(work, readings.OPENED, ticket)
        content = ticket.content
        _OUT.print(f"[bold]{ticket.reference}[/] {ticket.kind.value}, {ticket.state.value}, due {ticket.due_on}")
        if content is None:
            _OUT.print("The person was removed from this ticket.")
        else:
            _OUT.print(f"{content.name or ''} <{content.email}>", markup=False)
            _OUT.print(content.description, markup=False)
        for entry in ticket_service.history_of(work, ticket):
            _OUT.print(f"{entry.at:%Y-%m-%d %H:%M} {entry.actor} {entry.action} {entry.details}", markup=False)


@tickets.command("find")
def find_tickets(text: Annotated[str, typer.Argument(help="A reference or an e-mail address.")]) -> None:
    """Find tickets by reference or e-mail address."""
    with _desk() as desk, desk.read() as work:
        for ticket in queue.search(work, text).tickets:
            _OUT.print(*_row(work, ticket))


@tickets.command("export")
def export_person(
    email: str,
    folder: Annotated[Path, typer.Option(file_okay=False, help="Where to write the two files.")] = Path(),
    language: Annotated[str, typer.Option(help="de or en")] = "de",
) -> None:
    """Write everything about one e-mail address to a readable page and to JSON (Article 15)."""
    with _desk() as desk, desk.work(COMMAND_LINE) as work:
        exported = persons.export(work, email)
        page, data = folder / "person.html", folder / "person.json"
        page.write_text(
            person_page.as_page(exported, "en" if language == "en" else "de", desk.settings.timezone), encoding="utf-8"
        )
        data.write_text(json.dumps(exported, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        _OUT.print(f"{len(exported['tickets'])} tickets written to {page} and {data}.")


@users.command("list")
def list_users() -> None:
    """List accounts."""
    with _desk() as desk, desk.read() as work:
        table = _table("Number", "E-mail", "Name", "Role", "Language", "Second factor", "Active")
        for user in accounts.all_users(work):
            factor, active = "yes" if user.totp_secret else "no", "yes" if user.active else "no"
            table.add_row(str(user.id), user.email, user.name, user.role.value, user.language, factor, active)
        _OUT.print(table)


@users.command("add")
def add_user(
    email: str,
    name: Annotated[str, typer.Option(prompt=True)],
    role: Annotated[Role, typer.Option()] = Role.OFFICER,
    language: Annotated[str, typer.Option(help="de or en")] = "de",
    invite: Annotated[bool, typer.Option(help="Send an invitation instead of showing a password.")] = False,
) -> None:
    """Add an account; its first password is shown once and has to be changed."""
    with _desk() as desk, desk.work(COMMAND_LINE) as work:
        user = accounts.create_user(work, email, name, role, language)
        if invite:
            accounts.invite(work, user)
            _OUT.print(f"An invitation goes to {user.email}.")
        else:
            _OUT.print(f"{user.email}  {accounts.reset_to_random_password(work, user)}", markup=False)


@users.command("reset")
def reset_user(
    email: str,
    second_factor: Annotated[bool, typer.Option("--second-factor", help="Switch the second factor off too.")] = False,
) -> None:
    """Give an account a new password, shown once; all its sessions end."""
    with _desk() as desk, desk.work(COMMAND_LINE) as work:
        user = accounts.by_email(work, email)
        if user is None:
            raise DeskError(f"There is no account {email}.")
        if second_factor:
            accounts.disable_totp(work, user)
        _OUT.print(f"{user.email}  {accounts.reset_to_random_password(work, user)}", markup=False)


@users.command("deactivate")
def deactivate_user(email: str) -> None:
    """Lock an account, at once and everywhere."""
    with _desk() as desk, desk.work(COMMAND_LINE) as work:
        user = accounts.by_email(work, email)
        if user is None:
            raise DeskError(f"There is no account {email}.")
        accounts.set_active(work, user, active=False)
        _OUT.print(f"{user.email} is locked out.")


@tokens.command("list")
def list_tokens() -> None:
    """List tokens."""
    with _desk() as desk, desk.read() as work:
        table = _table("Number", "Name", "Scopes", "Expires", "Last used", "Revoked")
        for token in api_tokens.all_tokens(work):
            moments = (token.expires_at, token.last_used_at, token.revoked_at)
            shown = [f"{moment:%Y-%m-%d %H:%M}" if moment else "" for moment in moments]
            table.add_row(str(token.id), token.name, " ".join(token.scopes), *shown)
        _OUT.print(table)


@tokens.command("add")
def add_token(
    name: str,
    scope: Annotated[list[str], typer.Option(help=f"Any of {', '.join(api_tokens.SCOPES)}.")],
    days: Annotated[int | None, typer.Option(min=1, help="How long it is valid.")] = None,
) -> None:
    """Make a token, shown once."""
    with _desk() as desk, desk.work(COMMAND_LINE) as work:
        expires = work.now + timedelta(days=days) if days else None
        _, token = api_tokens.create(work, name, scope, expires)
        _OUT.print(token, markup=False)


@tokens.command("revoke")
def revoke_token(number: int) -> None:
    """Make a token void."""
    with _desk() as desk, desk.work(COMMAND_LINE) as work:
        api_tokens.revoke(work, number)
        _OUT.print(f"Token {number} is void.")


@audit_app.command("verify")
def verify_audit() -> None:
    """Check the whole audit trail; says where it breaks and ends with 1 when it does."""
    with _desk() as desk, desk.read() as work:
        with _bar("Checking the audit trail", audit.newest(work)) as advance:
            verdict = audit.verify(work, _up_to(advance))
        if verdict.whole:
            _OUT.print(f"The audit trail is whole: {verdict.entries} entries.")
            return
        _OUT.print(f"The audit trail is broken: {verdict.reason}.", markup=False)
    raise typer.Exit(1)


@retention_app.command("preview")
def preview_retention(
    days: Annotated[int, typer.Option(min=0, help="Look this many days ahead.")] = 30,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
) -> None:
    """List what is anonymised next."""
    with _desk() as desk, desk.read() as work:
        until: date = work.today + timedelta(days=days)
        table = _table("Reference", "Kind", "On")
        for expiring in retention.preview(work, until, limit):
            table.add_row(expiring.ticket.reference, expiring.ticket.kind.value, str(expiring.on))
        _OUT.print(table)
        _OUT.print(f"{retention.count_expiring(work, until)} tickets until {until}.")


@retention_app.command("run")
def run_retention(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Remove the persons from all tickets whose time is over."""
    with _desk() as desk:
        with desk.read() as work:
            total = retention.count_expiring(work)
        if total and not yes:
            typer.confirm(f"Remove the persons from {total} tickets? This cannot be undone.", abort=True)
        with _bar("Removing persons", total) as advance:
            done = retention.run(desk, _up_to(advance))
        _OUT.print(f"The persons were removed from {done} tickets.")


@keys.command("create")
def create_key() -> None:
    """Draw a key for DESK_KEYS or DESK_INDEX_KEY."""
    typer.echo(secrets.token_urlsafe(32))


@keys.command("rotate")
def rotate_keys() -> None:
    """Encrypt everything with the first key of DESK_KEYS, so that the others can be taken out."""
    with _desk() as desk:
        with _bar("Encrypting anew", rotation.count_old(desk)) as advance:
            done = rotation.rotate(desk, _up_to(advance))
        _OUT.print(f"{done} values are encrypted with the first key now; the other keys can be taken out.")


@outbox_app.command("list")
def list_outbox() -> None:
    """Show what waits and what was given up."""
    with _desk() as desk, desk.read() as work:
        status = outbox.status(work)
        _OUT.print(f"{status.waiting} wait ({status.failing} failed before), {status.dead} were given up.")
        table = _table("Number", "By", "Attempts", "Given up", "Why")
        for message in outbox.dead_letters(work):
            given_up = f"{message.dead_at:%Y-%m-%d %H:%M}" if message.dead_at else ""
            table.add_row(str(message.id), message.channel, str(message.attempts), given_up, message.last_error or "")
        _OUT.print(table)


@outbox_app.command("retry")
def retry_message(number: int) -> None:
    """Send a message that was given up after all."""
    with _desk() as desk, desk.work(COMMAND_LINE) as work:
        outbox.revive(work, number)
        _OUT.print(f"Message {number} is tried again.")


@review_app.command("export")
def export_review() -> None:
    """Write the questions that were placed and not learned yet, a JSON object a line."""
    with _desk() as desk, desk.read() as work:
        for question in review.handed_over(work):
            typer.echo(json.dumps(question, ensure_ascii=False))


@review_app.command("done")
def finish_review() -> None:
    """Note which questions were learned: their numbers on standard input, one a line."""
    numbers = {int(line) for line in sys.stdin if line.strip()}
    with _desk() as desk, desk.work(COMMAND_LINE) as work:
        _OUT.print(f"Marked as learned in the desk: {review.mark_learned(work, numbers)}")


if __name__ == "__main__":
    app()
