"""Measures the product beside stock Rasa, in one run, and writes what it found as a page with a plot: `make bench`.

The machine should do nothing else meanwhile; how busy it was is written down with the figures.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.performance import page, stock, tracker, turns
from benchmarks.performance.conditions import conditions, load
from benchmarks.performance.processes import megabytes
from benchmarks.performance.running import Ports, Running, assistant, product, stock_rasa
from benchmarks.performance.visitors import Crowd, Reply
from tools.training import ROOT, ensure_model

KEPT = ROOT / "var" / "bench"
VISITORS = 50
OURS, SAME, STOCK = "ours, all phrases", "ours, same phrases", "stock"

Figures = dict[str, Any]


@dataclass(frozen=True)
class Effort:
    """How much of everything is measured."""

    phrases: int = 3
    conversations: int = 40
    actions: int = 60
    tickets: int = 40
    turns: int = 1000
    stock_turns: int = 150
    crowd_seconds: float = 30
    messages: int = 100_000
    stored: int = 100_000
    trains_all: bool = True


QUICK = Effort(3, 6, 10, 6, 100, 20, 5, 1000, 2000, False)


@dataclass(frozen=True)
class Bench:
    """What all measurements share."""

    effort: Effort
    ports: Ports
    folder: Path
    phrases: stock.Phrases
    console: Console

    @property
    def topics(self) -> dict[str, str]:
        """Give what is asked, one German phrase for each topic, with the topic it asks about."""
        labels = [label for label in self.phrases.by_label if label.startswith("faq/")]
        return {self.phrases.first(label): label.removeprefix("faq/") for label in labels}

    @property
    def project(self) -> Path:
        """Give the folder of the stock project."""
        return KEPT / "stock"

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Say what is measured and how long it took."""
        began = time.monotonic()
        self.console.print(f"{name} …")
        yield
        self.console.print(f"  {time.monotonic() - began:.0f} s")


def main() -> int:
    """Measure, and write the page."""
    parser = argparse.ArgumentParser(prog="make bench BENCH=…", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="little of each; written to var/bench/quick, not to docs")
    parser.add_argument("--messages", type=int, help="messages between the two weighings (100,000)")
    parser.add_argument("--stored", type=int, help="conversations in the filled tracker database (100,000)")
    parser.add_argument("--stock-turns", type=int, help="turns of stock's one long conversation (150)")
    parser.add_argument("--first-port", type=int, default=5800, help="first of the ports to use (5800)")
    parser.add_argument("--page-only", action="store_true", help="write the page anew from the kept figures")
    chosen = parser.parse_args()
    target = KEPT / "quick" if chosen.quick else ROOT / "docs"
    file = target / "performance.json"
    if not chosen.page_only:
        given = {name: value for name in ("messages", "stored", "stock_turns") if (value := getattr(chosen, name))}
        effort = Effort(**{**asdict(QUICK if chosen.quick else Effort()), **given})
        figures = measure(effort, Ports(chosen.first_port))
        target.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(page.write(file, target))
    return 0


def measure(effort: Effort, ports: Ports) -> Figures:
    """Measure everything, one thing after the other; only what is compared runs side by side."""
    began, noted = time.monotonic(), conditions()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(effort, ports, Path(folder), stock.first_phrases(effort.phrases), Console(highlight=False))
        training, peer, small = _train(bench)
        found = {"training": training, **_measure_running(bench, peer, small)}
    noted |= {"load_at_the_end": load(), "minutes": (time.monotonic() - began) / 60}
    return {"effort": asdict(effort), "visitors": VISITORS, "conditions": noted, **found}


def _train(bench: Bench) -> tuple[Figures, Path, Path]:
    """Train stock and ours on the same phrases, and ours on all; return the seconds and the two models compared."""
    with bench.step("Training stock Rasa (many minutes the first time, then it is kept)"):
        peer = stock.train(bench.phrases, bench.project, KEPT)
    with bench.step("Training ours on the same phrases"):
        small, seconds = _train_ours(bench)
    figures = {"stock": peer.seconds, "ours": seconds, "phrases": bench.phrases.count}
    if bench.effort.trains_all:
        with bench.step("Training ours on all phrases"):
            began = time.monotonic()
            subprocess.run([sys.executable, "-m", "tools.training", "--force"], cwd=ROOT, check=True)
            figures["all"] = time.monotonic() - began
    return figures, peer.model, small


