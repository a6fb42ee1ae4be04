"""The assistant starts, understands and decides without TensorFlow, and says so when something needs it after all."""

from __future__ import annotations

import subprocess
import sys

import pytest

from bot.without_tensorflow import LEFT_OUT
from tests.bot.assistant import PROJECT, trained_tiny_model

# What runs in a process of its own, because others have imported TensorFlow, or left it out, in this one long ago.
STARTS_WITHOUT = """
import asyncio, sys
import bot.serve
from rasa.core.agent import load_agent
agent = asyncio.run(load_agent(sys.argv[1]))
assert agent.is_ready()
parsed = asyncio.run(agent.parse_message("Cookies?"))
assert parsed["intent"]["name"], parsed
unwanted = {"tensorflow", "keras", "sklearn"} & set(sys.modules)
assert not unwanted, unwanted
"""
SAYS_SO = """
import bot.serve
from rasa.utils.tensorflow.model_data import RasaModelData
RasaModelData()
"""
STILL_THERE = """
import importlib, inspect, sys
from rasa.engine import graph
from rasa.utils import train_utils
name = sys.argv[1]
assert importlib.import_module(name).__file__ is not None
if name.startswith("rasa.utils"):
    assert f"from {name} import" in inspect.getsource(train_utils)
else:
    # A model's description names its class, and Rasa imports every class a model names.
    assert "class_from_module_path" in inspect.getsource(graph.GraphSchema.from_dict)
"""
STAYS = """
import sys
import rasa.utils.tensorflow.model_data as real
from bot.without_tensorflow import leave_out
leave_out()
assert sys.modules["rasa.utils.tensorflow.model_data"] is real
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *arguments], cwd=PROJECT, capture_output=True, text=True
    )


def test_a_model_is_loaded_and_understands_without_tensorflow() -> None:
    outcome = run(STARTS_WITHOUT, str(trained_tiny_model()))
    assert outcome.returncode == 0, outcome.stderr[-2000:]


def test_what_needs_tensorflow_says_how_to_get_it() -> None:
    outcome = run(SAYS_SO)
    assert "RasaModelData needs TensorFlow, which the assistant starts without" in outcome.stderr


@pytest.mark.parametrize("name", LEFT_OUT)
def test_rasa_still_has_the_module_and_imports_it_unasked(name: str) -> None:
    outcome = run(STILL_THERE, name)
    assert outcome.returncode == 0, outcome.stderr[-2000:]


def test_modules_that_are_there_already_stay() -> None:
    outcome = run(STAYS)
    assert outcome.returncode == 0, outcome.stderr[-2000:]
