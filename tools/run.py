"""Start the whole product on this machine: settings, secrets, migrations, a model, then all processes together."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from dotenv.parser import parse_stream
from rich.console import Console

import tools.local_slack.__main__ as local_slack
from tools.processes import HopelessError, Process, Supervisor
from tools.training import TrainingError, ensure_model, quiet_rasa

ROOT = Path(__file__).resolve().parents[1]
ASSISTANT_PYTHON = str(ROOT / ".venv" / "assistant" / "bin" / "python")
DESK_PYTHON = str(ROOT / ".venv" / "desk" / "bin" / "python")
PORTS = {
    "ASSISTANT_PORT": ("the assistant", 5005),
    "ACTIONS_PORT": ("the action server", 5055),
    "DESK_PORT": ("the desk", 8000),
}
#: Which setting says how many processes there are of what listens there; they take the ports that follow.
SEVERAL = {"ASSISTANT_PORT": "ASSISTANT_PROCESSES", "ACTIONS_PORT": "ACTIONS_PROCESSES"}
LOGS_AND_HEALTH = {
    "ASSISTANT_PORT": ("assistant", "/webhooks/webchat/health"),
    "ACTIONS_PORT": ("actions", "/health"),
}
MOST_PROCESSES = 64
#: Secrets that are made once when nobody set them, by the side that may know them.
GENERATED = {"assistant": ("WEBCHAT_SECRET",), "desk": ("DESK_KEYS", "DESK_INDEX_KEY")}
#: What the assistant's process must never hold: the ticket database, its keys, and the ways out of the desk.
DESK_ONLY = ("DATABASE_URL", "DESK_", "SMTP_", "MAIL_", "IMAP_", "OIDC_", "SLACK_WEBHOOK_URL", "SLACK_TEAM_")
ASSISTANT_ONLY = ("ASSISTANT_METRICS_TOKEN", "WEBCHAT_", "TRACKER_", "SLACK_VISITOR_")


class StartError(Exception):
    """Why nothing was started, as one sentence."""


def main() -> int:
    console = Console(highlight=False, soft_wrap=True)
    # Before the supervisor runs there may be a training to end; leaving by an exception ends it too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        settings = with_local_slack(read_settings(ROOT / ".env", os.environ))
        check_ports(settings)
        check_several(settings)
        os.environ.update(settings)
        make_secrets(var_dir(settings))
        model = ensure_model(console)
        return asyncio.run(run(settings, model, console))
    except (StartError, TrainingError, HopelessError) as error:
        console.print(f"[bold red]Not started:[/] {error}")
        return 1
    except KeyboardInterrupt:
        return 0


def read_settings(env_file: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Merge `.env` with the environment, which wins; raise StartError for a line that cannot be read."""
    values: dict[str, str] = {}
    if env_file.is_file():
        try:
            with env_file.open(encoding="utf-8") as lines:
                for binding in parse_stream(lines):
                    if binding.error:
                        raise StartError(
                            f".env, line {binding.original.line}, is not NAME=value: "
                            f"{binding.original.string.strip()!r}."
                        )
                    if binding.key and binding.value is not None:
                        values[binding.key] = binding.value
        except UnicodeDecodeError:
            raise StartError(".env is not a UTF-8 text file.") from None
    return {**values, **environment}


def check_ports(settings: Mapping[str, str]) -> None:
    """Raise StartError when a port is no number or is taken."""
    for name, number in [(setting, one) for setting in PORTS for one in ports(settings, setting)]:
        owner, _ = PORTS[name]
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", number))
            except OSError:
                raise StartError(f"port {number} for {owner} is in use; set {name} to a free one.") from None


def port(settings: Mapping[str, str], name: str) -> int:
    """Give a port from the settings."""
    text = settings.get(name) or str(PORTS[name][1])
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise StartError(f"{name} must be a port number between 1 and 65535, not {text!r}.")
    return int(text)


def ports(settings: Mapping[str, str], name: str) -> list[int]:
    """Give the ports of all processes of a kind: the one that is set, and those that follow it."""
    count = settings.get(SEVERAL.get(name, "")) or "1"
    if not count.isdecimal() or not 1 <= int(count) <= MOST_PROCESSES:
        raise StartError(f"{SEVERAL[name]} must be a number from 1 to {MOST_PROCESSES}, not {count!r}.")
    first = port(settings, name)
    return list(range(first, first + int(count)))


