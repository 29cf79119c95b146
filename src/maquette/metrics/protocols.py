"""Named protocols: everything that has to be fixed before two IoUs may be compared."""

from dataclasses import dataclass
from typing import Literal

STUDY_VIEWS = (1, 2, 3, 4, 5, 8, 12, 16, 20)


@dataclass(frozen=True)
class EvaluationProtocol:
    """How voxel predictions are scored.

    Attributes:
        name: what it is called on the command line.
        source: where it comes from.
        threshold: the least probability of a solid cell; fixed, never chosen on the evaluated split.
        views: numbers of pictures an object that are evaluated when none are asked for.
        averaging: mean that the published headline numbers are; the other one is always shown too.
        sweep: thresholds whose scores are reported apart from the headline; none in most protocols.
        note: what to know before comparing with published numbers.
    """

    name: str
    source: str
    threshold: float
    views: tuple[int, ...]
    averaging: Literal["sample mean", "class mean"]
    sweep: tuple[float, ...] = ()
    note: str = ""

    def lines(self, split: str, views: tuple[int, ...] | None = None) -> list[str]:
        """What has to stand above every table of its numbers: split, threshold, views, averaging."""
        shown = views or self.views
        text = ", ".join(map(str, shown)) + ("" if set(shown) == set(self.views) else _not_own(self.views))
        return [
            f"protocol   {self.name} ({self.source})",
            f"split      {split}",
            f"threshold  {self.threshold:g} (a cell is solid at >= {self.threshold:g}), fixed",
            f"views      {text}; the first n pictures of each object, in their order",
            f"averaging  sample mean and class mean; published numbers are the {self.averaging}",
        ]


def _not_own(views: tuple[int, ...]) -> str:
    return f" (the protocol's own: {', '.join(map(str, views))})"


_ALL = (
    EvaluationProtocol(
        name="r2n2-2016",
        source="Choy et al., 3D-R2N2, ECCV 2016, and its released code",
        threshold=0.4,
        views=(1, 2, 3, 4, 5),
        averaging="class mean",
        note=(
            "The released code draws the number of views and the views themselves at random in testing too, with "
            "replacement, and drops the last incomplete batch. Here both are fixed and every sample counts. The "
            "published .560, .603 and .617 for 1 to 3 views on ShapeNet are class means, the .634 for 5 views is a "
            "sample mean."
        ),
    ),
    EvaluationProtocol(
        name="seed001",
        source="variants of 3D-R2N2 on 3D-FUTURE, and their released code",
        threshold=0.4,
        views=(20,),
        averaging="sample mean",
        note=(
            "Trained with 1 to 20 views and validated with 20. The released code writes its validation meshes at "
            "0.5; numbers are at 0.4. Its voxels fill at most 21 cells in one corner of the grid, so its IoUs are "
            "not those of grids that the object fills."
        ),
    ),
    EvaluationProtocol(
        name="pix2vox",
        source="Xie et al., Pix2Vox, ICCV 2019, and its released code",
        threshold=0.3,
        views=(1,),
        averaging="sample mean",
        sweep=(0.2, 0.3, 0.4, 0.5),
        note=(
            "The released code evaluates the thresholds .2, .3, .4 and .5 and reports the best of them on the very "
            "split it evaluates. Here the headline is at .3, and the sweep is a table of its own."
        ),
    ),
)
PROTOCOLS = {protocol.name: protocol for protocol in _ALL}
