"""Learns which label a row of features stands for, and how sure to be of it.

A small network: every feature has a learned direction, their sum goes through one layer of hidden units to the labels,
and beside it straight to the labels. It is written out in numpy because a batch then costs what its rows hold (a few
thousand features) and not what the vocabulary holds, which makes training several times faster than the libraries at
hand, and because understanding then needs nothing but two small products.
"""

import dataclasses

import numpy as np
from scipy.sparse import csr_matrix


@dataclasses.dataclass(frozen=True)
class Training:
    """How to learn; chosen by cross-validation (see docs/understanding.md)."""

    hidden: int = 192
    epochs: int = 12
    batch: int = 64
    rate: float = 0.03
    wide_rate: float = 0.3
    dropped_features: float = 0.2
    dropped_units: float = 0.3
    smoothing: float = 0.05
    seed: int = 7


class _Adagrad:
    """Adagrad for one array, updating only the rows that a batch touched."""

    def __init__(self, array: np.ndarray, rate: float) -> None:
        self.array = array
        self.rate = rate
        self.squares = np.full_like(array, 1e-3)

    def step(self, gradient: np.ndarray, pace: float, rows: np.ndarray | slice = slice(None)) -> None:
        self.squares[rows] += gradient * gradient
        self.array[rows] -= (self.rate * pace) * gradient / np.sqrt(self.squares[rows])


class Classifier:
    """The learned network."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        """Take over learned arrays."""
        self.arrays = arrays

    @classmethod
    def learn(cls, rows: csr_matrix, targets: np.ndarray, labels: int, how: Training | None = None) -> "Classifier":
        """Learn from rows of features and the labels they stand for."""
        how = how or Training()
        chance = np.random.default_rng(how.seed)
        shape = {
            "deep": chance.normal(0.0, 0.08, (rows.shape[1], how.hidden)),
            "deep_bias": np.zeros(how.hidden),
            "top": chance.normal(0.0, 1.0 / np.sqrt(how.hidden), (how.hidden, labels)),
            "wide": np.zeros((rows.shape[1], labels)),
            "bias": np.zeros(labels),
        }
        arrays = {name: array.astype(np.float32) for name, array in shape.items()}
        rates = {"deep": how.rate, "deep_bias": how.rate, "top": how.rate, "wide": how.wide_rate, "bias": how.rate}
        learners = {name: _Adagrad(array, rates[name]) for name, array in arrays.items()}
        for epoch in range(how.epochs):
            pace = 1.0 - 0.95 * epoch / how.epochs
            order = chance.permutation(len(targets))
            for begin in range(0, len(order), how.batch):
                chosen = order[begin : begin + how.batch]
                _learn_batch(rows[chosen], targets[chosen], arrays, learners, how, pace, chance)
        return cls(arrays)

    def scores(self, rows: csr_matrix) -> np.ndarray:
        """Score every label for every row."""
        hidden = np.maximum(rows @ self.arrays["deep"] + self.arrays["deep_bias"], 0.0)
        return np.asarray(hidden @ self.arrays["top"] + rows @ self.arrays["wide"] + self.arrays["bias"])


def _learn_batch(
    batch: csr_matrix,
    targets: np.ndarray,
    arrays: dict[str, np.ndarray],
    learners: dict[str, _Adagrad],
    how: Training,
    pace: float,
    chance: np.random.Generator,
) -> None:
    """Learn from one batch, with features and hidden units left out at random so that no single word is leant on."""
    count, labels = len(targets), arrays["bias"].shape[0]
    kept = chance.random(batch.nnz, dtype=np.float32) >= how.dropped_features
    columns, local = np.unique(batch.indices, return_inverse=True)
    data = batch.data * kept / np.float32(1.0 - how.dropped_features)
    small = csr_matrix((data, local, batch.indptr), shape=(count, len(columns)))
    before = small @ arrays["deep"][columns] + arrays["deep_bias"]
    units = (chance.random(before.shape, dtype=np.float32) >= how.dropped_units) / np.float32(1.0 - how.dropped_units)
    gate = (before > 0) * units
    hidden = before * gate
    scores = hidden @ arrays["top"] + small @ arrays["wide"][columns] + arrays["bias"]
    wanted = np.full((count, labels), how.smoothing / labels, dtype=np.float32)
    wanted[np.arange(count), targets] += 1.0 - how.smoothing
    error = (softmax(scores) - wanted) / np.float32(np.sqrt(count))
    slope = (error @ arrays["top"].T) * gate
    learners["top"].step(hidden.T @ error, pace)
    learners["bias"].step(error.sum(axis=0), pace)
    learners["deep_bias"].step(slope.sum(axis=0), pace)
    turned = small.T.tocsr()
    learners["wide"].step(turned @ error, pace, columns)
    learners["deep"].step(turned @ slope, pace, columns)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Turn scores into shares of one."""
    risen = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(risen / risen.sum(axis=1, keepdims=True))