def check_several(settings: Mapping[str, str]) -> None:
    """Raise StartError when several processes would not know of each other, or not be asked."""
    shared = settings.get("REDIS_URL") and (settings.get("TRACKER_DATABASE_URL") or "").startswith("postgresql")
    if len(ports(settings, "ASSISTANT_PORT")) > 1 and not shared:
        raise StartError("ASSISTANT_PROCESSES above 1 needs REDIS_URL, and TRACKER_DATABASE_URL with postgresql://….")
    if len(ports(settings, "ACTIONS_PORT")) > 1 and not settings.get("ACTIONS_URL"):
        raise StartError("ACTIONS_PROCESSES above 1 needs ACTIONS_URL with the address that nginx gives them together.")


def var_dir(settings: Mapping[str, str]) -> Path:
    """Give the folder for databases, mail, logs and secrets."""
    return (ROOT / (settings.get("VAR_DIR") or "var")).resolve()


def make_secrets(folder: Path) -> None:
    """Make the secrets that nobody set, once; each side can read its own only."""
    for side, names in GENERATED.items():
        file = folder / "secrets" / f"{side}.env"
        known = file.read_text() if file.is_file() else ""
        missing = [name for name in names if f"{name}=" not in known and not os.environ.get(name)]
        if not missing:
            continue
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a") as output:
            output.writelines(f"{name}={secrets.token_urlsafe(48)}\n" for name in missing)


def prepare_desk() -> str:
    """Bring the desk's database up to date; give the line that tells the first account's password, this once."""
    migrate()
    return make_first_account()


def migrate() -> None:
    """Bring the ticket database to the present schema; the desk's own code knows how."""
    outcome = subprocess.run([DESK_PYTHON, "-m", "desk.storage.migrate"], cwd=ROOT, capture_output=True, text=True)
    if outcome.returncode:
        said = (outcome.stderr or outcome.stdout).strip().splitlines() or ["no reason given"]
        raise StartError(f"the ticket database could not be prepared: {said[-1]}")


def make_first_account() -> str:
    """Make the first account of the desk when there is none; give the line that tells its password, this once."""
    outcome = subprocess.run(
        [DESK_PYTHON, "-m", "desk.web", "--first-account"], cwd=ROOT, capture_output=True, text=True
    )
    if outcome.returncode:
        raise StartError(f"the desk could not be prepared: {outcome.stderr.strip().splitlines()[-1]}")
    return outcome.stdout.strip()


def processes(settings: Mapping[str, str], model: Path) -> list[Process]:
    """Describe the product's processes; each is given only the settings that are its own."""
    logs = var_dir(settings) / "log"
    actions, desk = port(settings, "ACTIONS_PORT"), port(settings, "DESK_PORT")
    desk_side = without(settings, ASSISTANT_ONLY)
    assistant_side = {
        **without(quiet_rasa(), DESK_ONLY),
        # The very model that belongs to the present data, whichever else stands in the folder.
        "MODELS_DIR": str(model),
        "ACTIONS_URL": settings.get("ACTIONS_URL") or f"http://127.0.0.1:{actions}/webhook",
    }
    several = partial(alike, settings)
    return [
        *several("assistant", "ASSISTANT_PORT", [ASSISTANT_PYTHON, "-m", "bot.serve"], assistant_side),
        *several("action server", "ACTIONS_PORT", [DESK_PYTHON, "-m", "actions"], desk_side),
        Process(
            "desk", [DESK_PYTHON, "-m", "desk.web"], desk_side, logs / "desk.log", f"http://127.0.0.1:{desk}/health"
        ),
        Process("worker", [DESK_PYTHON, "-m", "desk.worker"], desk_side, logs / "worker.log"),
        *local_slack_process(settings),
    ]


