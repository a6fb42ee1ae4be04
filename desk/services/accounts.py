"""Colleagues' accounts: passwords, second factor, sessions, invitations; guessing is slowed down on every way in."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, select, update

from desk.application import Desk, Work
from desk.domain.errors import InvalidInput, NotFound
from desk.domain.kinds import Role
from desk.services import letters, mail
from desk.storage.crypto import new_token, normalise_email, token_hash
from desk.storage.models import OneTimeToken, SignInSession, Throttle, User
from desk.storage.upsert import insert_into

INVITATION = "invitation"
RESET = "reset"
SHORTEST_PASSWORD = 12
_LONGEST_PASSWORD = 200
_LONGEST_AGENT = 200
_TOKEN_LIFETIME = {INVITATION: timedelta(days=7), RESET: timedelta(hours=2)}
_FREE_ATTEMPTS = 5
_LONGEST_WAIT = timedelta(minutes=15)
_FAILURES_FORGOTTEN = timedelta(hours=24)
# Many colleagues share one office's address, so an address has more attempts than an account.
_ADDRESS_FACTOR = 10
_SEEN_EVERY = timedelta(minutes=1)
_ISSUER = "Privacy desk"
_LANGUAGES = ("de", "en")
_HASHER = PasswordHasher()


@dataclass(frozen=True)
class SignIn:
    """What came of an attempt to sign in: a user, or how many seconds to wait, or neither."""

    user: User | None = None
    wait_seconds: int = 0
    needs_second_factor: bool = False


@dataclass(frozen=True)
class Session:
    """A session that is valid, with the colleague whose it is."""

    user: User
    row: SignInSession


# --- accounts


def create_user(
    work: Work, email: str, name: str, role: Role, language: str = "de", password: str | None = None
) -> User:
    """Make an account; without a password the colleague chooses one by invitation."""
    address = normalise_email(email)
    if "@" not in address or len(address) > 320:
        raise InvalidInput("This is not an e-mail address.")
    if not name.strip():
        raise InvalidInput("An account needs a name.")
    if by_email(work, address) is not None:
        raise InvalidInput("There is an account with this e-mail address already.")
    user = User(
        email=address,
        name=name.strip()[:200],
        role=Role(role),
        language=_language(language),
        password_hash=hash_password(password) if password else None,
        created_at=work.now,
    )
    work.session.add(user)
    work.session.flush()
    work.record("user.created", None, user=user.id, role=user.role.value)
    return user


def create_first_admin(work: Work, email: str = "admin@localhost", language: str = "de") -> str | None:
    """Make the first account and give its password, to be shown this once; None when somebody can sign in already."""
    can_sign_in = User.active & (User.password_hash.is_not(None) | User.oidc_subject.is_not(None))
    if work.session.scalar(select(func.count(User.id)).where(can_sign_in)):
        return None
    password = new_password()
    user = create_user(work, email, "Administrator", Role.ADMIN, language, password)
    user.must_change_password = True
    return password


def new_password() -> str:
    """Draw a password that can be read out and typed."""
    return "-".join(secrets.token_hex(3) for _ in range(4))


def by_email(work: Work, email: str) -> User | None:
    """Find an account by its e-mail address."""
    return work.session.scalar(select(User).where(User.email == normalise_email(email)))


def by_slack_id(work: Work, slack_id: str) -> User | None:
    """Find the active account that a Slack user is mapped to."""
    return work.session.scalar(select(User).where(User.slack_id == slack_id, User.active))


def by_oidc_subject(work: Work, subject: str) -> User | None:
    """Find the account that a sign-in service knows by this name."""
    return work.session.scalar(select(User).where(User.oidc_subject == subject))


def get_user(work: Work, user_id: int) -> User:
    """Find an account by its number."""
    user = work.session.get(User, user_id)
    if user is None:
        raise NotFound(f"There is no account {user_id}.")
    return user


def all_users(work: Work, *, only_active: bool = False) -> Sequence[User]:
    """List accounts by name."""
    statement = select(User).order_by(User.name, User.id)
    return work.session.scalars(statement.where(User.active) if only_active else statement).all()


def set_role(work: Work, user: User, role: Role) -> None:
    """Change what a colleague may do; the last admin stays one."""
    if user.role is Role.ADMIN and Role(role) is not Role.ADMIN:
        _require_other_admin(work, user)
    work.record("user.role-changed", None, user=user.id, before=user.role.value, after=Role(role).value)
    user.role = Role(role)


def set_active(work: Work, user: User, *, active: bool) -> None:
    """Let a colleague in or lock them out, at once and everywhere."""
    if not active and user.role is Role.ADMIN:
        _require_other_admin(work, user)
    user.active = active
    if not active:
        revoke_all_sessions(work, user)
    work.record("user.activated" if active else "user.deactivated", None, user=user.id)


def set_slack_id(work: Work, user: User, slack_id: str | None) -> None:
    """Map a colleague to a Slack user."""
    known = by_slack_id(work, slack_id) if slack_id else None
    if known is not None and known.id != user.id:
        raise InvalidInput("This Slack user belongs to another account.")
    user.slack_id = slack_id or None
    work.record("user.slack-mapped", None, user=user.id)


def set_language(work: Work, user: User, language: str) -> None:
    """Choose the language of the desk for a colleague."""
    user.language = _language(language)


def _language(language: str) -> str:
    if language not in _LANGUAGES:
        raise InvalidInput("The desk speaks German and English.")
    return language


def _require_other_admin(work: Work, user: User) -> None:
    others = select(func.count(User.id)).where(User.role == Role.ADMIN, User.active, User.id != user.id)
    if not work.session.scalar(others):
        raise InvalidInput("The last administrator cannot be taken away.")


# --- passwords


def hash_password(password: str) -> str:
    """Hash a password with argon2id, after checking that it is worth hashing."""
    if not SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
        raise InvalidInput(f"A password has {SHORTEST_PASSWORD} to {_LONGEST_PASSWORD} characters.")
    if len(set(password)) < 5:
        raise InvalidInput("A password needs more than a few different characters.")
    return _HASHER.hash(password)


def set_password(work: Work, user: User, password: str) -> None:
    """Set a password; every session of the account ends."""
    user.password_hash, user.must_change_password = hash_password(password), False
    revoke_all_sessions(work, user)
    work.record("user.password-set", None, user=user.id)


def reset_to_random_password(work: Work, user: User) -> str:
    """Give an account a new random password that has to be changed, to be shown this once."""
    password = new_password()
    set_password(work, user, password)
    user.must_change_password = True
    return password


def password_matches(user: User | None, password: str) -> bool:
    """Check a password; an unknown account takes as long as a known one."""
    kept = user.password_hash if user is not None and user.password_hash else _some_hash()
    try:
        right = _HASHER.verify(kept, password[:_LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False
    return right and user is not None and user.password_hash is not None


@lru_cache(maxsize=1)
def _some_hash() -> str:
    return _HASHER.hash(new_token())


def sign_in(desk: Desk, email: str, password: str, address: str, now: datetime | None = None) -> SignIn:
    """Check a password, slowing down guesses by account and by address.

    The slow check happens between two short transactions, because nobody else could write during it otherwise.
    """
    names = {f"account:{normalise_email(email)}": 1, f"address:{address}": _ADDRESS_FACTOR}
    with desk.read(now) as work:
        wait = max(wait_seconds(work, name, factor) for name, factor in names.items())
        user = by_email(work, email)
    if wait:
        return SignIn(wait_seconds=wait)
    right = password_matches(user, password) and user is not None and user.active
    with desk.work("sign-in", now) as work:
        if not right or user is None:
            for name in names:
                note_failure(work, name)
            work.record("user.sign-in-failed", None, user=user.id if user else None)
            return SignIn()
        forget_failures(work, f"account:{normalise_email(email)}")
        user = get_user(work, user.id)
        user.last_sign_in_at = work.now
        work.record("user.signed-in", None, user=user.id)
        return SignIn(user=user, needs_second_factor=user.totp_secret is not None)


def wait_seconds(work: Work, name: str, factor: int = 1) -> int:
    """Tell how long a name has to wait before its next attempt: twice as long after each failure past the first few."""
    row = work.session.get(Throttle, token_hash(name))
    if row is None or row.failures < _FREE_ATTEMPTS * factor or work.now - row.last_at > _FAILURES_FORGOTTEN:
        return 0
    wait = min(timedelta(seconds=2 ** min(row.failures - _FREE_ATTEMPTS * factor + 1, 20)), _LONGEST_WAIT)
    left = (row.last_at + wait - work.now).total_seconds()
    return max(0, int(left + 0.999))


def note_failure(work: Work, name: str) -> None:
    """Count a failed attempt under a name."""
    statement = insert_into(work.session, Throttle).values(name_hash=token_hash(name), failures=1, last_at=work.now)
    again = {"failures": Throttle.failures + 1, "last_at": work.now}
    work.session.execute(statement.on_conflict_do_update(index_elements=["name_hash"], set_=again))


def forget_failures(work: Work, name: str) -> None:
    """Forget failed attempts under a name after a right one."""
    work.session.execute(delete(Throttle).where(Throttle.name_hash == token_hash(name)))


# --- second factor


def new_totp_secret() -> str:
    """Draw a secret for an authenticator app; it counts only once a code of it was given."""
    return pyotp.random_base32()


def totp_uri(user: User, secret: str) -> str:
    """Give the address that an authenticator app reads from a picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=_ISSUER)


