"""Its evaluation, of pictures alone."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from maquette.metrics.measure import Measure
from maquette.metrics.protocols.face import EvaluationProtocol, Row

ERROR, DEEPEST = Measure("error", "error", higher=False), Measure("deepest", "deepest")


@dataclass(frozen=True)
class Depth(EvaluationProtocol):
    name: str = "fake-depth"
    source: str = "nowhere"
    note: str = "A fake."
    views: tuple[int, ...] = (1,)
    averaging: str = "sample mean"
    measures: ClassVar = (ERROR, DEEPEST)
    headline: ClassVar = ERROR
    needs: ClassVar = frozenset()

    def rows(self, system, batch, entries, counts, seed, clock):
        with clock.running():
            depth = system.network(batch.images)
        errors = (depth - batch.images[:, 0].mean(1, True)).abs().mean((1, 2, 3))
        return [
            Row(entry, 1, {"error": float(error), "deepest": float(one.max())})
            for entry, error, one in zip(entries, errors, depth, strict=True)
        ]

    def predict(self, system, batch):
        return system.network(batch.images)[0]

    def pictures(self, case):
        return [("depth", case.made.clamp(0, 1).expand(3, -1, -1)), ("", torch.ones(3, 8, 8))]


DEPTH = Depth()
