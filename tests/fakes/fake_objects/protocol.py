"""Its evaluation: a share of all boxes of a split, which is no mean of pictures."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from maquette.data.batch import known
from maquette.metrics.measure import Measure
from maquette.metrics.protocols.face import EvaluationProtocol, Row, Section

MEASURE = Measure("found", "found", "share of the boxes found")


@dataclass(frozen=True)
class Found(EvaluationProtocol):
    name: str = "fake-found"
    source: str = "nowhere"
    note: str = "A fake."
    views: tuple[int, ...] = (1,)
    averaging: str = "of the whole split"
    measures: ClassVar = (MEASURE,)
    headline: ClassVar = MEASURE
    needs: ClassVar = frozenset({"objects"})

    def settings(self):
        return {"overlap": 0.5}

    def rows(self, system, batch, entries, counts, seed, clock):
        with clock.running():
            boxes = system.network(batch.images)
        true = torch.stack([found.boxes for found in known(batch.truth.objects)])
        near = ((boxes - true).abs().amax(2) < 2).float()
        return [Row(entry, 1, {}, one) for entry, one in zip(entries, near, strict=True)]

    def summarise(self, rows):
        return {"found": {"all": float(torch.cat([row.kept for row in rows]).mean())}}

    def beyond(self, rows, source, split, seed):
        return {"boxes": sum(len(row.kept) for row in rows)}

    def remarks(self, numbers):
        return [f"{numbers['boxes']} boxes"]

    def sections(self, numbers):
        return [Section("Boxes", "All of them.", head=["boxes"], rows=[[str(numbers["boxes"])]])]

    def predict(self, system, batch):
        return system.network(batch.images)

    def pictures(self, case):
        return [("boxes", torch.zeros(3, 8, 8))]


FOUND = Found()