def enable_totp(work: Work, user: User, secret: str, code: str) -> bool:
    """Switch the second factor on when the app shows the right code."""
    step = _matching_step(secret, code, work.now)
    if step is None:
        return False
    user.totp_secret, user.totp_last_step = secret, step
    work.record("user.second-factor-on", None, user=user.id)
    return True


def disable_totp(work: Work, user: User) -> None:
    """Switch the second factor off."""
    user.totp_secret, user.totp_last_step = None, None
    work.record("user.second-factor-off", None, user=user.id)


def check_totp(work: Work, user: User, code: str) -> bool:
    """Check a code; each code opens once, and wrong ones slow down the next attempt."""
    name = f"totp:{user.id}"
    if user.totp_secret is None or wait_seconds(work, name):
        return False
    step = _matching_step(user.totp_secret, code, work.now)
    if step is None or (user.totp_last_step is not None and step <= user.totp_last_step):
        note_failure(work, name)
        return False
    user.totp_last_step = step
    forget_failures(work, name)
    return True


def _matching_step(secret: str, code: str, now: datetime) -> int | None:
    totp, typed = pyotp.TOTP(secret), "".join(code.split())
    current = int(now.timestamp()) // totp.interval
    # One step to each side, for clocks of phones are not exact.
    for step in (current, current - 1, current + 1):
        if secrets.compare_digest(totp.generate_otp(step).encode(), typed.encode()):
            return step
    return None


