"""Learns which label a row of features stands for, and how sure to be of it.

Several small networks whose scores are averaged: in each, every feature has a learned direction, and their sum goes
through one layer of hidden units to the labels. What one network mistakes by the chance of its beginning, the others do
not; side by side they are one wider network, which is how they are kept. Written out in numpy, a batch
costs what its rows hold (a few thousand features) and not what the vocabulary holds, which makes training several times
faster than the libraries at hand, and because understanding then needs nothing but two small products.
"""

import dataclasses
import os
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix


@dataclasses.dataclass(frozen=True)
class Training:
    """How to learn; chosen by cross-validation (see docs/understanding.md)."""

    hidden: int = 96
    epochs: int = 9
    batch: int = 256
    rate: float = 0.06
    spread: float = 0.08
    dropped_features: float = 0.2
    dropped_units: float = 0.3
    smoothing: float = 0.05
    seed: int = 7
    networks: int = 4


class Classifier:
    """The learned network."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        """Take over learned arrays."""
        self.arrays = arrays

    @classmethod
    def learn(cls, rows: csr_matrix, targets: np.ndarray, labels: int, how: Training | None = None) -> "Classifier":
        """Learn from rows of features and the labels they stand for."""
        # Only learning needs it; every start of the assistant would wait for it.
        from joblib import Parallel, delayed

        how = how or Training()
        one_each = (dataclasses.replace(how, seed=how.seed + number) for number in range(how.networks))
        together = Parallel(n_jobs=min(how.networks, os.cpu_count() or 1))
        return cls(_side_by_side(together(delayed(_network)(rows, targets, labels, own) for own in one_each)))

    def scores(self, columns: Sequence[int], values: Sequence[float]) -> np.ndarray:
        """Score every label for a message that has these features and no others."""
        # Kept in half precision, as only the few directions that a message has are ever needed at once.
        directions = self.arrays["deep"][columns].astype(np.float32)
        hidden = np.maximum(np.asarray(values, dtype=np.float32) @ directions + self.arrays["deep_bias"], 0.0)
        return np.asarray(hidden @ self.arrays["top"] + self.arrays["bias"])


def _network(rows: csr_matrix, targets: np.ndarray, labels: int, how: Training) -> dict[str, np.ndarray]:
    learner = _Learner(rows.shape[1], labels, how)
    learner.learn(rows, targets)
    return learner.arrays


def _side_by_side(networks: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Join networks into one that gives the mean of their scores."""
    count = np.float32(len(networks))
    return {
        "deep": np.hstack([one["deep"].astype(np.float16) for one in networks]),
        "deep_bias": np.concatenate([one["deep_bias"] for one in networks]),
        "top": np.vstack([one["top"] for one in networks]) / count,
        "bias": np.sum([one["bias"] for one in networks], axis=0) / count,
    }


class _Learner:
    """Adagrad over small batches; each feature's direction keeps one pace for all its units, which halves the work."""

    def __init__(self, features: int, labels: int, how: Training) -> None:
        self.how = how
        self.chance = np.random.default_rng(how.seed)
        self.arrays = {
            "deep": self._random((features, how.hidden), how.spread),
            "deep_bias": np.zeros(how.hidden, dtype=np.float32),
            "top": self._random((how.hidden, labels), 1.0 / np.sqrt(how.hidden)),
            "bias": np.zeros(labels, dtype=np.float32),
        }
        self.paces = {name: np.full_like(self.arrays[name], 1e-3) for name in ("deep_bias", "top", "bias")}
        self.feature_paces = np.full(features, 1e-5, dtype=np.float32)

    def _random(self, shape: tuple[int, int], spread: float) -> np.ndarray:
        return self.chance.standard_normal(shape, dtype=np.float32) * np.float32(spread)

    def learn(self, rows: csr_matrix, targets: np.ndarray) -> None:
        for epoch in range(self.how.epochs):
            rate = np.float32(self.how.rate * (1.0 - 0.95 * epoch / self.how.epochs))
            order = self.chance.permutation(len(targets))
            for begin in range(0, len(order), self.how.batch):
                chosen = order[begin : begin + self.how.batch]
                self._learn_batch(rows[chosen], targets[chosen], rate)

    def _learn_batch(self, batch: csr_matrix, targets: np.ndarray, rate: np.float32) -> None:
        """Learn with features and hidden units left out at random, so that no single word is leant on."""
        how, arrays, count = self.how, self.arrays, len(targets)
        kept = self.chance.random(batch.nnz, dtype=np.float32) >= how.dropped_features
        columns, small = _used_columns(batch)
        small.data = small.data * kept / np.float32(1.0 - how.dropped_features)
        directions = arrays["deep"][columns]
        before = small @ directions + arrays["deep_bias"]
        units = self.chance.random(before.shape, dtype=np.float32) >= how.dropped_units
        gate = (before > 0) * (units / np.float32(1.0 - how.dropped_units))
        hidden = before * gate
        error = softmax(hidden @ arrays["top"] + arrays["bias"])
        error -= np.float32(how.smoothing / error.shape[1])
        error[np.arange(count), targets] -= np.float32(1.0 - how.smoothing)
        error /= np.float32(np.sqrt(count))
        slope = (error @ arrays["top"].T) * gate
        self._step("top", hidden.T @ error, rate)
        self._step("bias", error.sum(axis=0), rate)
        self._step("deep_bias", slope.sum(axis=0), rate)
        gradient = small.T @ slope
        self.feature_paces[columns] += np.einsum("fu,fu->f", gradient, gradient) / np.float32(how.hidden)
        gradient *= (rate / np.sqrt(self.feature_paces[columns]))[:, None]
        directions -= gradient
        arrays["deep"][columns] = directions

    def _step(self, name: str, gradient: np.ndarray, rate: np.float32) -> None:
        self.paces[name] += gradient * gradient
        self.arrays[name] -= rate * gradient / np.sqrt(self.paces[name])


def _used_columns(rows: csr_matrix) -> tuple[np.ndarray, csr_matrix]:
    """Leave out of rows all columns that none of them has."""
    columns, local = np.unique(rows.indices, return_inverse=True)
    return columns, csr_matrix((rows.data, local, rows.indptr), shape=(rows.shape[0], len(columns)))


def softmax(scores: np.ndarray) -> np.ndarray:
    """Turn scores into shares of one."""
    risen = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(risen / risen.sum(axis=1, keepdims=True))
