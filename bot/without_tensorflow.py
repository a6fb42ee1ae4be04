"""Lets the assistant start without TensorFlow and scikit-learn, which Rasa imports whether or not anything uses them.

Why: they were seven of the ten seconds that importing took, and 270 of the process's 730 MB. Where: every policy and
extractor imports `rasa.utils.train_utils`, and that imports the modules below, which only networks trained by Rasa
need. How a change in Rasa is noticed: tests/bot/test_without_tensorflow.py. Rasa 3.6.21.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, NoReturn

# Rasa's own modules that import TensorFlow or scikit-learn on the way to a policy that uses neither.
LEFT_OUT = (
    "rasa.utils.tensorflow.callback",
    "rasa.utils.tensorflow.data_generator",
    "rasa.utils.tensorflow.model_data",
    # Named in a model as what checked its data when it was trained.
    "rasa.graph_components.validators.default_recipe_validator",
)


class TensorFlowLeftOut(RuntimeError):
    """The model has a component that needs TensorFlow; the message says what to do."""


def leave_out() -> None:
    """Put a stand-in for each module, before anything of Rasa is imported."""
    for name in LEFT_OUT:
        sys.modules.setdefault(name, _StandIn(name))


class _StandIn(ModuleType):
    """A module whose every name can be imported and none be used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (_Unusable,), {"__module__": self.__name__})


class _Unusable:
    def __init__(self, *_: Any, **__: Any) -> None:
        _refuse(type(self).__qualname__)


def _refuse(name: str) -> NoReturn:
    raise TensorFlowLeftOut(
        f"{name} needs TensorFlow, which the assistant starts without. "
        "Take bot.without_tensorflow.leave_out() out of bot/serve.py to use components that need it."
    )