# --- sessions


def start_session(work: Work, user: User, agent: str | None = None, *, second_factor: bool = False) -> str:
    """Begin a session and give its token, which only the browser keeps."""
    token = new_token()
    work.session.add(
        SignInSession(
            token_hash=token_hash(token),
            user_id=user.id,
            second_factor=second_factor,
            agent=(agent or "")[:_LONGEST_AGENT] or None,
            created_at=work.now,
            last_seen_at=work.now,
        )
    )
    return token


def find_session(work: Work, token: str) -> Session | None:
    """Find a valid session: not revoked, not idle for too long, its account active; works in `desk.read()`."""
    row = work.session.get(SignInSession, token_hash(token))
    if row is None or row.revoked_at is not None:
        return None
    if work.now - row.last_seen_at > timedelta(hours=work.settings.session_hours):
        return None
    user = work.session.get(User, row.user_id)
    return Session(user, row) if user is not None and user.active else None


def needs_touch(work: Work, session: Session) -> bool:
    """Tell whether it is time to note that a session is in use; not on every click, for each note is a write."""
    return work.now - session.row.last_seen_at >= _SEEN_EVERY


def touch_session(work: Work, token: str) -> None:
    """Note that a session is in use."""
    statement = update(SignInSession).where(SignInSession.token_hash == token_hash(token))
    work.session.execute(statement.values(last_seen_at=work.now))


