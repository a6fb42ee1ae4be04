"""Keeps numbers nobody should send out of the conversation: they are masked before Rasa sees the message."""

from bot.guard.mask import Masked, mask

__all__ = ["Masked", "mask"]
