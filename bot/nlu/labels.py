"""The labels a message can be understood as; topics and details come from the answers, the rest is listed here."""

from pathlib import Path

import yaml

ANSWERS = Path(__file__).parents[2] / "data" / "answers"
UNCLEAR = "unclear"
OTHER_LANGUAGE = "chitchat/other-language"
OUT_OF_SCOPE = "out-of-scope"
TICKET_FLOWS = (
    "complaint",
    "access",
    "rectification",
    "erasure",
    "portability",
    "objection",
    "withdraw-consent",
    "marketing-opt-out",
    "inquiry",
)
FLOWS = (*TICKET_FLOWS, "ticket-status", "authority", "dispute", "ticket-add", "ticket-withdraw")
CHITCHAT = (
    "greet",
    "goodbye",
    "thanks",
    "praise",
    "insult",
    "bot-challenge",
    "how-are-you",
    "help",
    "who-made-you",
    "acknowledge",
    "apology",
    "legal-threat",
    "other-language",
)
CONTROLS = (
    "affirm",
    "deny",
    "cancel",
    "back",
    "start-over",
    "skip",
    "correct",
    "repeat",
    "why",
    "switch-language",
)
CARE = ("distress", "press-or-police")


def group(label: str) -> str:
    """Name the part of a label before the slash."""
    return label.split("/", 1)[0]


def topic(label: str) -> str | None:
    """Name the topic a label is answered with, in the form the answers know it by."""
    if label.startswith("faq/"):
        return label.removeprefix("faq/")
    return label if label.startswith("not-covered/") else None


def catalogue(answers: Path = ANSWERS) -> list[str]:
    """List every label there is."""
    topics: list[str] = []
    details: list[str] = []
    for path in sorted(answers.glob("*.yml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        topics.extend(content.get("topics", {}) if "section" in content else {})
        details.extend(content.get("details", {}))
    return [
        *(f"faq/{name}" for name in topics),
        *(f"not-covered/{name}" for name in details),
        *FLOWS,
        *(f"chitchat/{kind}" for kind in CHITCHAT),
        *CONTROLS,
        *CARE,
        OUT_OF_SCOPE,
        UNCLEAR,
    ]


def outcome(label: str) -> str:
    """Name what a visitor gets for a label: an answer on a topic, a flow or small talk."""
    if label.startswith("faq/"):
        return "topic:" + label.removeprefix("faq/")
    if label.startswith("not-covered/"):
        return "topic:not-covered"
    if label in (OUT_OF_SCOPE, UNCLEAR):
        return "topic:" + label
    return "flow:" + label if label in FLOWS else "smalltalk"
