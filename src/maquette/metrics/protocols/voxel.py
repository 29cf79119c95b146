"""Protocols of voxel grids: IoU, log loss, average precision and F-score at a fixed threshold."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from ...data.batch import Batch, Entry, Source
from ...renderer.voxel_pictures import EXTRA, MISSED, SOMEWHERE, draw_pair, pair_meshes
from ...structures import Meshes
from ..average_precision import average_precision
from ..averages import averages
from ..controls import mean_grid, other_target
from ..fscore import fscore
from ..log_loss import log_loss
from ..measure import Measure
from ..voxel_iou import voxel_iou
from .face import Case, Clock, EvaluationProtocol, Row, Section
from .voxel_controls import control_remarks, control_sections, training_means

IOU = Measure("iou", "IoU")
LOG_LOSS = Measure("log_loss", "log loss", higher=False)
AVERAGE_PRECISION = Measure("average_precision", "AP", "average precision")
FSCORE = Measure("fscore", "F@1 %", "F-score at 1 %")
_BEHIND, _LEAST_ELEVATION = 150.0, 15.0


@runtime_checkable
class VoxelSystem(Protocol):
    """What a system has to have to be scored on voxels."""

    def occupancies(
        self, images: Float[Tensor, "batch view 3 height width"], counts: Sequence[int]
    ) -> Float[Tensor, "count batch side side side"]:
        """Probability that each cell is solid, indexed (x, y, z), given the first n pictures for every n."""
        ...


@runtime_checkable
class SeenVoxelSystem(Protocol):
    """The same for systems that see in the camera's frame: they are told the true camera."""

    def occupancies_seen(
        self,
        images: Float[Tensor, "batch 3 height width"],
        cameras: Float[Tensor, "batch 3"],
        side: int,
    ) -> Float[Tensor, "batch {side} {side} {side}"]:
        """Probability that each cell is solid, in the object frame, from one picture whose camera is known."""
        ...


@dataclass(frozen=True)
class _Grids:
    """What is kept of a sample: solid cells, predicted and true, and the IoU at every threshold of the sweep."""

    solid: Tensor
    target: Tensor
    sweep: tuple[float, ...]