def alike(
    settings: Mapping[str, str], name: str, port_setting: str, command: list[str], environment: Mapping[str, str]
) -> list[Process]:
    """Describe the processes of one kind, of which there may be several; each has its own port and its own log."""
    log, health = LOGS_AND_HEALTH[port_setting]
    found = []
    for place, number in enumerate(ports(settings, port_setting), 1):
        ending = f"-{place}" if place > 1 else ""
        file = var_dir(settings) / "log" / f"{log}{ending}.log"
        own = {**environment, port_setting: str(number)}
        title = f"{name} {place}" if place > 1 else name
        found.append(Process(title, command, own, file, f"http://127.0.0.1:{number}{health}"))
    return found


def with_local_slack(settings: Mapping[str, str]) -> dict[str, str]:
    """Point both apps at a Slack on this machine when `make run SLACK=local` asks for one."""
    if settings.get("SLACK") != "local":
        return dict(settings)
    return {**settings, **local_slack.settings_for(local_slack_port(settings))}


def local_slack_port(settings: Mapping[str, str]) -> int:
    """Give the port of the Slack on this machine."""
    text = settings.get("SLACK_LOCAL_PORT") or str(local_slack.PORT)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise StartError(f"SLACK_LOCAL_PORT must be a port number between 1 and 65535, not {text!r}.")
    return int(text)


def local_slack_process(settings: Mapping[str, str]) -> list[Process]:
    """Describe the Slack on this machine, if there is to be one."""
    if settings.get("SLACK") != "local":
        return []
    assistant, _, desk = (port(settings, name) for name in PORTS)
    number = local_slack_port(settings)
    command = [
        *(DESK_PYTHON, "-m", "tools.local_slack", "--port", str(number)),
        *("--assistant", f"http://127.0.0.1:{assistant}/webhooks/slack/events"),
        *("--desk", f"http://127.0.0.1:{desk}/slack/events"),
    ]
    log = var_dir(settings) / "log" / "slack.log"
    return [
        Process("slack", command, without(settings, (*ASSISTANT_ONLY, *DESK_ONLY)), log, f"http://127.0.0.1:{number}/")
    ]


def without(settings: Mapping[str, str], prefixes: tuple[str, ...]) -> dict[str, str]:
    """Leave out the settings whose names begin with one of the prefixes."""
    return {name: value for name, value in settings.items() if not name.startswith(prefixes)}


async def run(settings: Mapping[str, str], model: Path, console: Console) -> int:
    """Start everything, say what to open, and go on until somebody stops it."""
    began = time.monotonic()
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    assistant, *desk_side = processes(settings, model)
    supervisor = Supervisor([assistant, *desk_side], console.print)
    try:
        with console.status("Starting assistant, action server, desk and worker …"):
            # The assistant takes longest and needs nothing of the desk, whose database is prepared meanwhile.
            await supervisor.start([assistant])
            first_account = await asyncio.to_thread(prepare_desk)
            await supervisor.start(desk_side)
            if not await _up_or_stopped(supervisor, stopping):
                return 0
        console.print(welcome(settings, first_account, time.monotonic() - began))
        await stopping.wait()
        return 0
    finally:
        console.print("Stopping …")
        await supervisor.stop()
        console.print("Stopped.")


async def _up_or_stopped(supervisor: Supervisor, stopping: asyncio.Event) -> bool:
    up = asyncio.create_task(supervisor.wait_until_healthy())
    stopped = asyncio.create_task(stopping.wait())
    done, pending = await asyncio.wait({up, stopped}, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    if up in done:
        up.result()
    return up in done


def welcome(settings: Mapping[str, str], first_account: str, seconds: float) -> str:
    """Say what to open, and how to sign in the first time."""
    assistant, _, desk = (port(settings, name) for name in PORTS)
    lines = [
        f"Up after {seconds:.0f} s.",
        f"  Website with the assistant:  http://127.0.0.1:{assistant}/webhooks/website/",
        f"  Desk of the privacy team:    http://127.0.0.1:{desk}/",
        f"  A Slack to try it in:        http://127.0.0.1:{local_slack_port(settings)}/"
        if settings.get("SLACK") == "local"
        else "",
        f"  Mail that would be sent:     {var_dir(settings) / 'mail'}" if not settings.get("SMTP_URL") else "",
        f"  {first_account}" if first_account else "",
        "Ctrl-C stops everything.",
    ]
    return "\n".join(line for line in lines if line)


if __name__ == "__main__":
    sys.exit(main())
