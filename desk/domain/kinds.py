"""The words that tickets are described with; their values are a contract with the assistant and the API."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

Language = Literal["de", "en"]


class Kind(StrEnum):
    """What a person wants; one for every flow that opens a ticket."""

    COMPLAINT = "complaint"
    ACCESS = "access"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    PORTABILITY = "portability"
    OBJECTION = "objection"
    WITHDRAW_CONSENT = "withdraw-consent"
    MARKETING_OPT_OUT = "marketing-opt-out"
    INQUIRY = "inquiry"


class State(StrEnum):
    """Where the work on a ticket stands."""

    NEW = "new"
    IN_PROGRESS = "in-progress"
    WAITING = "waiting"
    RESOLVED = "resolved"
    REFUSED = "refused"
    REOPENED = "reopened"


class Outcome(StrEnum):
    """Why a ticket is closed, which the state alone does not tell."""

    ANSWERED = "answered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


class Relationship(StrEnum):
    """How the person is connected to the company; users at a customer are told to ask that customer first."""

    DIRECT = "direct"
    CUSTOMER_USER = "customer-user"
    UNSURE = "unsure"


class Role(StrEnum):
    """What a colleague may do; every role may do what the one before it may."""

    VIEWER = "viewer"
    OFFICER = "officer"
    ADMIN = "admin"
