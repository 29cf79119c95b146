"""The order in which training sees shapes: a permutation an epoch."""

from collections.abc import Sequence

import numpy as np

_STREAM = 1


class ShapeOrder:
    """Which shape is trained on as the n-th, a pure function of (seed, n).

    Args:
        shapes: indices of the shapes; an epoch has as many samples as there are shapes.
        seed: of the permutations.
        weights: how often each shape is wanted in comparison with others, > 0; equally often without. In every
            epoch each shape occurs its share of the epoch, rounded down or up.

    Raises:
        ValueError: no shapes, or weights that do not fit.
    """

    def __init__(self, shapes: Sequence[int], seed: int, weights: Sequence[float] | None = None) -> None:
        if not shapes:
            raise ValueError("there is no shape of the training split")
        if weights is not None and (len(weights) != len(shapes) or not all(0 < w < np.inf for w in weights)):
            raise ValueError("a positive weight for every shape is needed")
        self._shapes, self._seed = np.array(shapes), seed
        self._weights = None if weights is None else np.array(weights, np.float64)
        self._epochs: dict[int, np.ndarray] = {}

    def at(self, numbers: Sequence[int]) -> list[int]:
        """Indices of the shapes at these places of the endless sequence."""
        places = [divmod(number, len(self._shapes)) for number in numbers]
        return [int(self._epoch(epoch)[position]) for epoch, position in places]

    def _epoch(self, epoch: int) -> np.ndarray:
        if epoch not in self._epochs:
            if len(self._epochs) > 1:  # a batch reaches into two epochs at most, unless it is larger than one
                self._epochs.clear()
            self._epochs[epoch] = self._make_epoch(epoch)
        return self._epochs[epoch]

    def _make_epoch(self, epoch: int) -> np.ndarray:
        # The counter's last word: its first counts blocks of one stream, and epochs would share theirs.
        rng = np.random.Generator(np.random.Philox(key=[self._seed, _STREAM], counter=[0, 0, 0, epoch]))
        if self._weights is None:
            return rng.permutation(self._shapes)
        return rng.permutation(self._shares(self._weights, rng.random()))

    def _shares(self, weights: np.ndarray, offset: float) -> np.ndarray:
        """Systematic sampling: whole steps that each shape's stretch of the summed weights contains."""
        count = len(self._shapes)
        ends = np.cumsum(weights)
        ends = np.floor(ends / ends[-1] * count + offset).astype(int)
        return np.repeat(self._shapes, np.diff(ends, prepend=0))
