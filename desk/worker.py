"""The worker: sends what is in the outbox, fetches mail, reminds of due dates and ends what has had its time.

Several may run beside each other; messages are leased, reminders have keys, and everything else may happen twice.
Run it with `python -m desk.worker`.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from desk.application import WORKER, Desk, utc_now
from desk.domain.errors import DeskUnavailable
from desk.services import (
    accounts,
    api_tokens,
    audit,
    facts,
    mailbox,
    outbox,
    reminders,
    retention,
    review,
    sending,
    topics_asked,
)
from desk.services.mailbox import MailboxTrouble
from desk.settings import SettingsError, current_settings
from desk.slack import following
from desk.storage import migrate

_LOG = logging.getLogger("desk.worker")
_LONGEST_PAUSE_SECONDS = 60.0
_LONGEST_MAIL_PAUSE_SECONDS = 600.0


@dataclass
class Chore:
    """Something that is done every so often."""

    name: str
    every: timedelta
    do: Callable[[Desk], None]
    next_at: datetime | None = None

    def run_if_due(self, desk: Desk, now: datetime) -> None:
        """Do it when it is time."""
        if self.next_at is not None and now < self.next_at:
            return
        self.do(desk)
        self.next_at = now + self.every


def chores() -> list[Chore]:
    """List what the worker does beside sending."""
    return [
        Chore("sign of life", timedelta(seconds=30), _give_sign),
        Chore("the team's Slack", timedelta(seconds=2), _follow),
        Chore("the team's Slack, reminders", timedelta(minutes=5), _remind_in_slack),
        Chore("reminders", timedelta(minutes=10), _remind),
        Chore("note of the audit trail", timedelta(minutes=15), _anchor),
        Chore("tidying up", timedelta(hours=1), _tidy),
    ]


def work_once(desk: Desk, plan: list[Chore]) -> int:
    """Do everything that is due and give how many messages were looked at."""
    now = utc_now()
    for chore in plan:
        chore.run_if_due(desk, now)
    return sending.send_waiting(desk)


def work_on(desk: Desk, stop: threading.Event) -> None:
    """Work until told to stop; trouble makes the pauses longer, never ends the work."""
    plan = chores()
    _keep_on(stop, lambda: 0.0 if work_once(desk, plan) else desk.settings.outbox_poll_seconds, _LONGEST_PAUSE_SECONDS)


def fetch_on(desk: Desk, stop: threading.Event) -> None:
    """Fetch mail until told to stop, in a thread of its own: a slow mail server keeps no letter from leaving."""

    def fetch() -> float:
        taken = mailbox.fetch(desk)
        if taken:
            _LOG.info("Took in %d mails.", taken)
        return float(desk.settings.imap_poll_seconds)

    _keep_on(stop, fetch, max(_LONGEST_MAIL_PAUSE_SECONDS, float(desk.settings.imap_poll_seconds)))


def _keep_on(stop: threading.Event, once: Callable[[], float], longest_pause: float) -> None:
    """Do something again and again; it gives the pause until the next time, and trouble doubles the last one."""
    pause = 0.5
    while not stop.is_set():
        try:
            pause = once()
        except (DeskUnavailable, MailboxTrouble) as error:
            pause = min(max(pause, 1.0) * 2, longest_pause)
            _LOG.warning("%s; trying again in %d s.", error, pause)
        except Exception:
            # One bad message or ticket must not keep all others from leaving.
            pause = min(max(pause, 1.0) * 2, longest_pause)
            _LOG.exception("Something unforeseen happened; trying again in %d s.", pause)
        stop.wait(pause)


def _give_sign(desk: Desk) -> None:
    with desk.work(WORKER) as work:
        facts.remember(work, facts.WORKER_SEEN)


def _follow(desk: Desk) -> None:
    if not desk.settings.slack_team_is_on:
        return
    with desk.read() as work:
        if not following.anything_new(work):
            return
    with desk.work(WORKER) as work:
        following.follow(work)


def _remind_in_slack(desk: Desk) -> None:
    if not desk.settings.slack_team_is_on:
        return
    with desk.work(WORKER) as work:
        following.remind(work)
        following.digest(work)


def _remind(desk: Desk) -> None:
    with desk.work(WORKER) as work:
        reminders.remind(work)
        facts.remember(work, facts.REMINDERS_RAN)


def _anchor(desk: Desk) -> None:
    with desk.read() as work:
        audit.anchor(work)


def _tidy(desk: Desk) -> None:
    done = retention.run(desk)
    if done:
        _LOG.info("Removed the persons from %d tickets whose time was over.", done)
    with desk.work(WORKER) as work:
        retention.forget_read_log(work)
        review.forget_expired(work)
        topics_asked.forget_batches(work)
        accounts.forget_old(work)
        api_tokens.forget_idempotency_keys(work)
        outbox.forget_sent(work)
        facts.remember(work, facts.RETENTION_RAN)


def _key_problem(desk: Desk) -> str | None:
    try:
        return migrate.key_problem(desk)
    except DeskUnavailable:
        # The database may start later than the worker, which waits for it.
        return None


def _everything_once(desk: Desk) -> int:
    try:
        mailbox.fetch(desk)
    except MailboxTrouble as error:
        _LOG.warning("%s.", error)
    plan = chores()
    while work_once(desk, plan):
        pass
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run the worker until it is told to stop."""
    parser = argparse.ArgumentParser(prog="python -m desk.worker", description=__doc__)
    parser.add_argument("--once", action="store_true", help="do what is due now and end")
    once = parser.parse_args(arguments).once
    try:
        settings = current_settings()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    desk = Desk(settings)
    problem = _key_problem(desk)
    if problem is not None:
        # With wrong keys every message would be unreadable and be given up.
        sys.stderr.write(f"{problem}\n")
        return 1
    if once:
        return _everything_once(desk)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _LOG.info("The worker is ready.")
    fetching = threading.Thread(target=fetch_on, args=(desk, stop), daemon=True)
    if settings.imap_url is not None:
        fetching.start()
    work_on(desk, stop)
    return 0


if __name__ == "__main__":
    sys.exit(main())
