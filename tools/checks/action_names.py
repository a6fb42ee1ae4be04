"""Check that the domain lists exactly the actions that the action server has; either alone fails before a visitor."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml
from rasa_sdk.executor import ActionExecutor

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    served, listed = served_actions(), listed_actions()
    for name in sorted(served - listed):
        print(f"{name} is served, but the domain does not list it.")
    for name in sorted(listed - served):
        print(f"{name} is listed in the domain, but no action has this name.")
    return 0 if served == listed else 1


def served_actions() -> set[str]:
    """Give the names that the action server registers from the package `actions`."""
    executor = ActionExecutor()
    executor.register_package("actions")
    return set(executor.actions)


def listed_actions() -> set[str]:
    """Give the names of custom actions in the domain's files."""
    domains = [
        yaml.safe_load(file.read_text(encoding="utf-8")) or {} for file in (ROOT / "bot" / "domain").glob("*.yml")
    ]
    return {name for domain in domains for name in domain.get("actions") or []}


if __name__ == "__main__":
    sys.exit(main())
