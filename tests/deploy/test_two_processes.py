"""Two assistants and two action servers behind nginx are one product: whoever is killed, nothing is lost or doubled."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import requests

from tests.deploy.cluster import Cluster, running_cluster
from tests.deploy.talking import TALKS, NotAnswered, Talker

VISITORS = 20
RATE_LIMIT = 60
# Five a visitor: what needs an action begins with the third, and both action servers are to have had some.
MESSAGES_BEFORE_THE_KILL = 100
REFERENCES = "SELECT reference FROM tickets"
STORED_MESSAGES = "SELECT data FROM events WHERE type_name = 'user' ORDER BY id"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Run everything once for this file."""
    with running_cluster(tmp_path_factory.mktemp("cluster"), rate_limit=str(RATE_LIMIT)) as running:
        yield running


@pytest.fixture(scope="module")
def talkers(cluster: Cluster) -> list[Talker]:
    """Let visitors talk at the same time, and kill an assistant and an action server in the middle."""
    talkers = [Talker(cluster.url, number, streams=number % 3 == 0) for number in range(VISITORS)]
    enough = threading.Semaphore(0)

    def talk(talker: Talker) -> None:
        talker.begin()
        say = talker.say

        def counted(text: str) -> list[dict[str, object]]:
            enough.release()
            return say(text)

        talker.say = counted  # type: ignore[method-assign]
        talker.talk()

    with ThreadPoolExecutor(VISITORS) as pool:
        talks: list[Future[None]] = [pool.submit(talk, talker) for talker in talkers]
        for _ in range(MESSAGES_BEFORE_THE_KILL):
            assert enough.acquire(timeout=120)
        cluster.kill("assistant-0")
        cluster.kill("actions-0")
        for done in talks:
            done.result()
    cluster.start_action_server(0)
    cluster.start_assistant(0)
    cluster.wait_for_assistant(0)
    return talkers


def upstreams(cluster: Cluster) -> Counter[str]:
    """Count the requests that each process answered, by its address; several stand there for one that was repeated."""
    lines = (cluster.folder / "nginx" / "requests.log").read_text().splitlines()
    return Counter(address for line in lines for address in line.split(" ", 3)[3].split() if ":" in address)


def test_the_kills_broke_into_what_was_running(cluster: Cluster, talkers: list[Talker]) -> None:
    lines = (cluster.folder / "nginx" / "requests.log").read_text().splitlines()
    assert any(line.startswith("POST /webhooks/webchat/messages") and ", " in line for line in lines)


def test_every_conversation_is_whole_and_in_order(cluster: Cluster, talkers: list[Talker]) -> None:
    for talker in talkers:
        history = talker.history()
        sent = [(message["id"], message["text"]) for message in history if message["from"] == "visitor"]
        assert [message_id for message_id, _ in sent] == [message_id for message_id, _ in talker.sent]
        typed = [(message_id, text) for message_id, text in talker.sent if not text.startswith("/")]
        assert [one for one in sent if one[0] in dict(typed)] == typed
        replies = [{k: v for k, v in one.items() if k != "from"} for one in history[1:] if one["from"] == "assistant"]
        assert replies == [message for reply in talker.heard for message in reply]


def test_nothing_was_begun_twice(cluster: Cluster, talkers: list[Talker]) -> None:
    ids = [json.loads(data)["message_id"] for data in cluster.query_tracker(STORED_MESSAGES)]
    assert Counter(ids) == Counter(message_id for talker in talkers for message_id, _ in talker.sent)


def test_every_complaint_is_one_ticket(cluster: Cluster, talkers: list[Talker]) -> None:
    told = [reference for talker in talkers for reference in talker.tickets]
    assert [len(talker.tickets) for talker in talkers] == [1] * VISITORS
    assert sorted(cluster.query_desk(REFERENCES)) == sorted(told)
    assert cluster.query_desk("SELECT count(*) FROM outbox WHERE channel = 'mail'") == [str(VISITORS)]


