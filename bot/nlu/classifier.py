"""Learns which label a row of features stands for, and how sure to be of it."""

import numpy as np
from scipy.sparse import csr_matrix

_EPOCHS = 14
_BATCH = 128
_RATE = 0.25
_DECAY = 2e-6
_DROPPED = 0.15
_SMOOTHING = 0.05


class SoftmaxClassifier:
    """Multinomial logistic regression over sparse rows, trained in small batches with features left out at random.

    Leaving features out teaches the classifier not to lean on one word: the visitor will often use another.
    """

    def __init__(self, weights: np.ndarray, bias: np.ndarray) -> None:
        """Take over learned weights (features by labels)."""
        self.weights = weights
        self.bias = bias

    @classmethod
    def learn(
        cls,
        rows: csr_matrix,
        targets: np.ndarray,
        labels: int,
        epochs: int = _EPOCHS,
        rate: float = _RATE,
        dropped: float = _DROPPED,
        smoothing: float = _SMOOTHING,
        decay: float = _DECAY,
        seed: int = 7,
        sample_weight: np.ndarray | None = None,
    ) -> "SoftmaxClassifier":
        """Learn by Adagrad on the rows' own columns, so that a batch costs what its rows hold."""
        chance = np.random.default_rng(seed)
        weights = np.zeros((rows.shape[1], labels), dtype=np.float32)
        squares = np.full((rows.shape[1], labels), 1e-3, dtype=np.float32)
        bias = np.zeros(labels, dtype=np.float32)
        bias_squares = np.full(labels, 1e-3, dtype=np.float32)
        importance = np.ones(len(targets), dtype=np.float32) if sample_weight is None else sample_weight
        for epoch in range(epochs):
            step = rate * (1.0 - 0.9 * epoch / epochs)
            order = chance.permutation(len(targets))
            for begin in range(0, len(order), _BATCH):
                chosen = order[begin : begin + _BATCH]
                batch = rows[chosen]
                keep = chance.random(batch.nnz, dtype=np.float32) >= dropped
                data = batch.data * keep / (1.0 - dropped)
                columns, local = np.unique(batch.indices, return_inverse=True)
                small = csr_matrix((data, local, batch.indptr), shape=(len(chosen), len(columns)))
                part = weights[columns]
                wanted = np.full((len(chosen), labels), smoothing / labels, dtype=np.float32)
                wanted[np.arange(len(chosen)), targets[chosen]] += 1.0 - smoothing
                error = (softmax(small @ part + bias) - wanted) * importance[chosen, None]
                gradient = (small.T @ error) / len(chosen) * 16 + decay * part
                squares[columns] += gradient**2
                weights[columns] = part - step * gradient / np.sqrt(squares[columns])
                slope = error.mean(axis=0)
                bias_squares += slope**2
                bias -= step * 0.1 * slope / np.sqrt(bias_squares)
        return cls(weights, bias)

    def scores(self, rows: csr_matrix) -> np.ndarray:
        """Score every label for every row."""
        return np.asarray(rows @ self.weights + self.bias)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Turn scores into shares of one."""
    risen = np.exp(scores - scores.max(axis=1, keepdims=True))
    return risen / risen.sum(axis=1, keepdims=True)
