"""E-mail addresses are found as people write them, and questioned where they look mistyped."""

from __future__ import annotations

import pytest

from actions.reading.emails import find_email, meant_domain


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("nein, die Mail ist max.muster@web.de.", "max.muster@web.de"),
        ("max (at) web.de", "max@web.de"),
        ("max at web punkt de", "max@web.de"),
        ("max [at] web [dot] de", "max@web.de"),
        ("hans.mueller ät web punkt de", "hans.mueller@web.de"),
        ("<mailto:a@b.co|a@b.co>", "a@b.co"),
        ("max,muster@web,de", "max.muster@web.de"),
        ("max @ web.de", "max@web.de"),
        ("o'neill@x.ie", "o'neill@x.ie"),
        ("alt@example.org, nein neu@example.org", "neu@example.org"),
        ("USER@Company.CO.UK", "USER@company.co.uk"),
    ],
)
def test_an_address_is_found(text: str, address: str) -> None:
    assert find_email(text).address == address


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("max@gmial.com", "max@gmail.com"),
        ("max@gmail.de", "max@gmail.com"),
        ("max@gmail", "max@gmail.com"),
        ("m@gmx.con", "m@gmx.com"),
        ("a@wbe.de", "a@web.de"),
        ("a@weeb.de", "a@web.de"),
        ("x@t-onlin.de", "x@t-online.de"),
        ("x@hotmial.de", "x@hotmail.de"),
        ("a@outlok.com", "a@outlook.com"),
        ("a@firma.dee", "a@firma.de"),
    ],
)
def test_a_mistyped_domain_is_questioned(address: str, meant: str) -> None:
    assert find_email(address).suggestion == meant


@pytest.mark.parametrize(
    "domain", ["gmail.com", "mail.com", "gmx.li", "example.org", "tuta.io", "web.com", "me.de", "gmx.dk"]
)
def test_a_right_domain_is_left_alone(domain: str) -> None:
    assert meant_domain(domain) is None


@pytest.mark.parametrize(
    "text", ["foo@bar", "@", "not a@b@c.de", ".max@web.de.", "max..m@web.de", "www.web.de", f"{'a' * 70}@web.de"]
)
def test_an_attempt_is_told_from_an_address(text: str) -> None:
    reading = find_email(text)
    assert reading.attempted
    assert reading.address is None
    assert reading.suggestion is None


@pytest.mark.parametrize("text", ["hallo", "", "meet me at noon"])
def test_no_address_is_no_attempt(text: str) -> None:
    assert not find_email(text).attempted


def test_a_provider_by_its_name_alone_is_asked_back() -> None:
    assert find_email("john at gmail").suggestion == "john@gmail.com"
    assert not find_email("they looked at gmail and web pages").attempted