def confirm_second_factor(work: Work, token: str) -> None:
    """Note that a session passed the second factor."""
    statement = update(SignInSession).where(SignInSession.token_hash == token_hash(token))
    work.session.execute(statement.values(second_factor=True))


def sessions_of(work: Work, user: User) -> Sequence[SignInSession]:
    """List the sessions of a colleague that still count, newest first."""
    oldest = work.now - timedelta(hours=work.settings.session_hours)
    statement = select(SignInSession).where(
        SignInSession.user_id == user.id, SignInSession.revoked_at.is_(None), SignInSession.last_seen_at >= oldest
    )
    return work.session.scalars(statement.order_by(SignInSession.last_seen_at.desc())).all()


def revoke_session(work: Work, token: str) -> None:
    """End a session."""
    revoke_session_by_hash(work, token_hash(token))


def revoke_session_by_hash(work: Work, hashed: bytes, user: User | None = None) -> None:
    """End a session that is known by its hash; with a user only if it is theirs."""
    statement = update(SignInSession).where(SignInSession.token_hash == hashed, SignInSession.revoked_at.is_(None))
    if user is not None:
        statement = statement.where(SignInSession.user_id == user.id)
    work.session.execute(statement.values(revoked_at=work.now))


def revoke_all_sessions(work: Work, user: User) -> None:
    """End all sessions of a colleague."""
    statement = update(SignInSession).where(SignInSession.user_id == user.id, SignInSession.revoked_at.is_(None))
    work.session.execute(statement.values(revoked_at=work.now))


def forget_old(work: Work) -> None:
    """Remove sessions, tokens and failed attempts that cannot matter any more."""
    oldest = work.now - timedelta(days=30)
    work.session.execute(delete(SignInSession).where(SignInSession.last_seen_at < oldest))
    work.session.execute(delete(OneTimeToken).where(OneTimeToken.expires_at < oldest))
    work.session.execute(delete(Throttle).where(Throttle.last_at < work.now - _FAILURES_FORGOTTEN))


# --- invitations and resets


def invite(work: Work, user: User) -> None:
    """Send a colleague the link by which they choose their first password."""
    _send_link(work, user, INVITATION)
    work.record("user.invited", None, user=user.id)


def request_reset(work: Work, email: str) -> None:
    """Send the link for a new password; whether there is such an account is not told."""
    user = by_email(work, email)
    if user is None or not user.active or wait_seconds(work, f"reset:{user.id}"):
        return
    # Counted like a failure, so that nobody's mailbox is flooded.
    note_failure(work, f"reset:{user.id}")
    _send_link(work, user, RESET)


def find_one_time_token(work: Work, token: str) -> tuple[User, OneTimeToken] | None:
    """Find whose invitation or reset a link is, as long as it can be used."""
    row = work.session.get(OneTimeToken, token_hash(token))
    if row is None or row.used_at is not None or row.expires_at <= work.now:
        return None
    user = work.session.get(User, row.user_id)
    return (user, row) if user is not None and user.active else None


def redeem(work: Work, token: str, password: str) -> User:
    """Set a password by a link, which is used up by it."""
    found = find_one_time_token(work, token)
    if found is None:
        raise NotFound("This link is not known, was used or has expired.")
    user, row = found
    set_password(work, user, password)
    row.used_at = work.now
    forget_failures(work, f"reset:{user.id}")
    forget_failures(work, f"account:{user.email}")
    return user


def _send_link(work: Work, user: User, purpose: str) -> None:
    # A newer link makes the older ones void.
    older = delete(OneTimeToken).where(OneTimeToken.user_id == user.id, OneTimeToken.used_at.is_(None))
    work.session.execute(older)
    token, until = new_token(), work.now + _TOKEN_LIFETIME[purpose]
    row = OneTimeToken(
        token_hash=token_hash(token), user_id=user.id, purpose=purpose, created_at=work.now, expires_at=until
    )
    work.session.add(row)
    values = {
        "link": f"{work.settings.desk_url}/password/{token}",
        "until": letters.long_date(work.desk.calendar.day_of(until), user.language),
    }
    mail.send_to_staff(work, user.email, purpose, user.language, values)
