"""The errors a channel can answer with, each with its status, in one place."""

from __future__ import annotations

from typing import Any


class ChannelError(Exception):
    """Something the client is told as {"error": {"code", "message"}}."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        """Keep what the answer is made of."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """Return the error as the contract shapes it."""
        return {"error": {"code": self.code, "message": self.message}}


def unavailable(message: str = "The assistant is not available at the moment. Please try again.") -> ChannelError:
    """Return the error for whatever is not the client's fault and may pass."""
    return ChannelError(503, "unavailable", message, {"Retry-After": "5"})


def erased() -> ChannelError:
    """Return the error for a conversation that its visitor had erased."""
    return ChannelError(401, "session_erased", "This conversation was erased. Please start a new one.")
