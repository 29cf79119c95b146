"""Its evaluation."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from maquette.metrics.measure import Measure
from maquette.metrics.protocols.face import EvaluationProtocol, Row

MEASURE = Measure("fill", "fill", "error of the fill", higher=False)


@dataclass(frozen=True)
class Fill(EvaluationProtocol):
    name: str = "fake-fill"
    source: str = "nowhere"
    note: str = "A fake."
    views: tuple[int, ...] = (1, 2)
    averaging: str = "class mean"
    measures: ClassVar = (MEASURE,)
    headline: ClassVar = MEASURE
    needs: ClassVar = frozenset({"voxels"})

    def rows(self, system, batch, entries, counts, seed, clock):
        full = batch.voxels.flatten(1).float().mean(1)
        rows = []
        for count in counts:
            with clock.running():
                errors = (system.network(batch.images[:, :count]) - full).abs()
            rows += [Row(e, count, {"fill": float(x)}) for e, x in zip(entries, errors, strict=True)]
        return rows

    def predict(self, system, batch):
        return system.network(batch.images)

    def pictures(self, case):
        return [("predicted", torch.ones(3, 8, 8))]


FILL = Fill()
