"""The graph runner in use gives what Rasa's own gives, for understanding and for deciding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rasa.core import processor
from rasa.core.channels import UserMessage
from rasa.engine import loader
from rasa.engine.constants import PLACEHOLDER_MESSAGE, PLACEHOLDER_TRACKER
from rasa.engine.exceptions import GraphRunError
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.model import get_latest_model
from rasa.shared.core.trackers import DialogueStateTracker

from bot import overrides
from bot.graph_runner import DirectGraphRunner


class Loaded:
    """A model and a runner for it."""

    def __init__(self, folder: Path, model: Path, runner: type[DaskGraphRunner]) -> None:
        self.metadata, self.runner = loader.load_predict_graph_runner(
            folder, Path(get_latest_model(model) or model), LocalModelStorage, runner
        )

    def understands(self, text: str) -> Any:
        target = self.metadata.nlu_target
        inputs = {PLACEHOLDER_MESSAGE: [UserMessage(text)]}
        parsed = self.runner.run(inputs=inputs, targets=[target])[target][0]
        return parsed.get("intent")["name"], parsed.get("entities")

    def decides(self, tracker: DialogueStateTracker) -> Any:
        target = self.metadata.core_target
        decided = self.runner.run(inputs={PLACEHOLDER_TRACKER: tracker}, targets=[target])[target]
        return decided.probabilities, decided.policy_name


@pytest.fixture(scope="module")
def both(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Loaded]:
    """Load the same model for Rasa's runner and for ours."""
    runners = (DaskGraphRunner, DirectGraphRunner)
    return [Loaded(tmp_path_factory.mktemp("model"), tiny_model, runner) for runner in runners]


@pytest.mark.parametrize("text", ["Cookies?", "Hallo", "was anderes", ""])
def test_a_message_is_understood_alike(both: list[Loaded], text: str) -> None:
    rasas, ours = both
    assert ours.understands(text) == rasas.understands(text)


def test_a_decision_is_the_same(both: list[Loaded]) -> None:
    rasas, ours = both
    domain = rasas.metadata.domain
    tracker = DialogueStateTracker.from_events("somebody", [], domain.slots)
    assert ours.decides(tracker) == rasas.decides(tracker)


def test_a_component_that_fails_is_told_as_rasa_tells_it(both: list[Loaded], monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> Any:
        raise RuntimeError("broken")

    for loaded in both:
        nodes = loaded.runner._instantiated_nodes
        monkeypatch.setattr(loaded.runner, "_instantiated_nodes", dict.fromkeys(nodes, fails))
        with pytest.raises(GraphRunError):
            loaded.understands("Cookies?")


def test_the_assistant_uses_it() -> None:
    before = processor.DaskGraphRunner
    try:
        overrides.apply()
        assert processor.DaskGraphRunner is DirectGraphRunner
    finally:
        processor.DaskGraphRunner = before
