"""Its evaluation: distances, of which less is better."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from maquette.data.batch import known
from maquette.metrics.measure import Measure
from maquette.metrics.protocols.face import EvaluationProtocol, Row

MEASURE = Measure("distance", "distance", "distance to the truth", higher=False, digits=4)


@dataclass(frozen=True)
class Distance(EvaluationProtocol):
    name: str = "fake-distance"
    source: str = "nowhere"
    note: str = "A fake."
    views: tuple[int, ...] = (1,)
    averaging: str = "sample mean"
    measures: ClassVar = (MEASURE,)
    headline: ClassVar = MEASURE
    needs: ClassVar = frozenset({"meshes"})

    def rows(self, system, batch, entries, counts, seed, clock):
        with clock.running():
            sizes = system.network(batch.images)
        true = known(batch.truth.meshes)
        rows = []
        for entry, size, verts in zip(entries, sizes, true.verts_list(), strict=True):
            extent = (verts.amax(0) - verts.amin(0)) / 2
            rows.append(Row(entry, counts[0], {"distance": float((size.abs() - extent).abs().mean())}))
        return rows

    def predict(self, system, batch):
        return system.network(batch.images)

    def pictures(self, case):
        return [("predicted", torch.full((3, 8, 8), 0.5)), ("target", torch.zeros(3, 8, 8))]


DISTANCE = Distance()
