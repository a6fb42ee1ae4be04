"""The list: order, views, narrowing, search that leaves no address behind, several at once, live update."""

from __future__ import annotations

import re
from collections.abc import Callable

from desk.application import Desk
from desk.domain.kinds import Kind, Role
from desk.services import accounts, saved_views, tickets
from tests.desk.web.browsing import Browser

_ROW = re.compile(r'data-row="(PR-[0-9A-Z-]+)"')


def _rows(page: str) -> list[str]:
    return _ROW.findall(page)


def test_what_is_due_first_stands_first_and_says_so_in_words(officer: Browser, open_one: Callable[..., str]) -> None:
    later, overdue, soon = open_one(), open_one(days_ago=45), open_one(days_ago=27)
    page = officer.get("/queue").text
    assert _rows(page) == [overdue, soon, later]
    assert re.search(r"\d+ days overdue", page)
    assert re.search(r"\d+ days? left|due today", page)


def test_the_list_says_nothing_about_who_the_people_are(officer: Browser, open_one: Callable[..., str]) -> None:
    open_one()
    page = officer.get("/queue").text
    assert "Emily" not in page
    assert "person@example.com" not in page
    assert "Which data do you hold" not in page


def test_views_and_narrowing_have_addresses(officer: Browser, open_one: Callable[..., str]) -> None:
    access, erasure = open_one(), open_one(Kind.ERASURE, language="de")
    assert _rows(officer.get("/queue?kind=erasure").text) == [erasure]
    assert _rows(officer.get("/queue?language=en").text) == [access]
    assert _rows(officer.get("/queue?view=mine").text) == []
    officer.post(f"/tickets/{access}/take")
    assert _rows(officer.get("/queue?view=mine").text) == [access]
    assert _rows(officer.get("/queue?view=unassigned").text) == [erasure]
    assert _rows(officer.get("/queue?assignee=nobody").text) == [erasure]
    assert set(_rows(officer.get("/queue?view=nonsense&state=nonsense&assignee=%00").text)) == {access, erasure}


def test_pages_follow_each_other_without_gaps_or_repeats(officer: Browser, open_one: Callable[..., str]) -> None:
    wanted = {open_one() for _ in range(30)}
    first = officer.get("/queue").text
    following = re.search(r'href="([^"]*)" rel="next"', first)
    assert following
    second = officer.get(following[1].replace("&amp;", "&")).text
    assert len(_rows(first)) == 25
    assert set(_rows(first)) | set(_rows(second)) == wanted
    assert not set(_rows(first)) & set(_rows(second))


def test_a_reference_is_found_however_it_was_typed(officer: Browser, open_one: Callable[..., str]) -> None:
    reference = open_one()
    officer.get("/queue")
    typed = reference.replace("-", " ").lower()
    assert officer.post("/search", {"text": typed}).headers["location"] == f"/tickets/{reference}"


def test_searching_an_address_puts_it_into_no_link(officer: Browser, open_one: Callable[..., str]) -> None:
    mine, other = open_one(email="Find.Me@example.com"), open_one(email="other@example.com")
    officer.get("/queue")
    location = officer.post("/search", {"text": " find.me@EXAMPLE.com "}).headers["location"]
    assert "find" not in location.lower().replace("%", "")
    assert _rows(officer.get(location).text) == [mine]
    assert other not in officer.get(location).text
    assert officer.get("/queue?person=AAAA").status_code == 422


def test_several_are_taken_at_once_and_each_stands_for_itself(
    officer: Browser, desk: Desk, open_one: Callable[..., str]
) -> None:
    chosen = [open_one(), open_one()]
    officer.get("/queue")
    form = {"action": "start", "references": [*chosen, "PR-0000-0000"], "back": "/queue?view=open"}
    page = officer.follow(officer.post("/queue/bulk", form))
    assert "2 changed; 1 not" in page
    with desk.read() as work:
        assert {tickets.get(work, one).state.value for one in chosen} == {"in-progress"}


def test_the_list_is_sent_again_only_when_it_changed(officer: Browser, open_one: Callable[..., str]) -> None:
    open_one()
    page = officer.get("/queue").text
    seen = re.search(r'"seen": "([0-9a-f]+)"', page)
    assert seen
    assert officer.get(f"/queue/rows?seen={seen[1]}").status_code == 204
    new = open_one()
    again = officer.get(f"/queue/rows?seen={seen[1]}")
    assert again.status_code == 200
    assert new in _rows(again.text)
    assert "<html" not in again.text


def test_a_broken_cursor_is_a_clear_error(officer: Browser) -> None:
    assert officer.get("/queue?after=nonsense").status_code == 422


def test_a_part_of_a_page_sends_the_whole_page_to_sign_in(browser: Browser) -> None:
    response = browser.get("/queue/rows", **{"HX-Request": "true"})
    assert response.headers["HX-Redirect"] == "/sign-in"


def test_a_filter_is_saved_under_a_name_and_stands_beside_the_other_views(
    signed_in: Callable[[Role], Browser], open_one: Callable[..., str]
) -> None:
    officer, viewer = signed_in(Role.OFFICER), signed_in(Role.VIEWER)
    open_one()
    erasure = open_one(Kind.ERASURE, language="de")
    action = _save_action(officer.get("/queue?kind=erasure&language=de&after=").text)
    page = officer.follow(officer.post(action, {"name": " Löschung  <deutsch> "}))
    assert "<h1>Löschung &lt;deutsch&gt;</h1>" in page
    assert page.count('aria-current="page"') == 1
    assert _rows(page) == [erasure]
    assert "Löschung &lt;deutsch&gt;" in officer.get("/insight").text
    assert "Löschung" not in viewer.get("/queue").text
    number = re.search(r'action="/queue/views/(\d+)/remove"', page)
    assert number
    viewer.get("/queue")
    assert viewer.post(f"/queue/views/{number[1]}/remove").status_code == 404
    officer.get("/queue")
    page = officer.follow(officer.post(f"/queue/views/{number[1]}/remove"))
    assert "Löschung" not in page


def test_a_name_that_is_used_gets_the_new_filter_and_nobody_keeps_too_many(officer: Browser) -> None:
    for kind in ("erasure", "access"):
        page = officer.follow(officer.post(_save_action(officer.get(f"/queue?kind={kind}").text), {"name": "Mine"}))
    assert page.count('<span class="cut">') == 1
    assert 'href="/queue?view=open&amp;kind=access"' in page
    officer.get("/queue")
    for number in range(25):
        officer.post(f"/queue/views?kind=access&assignee={number + 1}", {"name": f"View {number}"})
    assert officer.get("/queue").text.count('<span class="cut">') == saved_views.MOST
    assert "at most" in officer.follow(officer.post("/queue/views?kind=access", {"name": "  "}))


def test_whose_tickets_were_looked_at_is_not_saved(officer: Browser, open_one: Callable[..., str], desk: Desk) -> None:
    open_one()
    officer.get("/queue")
    found = officer.post("/search", {"text": "person@example.com"}).headers["location"]
    assert "/queue/views?" not in officer.get(f"{found}&kind=access").text
    officer.post(found.replace("/queue?", "/queue/views?") + "&kind=access", {"name": "Emily"})
    with desk.read() as work:
        [kept] = saved_views.of_user(work, accounts.by_email(work, "officer@example.org").id)  # type: ignore[union-attr]
    assert kept.query == {"view": "all", "kind": "access"}


def _save_action(page: str) -> str:
    found = re.search(r'action="(/queue/views\?[^"]*)"', page)
    assert found
    return found[1].replace("&amp;", "&")
