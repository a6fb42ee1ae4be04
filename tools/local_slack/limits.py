"""Slack's rate limits: so many calls of a method a minute, one message a second in a channel, else 429."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

MINUTE = 60.0
#: Calls a minute by method; the tiers of Slack's documentation.
TIERS: Mapping[str, int] = {
    "users.info": 100,
    "views.open": 100,
    "views.update": 100,
    "views.publish": 100,
    "chat.update": 50,
    "conversations.history": 50,
    "conversations.replies": 50,
    "chat.postEphemeral": 100,
    "auth.test": 600,
    "apps.connections.open": 1,
}
#: A channel takes one message a second, and short bursts of a few more.
POSTS_PER_SECOND = 1.0
BURST = 5.0


class RateLimits:
    """Counts calls; a bucket fills again while time passes."""

    def __init__(self, enabled: bool = False) -> None:
        self.enabled = enabled
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def wait_seconds(self, app: str, method: str, channel: str) -> float:
        """Count a call and give how long its sender has to wait; 0 when it may pass."""
        if not self.enabled:
            return 0.0
        if method == "chat.postMessage":
            return self._take(f"{app}:{method}:{channel}", POSTS_PER_SECOND, BURST)
        tier = TIERS.get(method)
        return self._take(f"{app}:{method}", tier / MINUTE, float(tier)) if tier else 0.0

    def _take(self, name: str, per_second: float, most: float) -> float:
        with self._lock:
            now = time.monotonic()
            left, then = self._buckets.get(name, (most, now))
            left = min(most, left + (now - then) * per_second)
            if left < 1:
                self._buckets[name] = (left, now)
                return (1 - left) / per_second
            self._buckets[name] = (left - 1, now)
            return 0.0
