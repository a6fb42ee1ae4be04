#!/usr/bin/env python3
"""Measures what a turn costs as one conversation grows, over HTTP against a running assistant, and prints the ratio.

Run the assistant with WEBCHAT_RATE_LIMIT=off, then: benchmarks/conversation_length.py [--url …] [--turns 500]
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import time
from urllib.parse import urlsplit

MESSAGES = {"answer": "Welche Cookies verwenden Sie?", "small talk": "Danke"}
PLACES = (5, 20, 100, 200, 500, 1000)
# The median of so many turns around a place; a single turn says more about the machine than about the place.
AROUND = 9


class Conversation:
    """One conversation over one kept connection."""

    def __init__(self, url: str) -> None:
        """Start a session."""
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=60)
        self._headers = {"Content-Type": "application/json"}
        self._headers["Authorization"] = "Bearer " + self._post("/sessions", {"language": "de"})["token"]

    def turn(self, text: str) -> float:
        """Send a message and return the seconds until its answer was there."""
        began = time.perf_counter()
        self._post("/messages", {"text": text})
        return time.perf_counter() - began

    def _post(self, path: str, body: dict[str, object]) -> dict[str, str]:
        self._connection.request("POST", "/webhooks/webchat" + path, json.dumps(body), self._headers)
        reply = self._connection.getresponse()
        document: dict[str, str] = json.loads(reply.read())
        if reply.status not in (200, 201):
            raise SystemExit(f"The assistant answered {reply.status}: {document}")
        return document


def median_around(seconds: list[float], place: int) -> float:
    """Return the median of the turns around a place, in milliseconds."""
    first = max(0, place - 1 - AROUND // 2)
    return statistics.median(seconds[first : first + AROUND]) * 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:5005")
    parser.add_argument("--turns", type=int, default=500)
    parser.add_argument(
        "--max-ratio", type=float, default=None, help="exit 1 when the last turn costs more times turn 5"
    )
    options = parser.parse_args()
    worst = 0.0
    for name, text in MESSAGES.items():
        conversation = Conversation(options.url)
        seconds = [conversation.turn(text) for _ in range(options.turns + AROUND // 2)]
        places = [place for place in PLACES if place <= options.turns]
        told = "  ".join(f"turn {place}: {median_around(seconds, place):.1f} ms" for place in places)
        ratio = median_around(seconds, places[-1]) / median_around(seconds, places[0])
        worst = max(worst, ratio)
        print(f"{name}: {told}  ratio {ratio:.2f}")
    if options.max_ratio is not None and worst > options.max_ratio:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
