"""Starts the web desk; on the very first start it makes the first account and prints how to sign in, this once."""

from __future__ import annotations

import sys

from desk.application import COMMAND_LINE, Desk, current_desk
from desk.domain.errors import DeskError
from desk.services import accounts
from desk.settings import SettingsError


def main() -> int:
    """Run the desk until it is stopped; with `--first-account` only make the first account and end.

    Who starts several processes together asks for the account beforehand, so that the password is printed where a
    person sees it and never stands in the desk's log.
    """
    try:
        desk = current_desk()
        welcome(desk)
        if "--first-account" in sys.argv[1:]:
            return 0
        # Imported here, because the first account needs nothing of the pages, which take a second to import.
        from desk.web.app import create_app

        app = create_app(desk)
    except (DeskError, SettingsError) as error:
        sys.stderr.write(f"The desk cannot start: {error}\n")
        return 1
    import uvicorn

    settings = desk.settings
    uvicorn.run(
        app,
        host=settings.desk_host,
        port=settings.desk_port,
        log_level=settings.log_level.lower(),
        # Whether a request came over https and from where is for the proxy on this machine to say, and for nobody else.
        proxy_headers=True,
        forwarded_allow_ips="127.0.0.1,::1",
        server_header=False,
    )
    return 0


def welcome(desk: Desk) -> None:
    """Make the first account when there is none, and print its password, which is kept nowhere."""
    with desk.work(COMMAND_LINE) as work:
        password = accounts.create_first_admin(work)
    if password is not None:
        sys.stdout.write(
            f"First sign-in at {desk.settings.desk_url}: admin@localhost with the password {password} "
            "(shown only this once; you choose your own when you sign in)\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
