"""Runs a model's graph node after node, for a turn runs it three times and Rasa's runner plans it anew each time.

Why: planning was a sixth of a turn. Where: `MessageProcessor._load_model` names the runner. The nodes, what they are
given and what they return are Rasa's; only the order, which is the same every time, is found once. Rasa 3.6.21.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from rasa.engine.exceptions import GraphRunError
from rasa.engine.runner.dask import DaskGraphRunner

Step = tuple[str, tuple[str, ...]]


class DirectGraphRunner(DaskGraphRunner):
    """Gives the same results as the runner it stands in for, one node after the other in the same thread."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Load the components as Rasa's runner does (see parent class for full docstring)."""
        super().__init__(*arguments, **options)
        self._ordered = lru_cache(maxsize=None)(self._order)

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        """Run the graph (see parent class for full docstring)."""
        wanted = tuple(targets or self._graph_schema.target_names)
        done: dict[str, tuple[str, Any]] = {name: (name, value) for name, value in (inputs or {}).items()}
        try:
            for name, needs in self._ordered(wanted):
                done[name] = self._instantiated_nodes[name](*(done.get(need, need) for need in needs))
        except RuntimeError as error:
            raise GraphRunError("Error running runner.") from error
        return dict(done[name] for name in wanted)

    def _order(self, wanted: tuple[str, ...]) -> list[Step]:
        """List the nodes that the wanted ones need, each behind all that it needs itself."""
        nodes = self._graph_schema.minimal_graph_schema(list(wanted)).nodes
        order: dict[str, Step] = {}

        def add(name: str) -> None:
            if name in order or name not in nodes:
                return
            needs = tuple(nodes[name].needs.values())
            for need in needs:
                add(need)
            order[name] = (name, needs)

        for name in nodes:
            add(name)
        return list(order.values())