def _train_ours(bench: Bench) -> tuple[Path, float]:
    data, models = bench.folder / "phrases", bench.folder / "models"
    stock.write_phrases(bench.phrases, data)
    began = time.monotonic()
    sources = ["--config", "bot/config.yml", "--domain", "bot/domain", "--data", str(data), "data/rules"]
    stock.rasa(ROOT, bench.folder / "train.log", "train", "--skip-validation", *sources, "--out", str(models))
    return next(models.glob("*.tar.gz")), time.monotonic() - began


def _measure_running(bench: Bench, peer_model: Path, small: Path) -> Figures:
    whole = bench.folder / "product"
    with bench.step("Setting everything up once"), product(whole, bench.ports):
        pass
    with ExitStack() as stack:
        with bench.step("make run"):
            ours = stack.enter_context(product(whole, bench.ports))
        found: Figures = {"start": {"ours": ours.seconds}, "memory": {"idle": megabytes(ours.side.process)}}
        _measure_beside_stock(bench, found, ours, peer_model, small)
        with bench.step("Opening tickets"):
            found["tickets"] = turns.tickets(ours.side, bench.effort.tickets)
        _measure_crowd(bench, found, ours)
        with bench.step("A full tracker database"):
            model = ensure_model(bench.console)
            folder, texts = bench.folder / "tracker", list(bench.topics)
            found["tracker"] = tracker.measure(model, folder, bench.ports, ours.actions, texts, bench.effort.stored)
    return found


def _measure_beside_stock(bench: Bench, found: Figures, ours: Running, peer_model: Path, small: Path) -> None:
    """Measure what is compared, the sides alternating turn by turn or conversation by conversation."""
    effort, texts = bench.effort, list(bench.topics)
    with ExitStack() as stack:
        with bench.step("Starting stock Rasa"):
            peer = stack.enter_context(stock_rasa(bench.project, peer_model, bench.ports))
        same = stack.enter_context(assistant(small, bench.folder / "small", bench.ports, ours.actions, SAME))
        found["start"] |= {"stock": peer.seconds, "assistant": same.seconds}
        sides = [peer.side, same.side, replace(ours.side, name=OURS)]
        turns.warm(sides, texts)
        with bench.step("First turns"):
            found["answers"] = turns.answers(sides, texts, effort.conversations)
        found["right"] = turns.understood_alike(sides, texts, _judge(bench)) | {"of": len(texts)}
        with bench.step("Custom actions"):
            found["actions"] = turns.custom_actions(sides, effort.actions)
        with bench.step("Long conversations"):
            lengths = (effort.stock_turns, effort.turns, effort.turns)
            found["grown"] = turns.grown(list(zip(sides, lengths, strict=True)), texts)
        with bench.step("Stock Rasa with many visitors"):
            found["crowd"] = {STOCK: Crowd(peer.side, texts).run(VISITORS, seconds=effort.crowd_seconds)}
        found["memory"][STOCK] = megabytes(peer.side.process)


def _measure_crowd(bench: Bench, found: Figures, ours: Running) -> None:
    """Let many visitors ask at once, go on until enough messages were answered, and weigh the product again."""
    texts = list(bench.topics)
    with bench.step("Many visitors"):
        found["crowd"][OURS] = Crowd(ours.side, texts).run(VISITORS, seconds=bench.effort.crowd_seconds)
    with bench.step("Very many messages"):
        after = Crowd(ours.side, texts).run(8, messages=bench.effort.messages)
    found["memory"] |= {"after": megabytes(ours.side.process), "messages": after["turns"], "errors": after["errors"]}


def _judge(bench: Bench) -> Callable[[str, Reply], bool]:
    topics, said = bench.topics, stock.answers()

    def is_right(text: str, reply: Reply) -> bool:
        by_ours = any(message.get("source", {}).get("topic") == topics[text] for message in reply)
        return by_ours or any(message["text"].strip() == said[f"faq/{topics[text]}"] for message in reply)

    return is_right


if __name__ == "__main__":
    sys.exit(main())
