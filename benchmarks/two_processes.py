"""Measures what a second assistant brings: `python -m benchmarks.two_processes [--visitors 50] [--seconds 20]`.

The same visitors ask as fast as they are answered, first one assistant on SQLite, then one and then two assistants
behind nginx with PostgreSQL and Redis. Where there are fewer cores than busy processes, the parts take time from each
other; the processor time of each part for an answer, which hardly depends on that, says what more cores would give.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conversations.house import House
from tests.deploy.cluster import Cluster, running_cluster

QUESTIONS = (
    "Welche Daten erheben Sie?",
    "Do you use cookies?",
    "Wie lange speichern Sie Daten?",
    "Do you sell my data?",
    "Wer ist der Datenschutzbeauftragte?",
)
WARM_UP_SECONDS = 3.0
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Measured:
    """What a load of some seconds came to."""

    name: str
    assistants: int
    answers: int
    errors: int
    seconds: float
    latencies: tuple[float, ...]
    cpu: Mapping[str, float]
    """Processor seconds by part."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds

    def milliseconds(self, part: str) -> float:
        """Processor time of a part for one answer."""
        return 1000 * self.cpu.get(part, 0.0) / self.answers

    def percentile(self, share: float) -> float:
        """Milliseconds in which a share of the answers came."""
        return 1000 * sorted(self.latencies)[int(share * (len(self.latencies) - 1))]


class Asking:
    """Visitors who ask the next question as soon as the last one was answered."""

    def __init__(self, port: int, visitors: int) -> None:
        self._port = port
        self._counts: list[float] = []
        self._errors = 0
        self._counting = self._over = False
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(visitors)]

    def measure(self, seconds: float, part_pids: Mapping[str, list[int]], name: str, assistants: int) -> Measured:
        """Ask for some seconds, after a warm-up that does not count."""
        for thread in self._threads:
            thread.start()
        time.sleep(WARM_UP_SECONDS)
        before, began = _cpu(part_pids), time.monotonic()
        self._counting = True
        time.sleep(seconds)
        self._counting = False
        taken, after = time.monotonic() - began, _cpu(part_pids)
        self._over = True
        for thread in self._threads:
            thread.join(60)
        cpu = {part: after[part] - before[part] for part in after}
        return Measured(name, assistants, len(self._counts), self._errors, taken, tuple(self._counts), cpu)

    def _ask(self) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        token = json.loads(self._post(line, "/sessions", {}, "")[1])["token"]
        number = 0
        while not self._over:
            number += 1
            began = time.monotonic()
            body = {"id": uuid.uuid4().hex, "text": QUESTIONS[number % len(QUESTIONS)]}
            status, _ = self._post(line, "/messages", body, token)
            if self._counting:
                self._counts.append(time.monotonic() - began)
                self._errors += status != 200

    def _post(self, line: http.client.HTTPConnection, path: str, body: object, token: str) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        line.request("POST", f"/webhooks/webchat{path}", json.dumps(body), headers)
        answer = line.getresponse()
        return answer.status, answer.read()


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=1, help="how often each is measured; the best round counts")
    options = parser.parse_args()
    print(
        f"{os.cpu_count()} cores, load before: {os.getloadavg()[0]:.1f}; {options.visitors} visitors at once",
        flush=True,
    )
    found = [_best(arrangement, options) for arrangement in ("sqlite", "one", "two")]
    print("\n".join(_table(found)))
    return 1 if any(one.errors for one in found) else 0


def _best(arrangement: str, options: argparse.Namespace) -> Measured:
    """Start an arrangement and measure it some times; what else the machine does only ever slows it down."""
    with _running(arrangement) as (port, assistants, parts):
        rounds = []
        for _ in range(options.rounds):
            rounds.append(
                Asking(port, options.visitors).measure(options.seconds, parts, NAMES[arrangement], assistants)
            )
            print(f"  {NAMES[arrangement]}: {rounds[-1].rate:.0f} answers a second", flush=True)
        return max(rounds, key=lambda one: one.rate)


NAMES = {
    "sqlite": "one assistant, SQLite",
    "one": "one behind nginx, PostgreSQL, Redis",
    "two": "two behind nginx, PostgreSQL, Redis",
}


@contextmanager
def _running(arrangement: str) -> Iterator[tuple[int, int, Mapping[str, list[int]]]]:
    """Run an arrangement; gives the port, the number of assistants and the processes of each part."""
    with tempfile.TemporaryDirectory() as folder:
        if arrangement == "sqlite":
            house = House(Path(folder))
            try:
                house.open()
                yield house.assistant_port, 1, {"assistant": [house.processes["assistant"].pid], **_own()}
            finally:
                house.close()
            return
        with running_cluster(Path(folder), assistants={"one": 1, "two": 2}[arrangement]) as cluster:
            yield cluster.door, cluster.assistants, _parts(cluster)


def _parts(cluster: Cluster) -> dict[str, list[int]]:
    assert cluster.databases is not None
    assert cluster.redis is not None
    postmaster = int((cluster.databases.folder / "data" / "postmaster.pid").read_text().split()[0])
    return {
        "assistant": [process.pid for name, process in cluster.processes.items() if name.startswith("assistant")],
        "nginx": [int((cluster.folder / "nginx" / "nginx.pid").read_text())],
        "PostgreSQL": [postmaster],
        "Redis": [cluster.redis.pid],
        **_own(),
    }


def _own() -> dict[str, list[int]]:
    return {"visitors": [os.getpid()]}


def _cpu(parts: Mapping[str, list[int]]) -> dict[str, float]:
    """Return the processor seconds of each part so far, its child processes included."""
    times, children = _processes()
    own = os.getpid()
    return {
        part: sum(_with_children(pid, times, children) if pid != own else time.process_time() for pid in pids)
        for part, pids in parts.items()
    }


def _processes() -> tuple[dict[int, float], dict[int, list[int]]]:
    """Read every process's time and children from /proc (proc(5): fields 4, 14 to 17 of stat)."""
    times: dict[int, float] = {}
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        times[int(folder.name)] = sum(map(int, fields[11:15])) / TICKS
        children.setdefault(int(fields[1]), []).append(int(folder.name))
    return times, children


def _with_children(pid: int, times: Mapping[int, float], children: Mapping[int, list[int]]) -> float:
    return times.get(pid, 0.0) + sum(_with_children(child, times, children) for child in children.get(pid, ()))


def _table(found: list[Measured]) -> list[str]:
    parts = ("assistant", "PostgreSQL", "Redis", "nginx", "visitors")
    head = ["", "answers/s", "median ms", "p99 ms", "errors", *(f"{part}, CPU ms" for part in parts)]
    rows = [
        [
            one.name,
            f"{one.rate:.0f}",
            f"{1000 * statistics.median(one.latencies):.0f}",
            f"{one.percentile(0.99):.0f}",
            str(one.errors),
            *(f"{one.milliseconds(part):.1f}" for part in parts),
        ]
        for one in found
    ]
    _, single, double = found
    given_cores = 2 * single.milliseconds("assistant") / double.milliseconds("assistant")
    return [
        *("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]),
        f"two to one, as measured here: {double.rate / single.rate:.2f}",
        f"two to one, by the assistants' own processor time for an answer, given a core for each: {given_cores:.2f}",
    ]


if __name__ == "__main__":
    raise SystemExit(main())
