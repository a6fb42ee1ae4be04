"""Tells whether a string is a number of a certain kind: python-stdnum where it knows the kind, a few of our own."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib import import_module

Check = Callable[[str], bool]

_OWN: dict[str, Check] = {}


@cache
def check_named(name: str) -> Check:
    """Return a check by name: one of ours, or the module of stdnum of that name, such as `de.idnr`."""
    if name in _OWN:
        return _OWN[name]
    check: Check = import_module(f"stdnum.{name}").is_valid
    return check


def _own(check: Check) -> Check:
    _OWN[check.__name__] = check
    return check


@_own
def anything(number: str) -> bool:
    """Take whatever has the form; for kinds that have no checksum, where a word beside it must say what it is."""
    return sum(character.isdigit() for character in number) >= 4


@_own
def payment_card(number: str) -> bool:
    """Check the Luhn digit, and that it is not one digit over and over."""
    digits = re.sub(r"\D", "", number)
    return len(set(digits)) > 1 and check_named("luhn")(digits)


@_own
def german_pension_number(number: str) -> bool:
    """Check a German pension insurance number: area, birthday, initial, serial and check digit.

    The initial counts as its two-digit place in the alphabet; each product is replaced by its digit sum.
    """
    compact = re.sub(r"\s", "", number).upper()
    digits = compact[:8] + f"{ord(compact[8]) - 64:02d}" + compact[9:11]
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    products = (weight * int(digit) for weight, digit in zip(weights, digits, strict=True))
    total = sum(product // 10 + product % 10 for product in products)
    month = int(compact[4:6])
    return 1 <= month <= 12 and total % 10 == int(compact[11])


@_own
def machine_readable_document(number: str) -> bool:
    """Check the last digit of a German identity card or passport by the weights 7, 3, 1 of ICAO 9303."""
    compact = re.sub(r"\W", "", number).upper()
    values = (int(character) if character.isdigit() else ord(character) - 55 for character in compact[:-1])
    total = sum(value * weight for value, weight in zip(values, (7, 3, 1) * 3, strict=False))
    return compact[-1].isdigit() and total % 10 == int(compact[-1])


@_own
def german_document(number: str) -> bool:
    """Take the nine characters of a German document, with or without its check digit."""
    compact = re.sub(r"\W", "", number).upper()
    if not any(character.isdigit() for character in compact[1:]):
        return False
    return len(compact) == 9 or machine_readable_document(compact)


@_own
def national_insurance(number: str) -> bool:
    """Check the letters of a British national insurance number; it has no check digit."""
    compact = re.sub(r"\s", "", number).upper()
    return compact[:2] not in {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}


@_own
def british_driver(number: str) -> bool:
    """Check the birthday inside a British driver number; its month is raised by fifty for women."""
    digits = re.sub(r"\s", "", number)[5:11]
    month, day = int(digits[1:3]), int(digits[3:5])
    return (1 <= month <= 12 or 51 <= month <= 62) and 1 <= day <= 31


@_own
def spaced_austrian_insurance(number: str) -> bool:
    """Check an Austrian insurance number's digit and that a birthday follows."""
    compact = re.sub(r"\D", "", number)
    day, month = int(compact[4:6]), int(compact[6:8])
    return 1 <= day <= 31 and 1 <= month <= 12 and check_named("at.vnr")(compact)