@dataclass(frozen=True)
class VoxelProtocol(EvaluationProtocol[VoxelSystem | SeenVoxelSystem]):
    """How voxel predictions are scored (`EvaluationProtocol`).

    A system that sees in the camera's frame is told the true camera of the first picture, and uses no other one.

    Attributes:
        threshold: the least probability of a solid cell; fixed, never chosen on the evaluated split.
        sweep: thresholds whose scores are reported apart from the headline; none in most protocols.
    """

    name: str
    source: str
    threshold: float
    views: tuple[int, ...]
    averaging: Literal["sample mean", "class mean"]
    sweep: tuple[float, ...] = ()
    note: str = ""
    measures: ClassVar[tuple[Measure, ...]] = (IOU, LOG_LOSS, AVERAGE_PRECISION, FSCORE)
    headline: ClassVar[Measure] = IOU
    needs: ClassVar[frozenset[str]] = frozenset({"voxels"})

    def settings(self) -> Mapping[str, Any]:
        """The threshold."""
        return {"threshold": self.threshold}

    def fixed(self) -> list[tuple[str, str]]:
        """The threshold in words."""
        return [("threshold", f">= {self.threshold:g}, fixed")]

    def rows(
        self,
        system: VoxelSystem | SeenVoxelSystem,
        batch: Batch,
        entries: Sequence[Entry],
        counts: Sequence[int],
        seed: int,
        clock: Clock,
    ) -> list[Row]:
        """Score a batch (`EvaluationProtocol.rows`)."""
        with clock.running():
            probabilities = _occupancies(system, batch, counts)
        target = batch.voxels
        if not probabilities.is_cuda:  # other devices lack float64
            probabilities, target = probabilities.cpu(), target.cpu()
        return [
            row
            for count, probability in zip(counts, probabilities, strict=True)
            for row in self._score(probability, target, entries, count, seed, count == min(counts))
        ]

    def _score(
        self, probability: Tensor, target: Tensor, entries: Sequence[Entry], count: int, seed: int, keep: bool
    ) -> list[Row]:
        solid = probability >= self.threshold
        columns = {
            "iou": voxel_iou(solid, target).tolist(),
            "log_loss": log_loss(probability, target).tolist(),
            "average_precision": average_precision(probability, target).tolist(),
            "fscore": fscore(solid, target, seed=seed).tolist(),
        }
        sweep = [voxel_iou(probability, target, threshold).tolist() for threshold in self.sweep]
        rows = []
        for i, entry in enumerate(entries):
            values = {name: column[i] for name, column in columns.items()}
            kept = _Grids(solid[i].cpu(), target[i].cpu(), tuple(column[i] for column in sweep))
            rows.append(Row(entry, count, values, kept if keep else None))
        return rows

    def beyond(self, rows: Sequence[Row], source: Source, split: str, seed: int) -> Mapping[str, Any]:
        """Scores at other thresholds, and whether predictions follow their pictures (`metrics.controls`)."""
        solid = torch.stack([row.kept.solid for row in rows])
        targets = torch.stack([row.kept.target for row in rows])
        categories = [row.entry.category for row in rows]
        means = training_means(source, set(categories), split)
        mean = mean_grid(solid, targets, categories, means, self.threshold)
        controls = {
            "views": rows[0].views,
            "other_target": asdict(other_target(solid, targets, categories, seed)),
            "mean_grid": mean and {**asdict(mean), "ahead": mean.ahead, "threshold": self.threshold},
        }
        return {"sweep": self._sweep(rows), "controls": controls}

    def _sweep(self, rows: Sequence[Row]) -> dict[str, Any] | None:
        """Means at the thresholds of the sweep; never part of the headline."""
        if not self.sweep:
            return None
        categories = [row.entry.category for row in rows]
        table = []
        for k, threshold in enumerate(self.sweep):
            mean = averages([row.kept.sweep[k] for row in rows], categories)
            table.append(
                {"threshold": threshold, "sample_mean": mean.sample_mean, "class_mean": mean.class_mean}
            )
        return {"views": rows[0].views, "iou": table}

    def remarks(self, numbers: Mapping[str, Any]) -> list[str]:
        """What the controls say, for the terminal."""
        return control_remarks(numbers["controls"])

    def sections(self, numbers: Mapping[str, Any]) -> list[Section]:
        """Controls and sweep, for the page."""
        return [*control_sections(numbers["controls"]), *_other_thresholds(numbers["sweep"])]

    def predict(self, system: VoxelSystem | SeenVoxelSystem, batch: Batch) -> Float[Tensor, "side side side"]:
        """Probability of the cells of one object."""
        return _occupancies(system, batch, (batch.images.shape[1],))[0, 0].cpu()

    def pictures(self, case: Case) -> list[tuple[str, Float[Tensor, "3 height width"]]]:
        """Prediction and target from where the first picture was taken, and from behind."""
        cameras = case.batch.truth.cameras
        azimuth, elevation = SOMEWHERE if cameras is None else cameras[0, 0, :2].tolist()
        angles = torch.tensor([azimuth, azimuth + _BEHIND])
        predicted, target = draw_pair(
            case.made >= self.threshold,
            case.batch.voxels[0],
            angles,
            max(elevation, _LEAST_ELEVATION),
        )
        return [
            ("predicted", predicted[0]),
            ("target", target[0]),
            ("predicted, from behind", predicted[1]),
            ("target, from behind", target[1]),
        ]

    def models(self, case: Case) -> list[tuple[str, Meshes]]:
        """Prediction and target as cubes in the colours of the pictures."""
        predicted, target = pair_meshes(case.made >= self.threshold, case.batch.voxels[0])
        return [("predicted", predicted), ("target", target)]

    def legend(self) -> list[tuple[str, tuple[float, float, float]]]:
        """Colours of wrong cells."""
        return [("predicted, not there", EXTRA), ("there, not predicted", MISSED)]


def _occupancies(
    system: VoxelSystem | SeenVoxelSystem, batch: Batch, counts: Sequence[int]
) -> Float[Tensor, "count batch side side side"]:
    """What a system says after the first n pictures, for every n."""
    if isinstance(system, VoxelSystem):
        return system.occupancies(batch.images, counts).float()
    found = system.occupancies_seen(batch.images[:, 0], batch.cameras[:, 0], batch.voxels.shape[-1])
    return found.float().expand(len(counts), *found.shape)


def _other_thresholds(sweep: Mapping[str, Any] | None) -> list[Section]:
    if not sweep:
        return []
    rows = [
        [f"{r['threshold']:g}", f"{r['sample_mean']:.3f}", f"{r['class_mean']:.3f}"] for r in sweep["iou"]
    ]
    words = (
        "For comparison with numbers that were taken at the best threshold of the evaluated split. The best row is "
        "chosen with the targets in sight and is no result."
    )
    return [
        Section(
            "Other thresholds", words, head=["threshold", "IoU, sample mean", "IoU, class mean"], rows=rows
        )
    ]


R2N2_2016 = VoxelProtocol(
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
)

SEED001 = VoxelProtocol(
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
)

PIX2VOX = VoxelProtocol(
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
)

MEM3D = VoxelProtocol(
    name="mem3d",
    source="Yang et al., Mem3D, CVPR 2021, as far as its paper tells; no code was released",
    threshold=0.3,
    views=(1,),
    averaging="class mean",
    note=(
        "The published .729 on ShapeNet is the unweighted mean of its 13 classes; the sample mean of the same rows "
        "would be .739. Methods beside it in its table, such as Pix2Vox, publish sample means. The split is that of "
        "Pix2Vox (70, 10 and 20 %)."
    ),
)
