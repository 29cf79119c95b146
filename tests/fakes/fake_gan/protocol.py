"""Its evaluation: a distance of two sets of pictures, which is no mean of samples."""

from dataclasses import dataclass
from typing import ClassVar

import torch

from maquette.metrics.measure import Measure
from maquette.metrics.protocols.face import EvaluationProtocol, Row

MEASURE = Measure("colours", "colours", "distance of mean colours", higher=False)


@dataclass(frozen=True)
class Colours(EvaluationProtocol):
    name: str = "fake-colours"
    source: str = "nowhere"
    note: str = "A fake."
    views: tuple[int, ...] = (1,)
    averaging: str = "of the whole split"
    measures: ClassVar = (MEASURE,)
    headline: ClassVar = MEASURE
    needs: ClassVar = frozenset()

    def rows(self, system, batch, entries, counts, seed, clock):
        with clock.running():
            made = system.generate(len(batch), seed)
        pairs = zip(batch.images.mean((1, 3, 4)), made.mean((2, 3)), strict=True)
        return [Row(entry, 1, {}, pair) for entry, pair in zip(entries, pairs, strict=True)]

    def summarise(self, rows):
        real, made = (torch.stack([row.kept[k] for row in rows]).mean(0) for k in (0, 1))
        return {"colours": {"all": float((real - made).norm())}}

    def predict(self, system, batch):
        return system.generate(1)[0]

    def pictures(self, case):
        return [("generated", case.made)]


COLOURS = Colours()