def test_each_process_had_its_share_of_every_conversation(cluster: Cluster, talkers: list[Talker]) -> None:
    served = upstreams(cluster)
    for port in cluster.assistant_ports:
        assert served[f"127.0.0.1:{port}"] >= MESSAGES_BEFORE_THE_KILL // 4
    for port in cluster.actions_ports:
        assert served[f"127.0.0.1:{port}"] >= VISITORS // 4


def test_an_id_is_known_to_the_process_that_never_saw_it(cluster: Cluster, talkers: list[Talker]) -> None:
    for talker in talkers[:4]:
        for (message_id, _), heard in zip(talker.sent, talker.heard, strict=True):
            for number in range(2):
                assert talker.send(message_id, "something else", cluster.url_of(number)) == heard
        assert talker.history(cluster.url_of(0)) == talker.history(cluster.url_of(1))


def test_the_same_message_at_both_at_once_is_one(cluster: Cluster) -> None:
    talker = Talker(cluster.url, 100)
    talker.begin()
    with ThreadPoolExecutor(8) as pool:
        urls = [cluster.url_of(number % 2) for number in range(8)]
        replies = list(pool.map(lambda url: talker.send("at-once", "Do you use cookies?", url), urls))
    assert all(reply == replies[0] for reply in replies)
    assert [message["from"] for message in talker.history()] == ["assistant", "visitor", "assistant"]


def test_messages_at_both_at_once_are_answered_one_after_the_other(cluster: Cluster) -> None:
    talker = Talker(cluster.url, 101)
    talker.begin()
    with ThreadPoolExecutor(8) as pool:
        ids = [f"m{number}" for number in range(16)]
        urls = [cluster.url_of(number % 2) for number in range(16)]
        list(pool.map(lambda one, url: talker.send(one, "Do you use cookies?", url), ids, urls))
    history = talker.history()[1:]
    assert [message["from"] for message in history] == ["visitor", "assistant"] * 16
    assert {message["id"] for message in history if message["from"] == "visitor"} == set(ids)


def test_both_count_the_same_messages(cluster: Cluster) -> None:
    talker = Talker(cluster.url, 102)
    talker.begin()
    for number in range(RATE_LIMIT):
        talker.send(f"m{number}", "Do you use cookies?", cluster.url_of(number % 2))
    for number in range(2):
        with pytest.raises(NotAnswered, match="too_many_requests"):
            talker.send("too many", "Do you use cookies?", cluster.url_of(number))


def test_what_one_erased_is_gone_for_the_other(cluster: Cluster) -> None:
    talker = Talker(cluster.url, 103)
    talker.begin()
    talker.say("Do you use cookies?")
    talker._request("DELETE", cluster.url_of(0) + "/session", None)
    with pytest.raises(AssertionError, match="session_erased"):
        talker.history(cluster.url_of(1))


def test_who_is_killed_between_the_ticket_and_the_answer_leaves_one_ticket_and_its_proof(cluster: Cluster) -> None:
    talker = Talker(cluster.url, 104)
    talker.begin()
    for text in TALKS["en"][2:9]:
        talker.say(talker.heard[-1][-1]["buttons"][0]["payload"] if text == ">" else text.format(email=talker.email))
    before = set(cluster.query_desk(REFERENCES))
    with cluster.tracker_locked(), ThreadPoolExecutor(1) as pool:
        lost = pool.submit(talker.send, "confirm", "yes", cluster.url_of(0))
        while not (opened := set(cluster.query_desk(REFERENCES)) - before):
            assert not lost.done()
        cluster.kill("assistant-0")
        assert isinstance(lost.exception(), requests.ConnectionError)
    proof = talker.send("confirm", "yes")
    assert [message["ticket"]["reference"] for message in proof if "ticket" in message] == list(opened)
    assert set(cluster.query_desk(REFERENCES)) - before == opened
