"""Protocol `masks`: objects cut out of pictures, compared with their true masks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from ...data.batch import Batch, Entry, known
from ...data.before_grounds import before_grounds
from ..measure import Measure
from .face import Case, Clock, EvaluationProtocol, Row

IOU = Measure("iou", "IoU", "intersection over union of the mask, solid from .5 on")
ERROR = Measure("error", "error", "mean absolute difference of the soft masks", higher=False)
GOOD = Measure("good", "IoU>.8", "share of masks with an IoU above .8")
_ON, _GOOD = 0.5, 0.8

Masks = Float[Tensor, "picture 1 height width"]


@runtime_checkable
class MaskSystem(Protocol):
    """What a system has to have to be scored on masks."""

    def masks(self, images: Float[Tensor, "picture 3 height width"]) -> Masks:
        """The object in each picture, RGB in [0, 1]: 1 on it."""
        ...


@dataclass(frozen=True)
class MaskProtocol(EvaluationProtocol[MaskSystem]):
    """How masks are scored (`EvaluationProtocol`): held shapes before drawn grounds that nothing is trained on."""

    name: str = "masks"
    source: str = "maquette"
    note: str = "Grounds are drawn (`data.drawn_grounds`); photographs behind objects are another task."
    views: tuple[int, ...] = (1,)
    averaging: str = "sample mean"
    measures: ClassVar[tuple[Measure, ...]] = (IOU, ERROR, GOOD)
    headline: ClassVar[Measure] = IOU
    needs: ClassVar[frozenset[str]] = frozenset({"masks"})

    def rows(
        self,
        system: MaskSystem,
        batch: Batch,
        entries: Sequence[Entry],
        counts: Sequence[int],
        seed: int,
        clock: Clock,
    ) -> list[Row]:
        """Score a batch (`EvaluationProtocol.rows`), by the first picture of each object."""
        images, true = before_grounds(batch), known(batch.truth.masks)[:, 0]
        with clock.running():
            told = system.masks(images)
        iou, error = mask_iou(told, true), (told - true).abs().flatten(1).mean(1)
        return [
            Row(entry, count, {"iou": float(own), "error": float(off), "good": float(own > _GOOD)})
            for count in counts
            for entry, own, off in zip(entries, iou, error, strict=True)
        ]

    def predict(self, system: MaskSystem, batch: Batch) -> Any:
        """The mask of one picture."""
        return system.masks(before_grounds(batch)).cpu()

    def pictures(self, case: Case) -> list[tuple[str, Float[Tensor, "3 height width"]]]:
        """The picture, what is cut out of it, the mask and the true one."""
        image = before_grounds(case.batch)[0]
        true, told = known(case.batch.truth.masks)[0, 0], case.made[0]
        return [
            ("picture", image),
            ("cut out", image * told + 1 - told),
            ("predicted mask", told.expand_as(image)),
            ("target mask", true.expand_as(image)),
        ]


def mask_iou(told: Masks, true: Masks) -> Float[Tensor, " picture"]:
    """Intersection over union of pixels above .5; 1 where both are empty."""
    ours, theirs = (told > _ON).flatten(1), (true > _ON).flatten(1)
    either = (ours | theirs).sum(1)
    return ((ours & theirs).sum(1) / either.clamp_min(1)).where(either > 0, 1.0)


MASKS = MaskProtocol()
