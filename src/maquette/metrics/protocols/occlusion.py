"""Protocols `occlusion` and `occlusion-masked`: what becomes of shapes when more and more of the object is hidden."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ...data.batch import Batch, Entry, Source, known
from ...data.hidden_views import HiddenViews, Hides, views_of
from ...data.views_config import OccluderKind
from ...io.errors import BadInput
from ...renderer.views import cameras_from_r2n2, render_views
from ...renderer.voxel_pictures import SOMEWHERE, draw_pair, pair_meshes
from ...structures import Meshes
from ..averages import averages
from ..fscore import fscore
from ..measure import Measure
from ..placing import point_scores
from ..voxel_iou import voxel_iou
from .face import Case, Clock, Curve, EvaluationProtocol, Row, Section
from .seen import NEEDS, ShapeSystem, camera_of, made_of
from .viewer import fitted_mesh, iou, points, truth_of
from .voxel import VoxelSystem

SHARES = (0.0, 0.2, 0.4, 0.6)
_NEAR = 0.01
_PIXELS, _NEAREST, _LEAST_ELEVATION = 192, 0.7, 15.0
_Solid = Bool[Tensor, "side side side"]


@runtime_checkable
class SolidSystem(VoxelSystem, Protocol):
    """A system that tells which cells are solid.

    Attributes:
        threshold: the least probability of a solid one.
    """

    threshold: float


def _names(name: str) -> list[str]:
    return [f"{name}@{100 * share:.0f}" for share in SHARES]


def _measures(name: str, label: str) -> tuple[Measure, ...]:
    words = [f"{100 * share:.0f} % hidden" for share in SHARES]
    return tuple(
        Measure(own, f"{label} {hidden.partition(' hidden')[0]}", f"{label}, {hidden}")
        for own, hidden in zip(_names(name), words, strict=True)
    )


@dataclass(frozen=True)
class OcclusionProtocol(EvaluationProtocol[SolidSystem | ShapeSystem]):
    """How shapes from partly hidden objects are scored (`EvaluationProtocol`).

    Each object is seen from one camera with 0, 20, 40 and 60 % of its visible pixels hidden by a shape of the
    families that grows (`DrawnViews.hiding`). A system that tells solid cells is scored in the object frame at its
    own threshold, any other one as under `viewer`, its mesh fitted along the rays; a picture in which it finds
    nothing scores 0.

    Attributes:
        kind: "pieces": the occluder is in the picture; "erased": the background is in its place, as a mask of the
            visible part leaves it.
    """

    name: str
    kind: OccluderKind
    note: str
    source: str = "maquette"
    views: tuple[int, ...] = (1,)
    averaging: str = "class mean"
    measures: ClassVar[tuple[Measure, ...]] = (*_measures("iou", "IoU"), *_measures("f1", "F@1 %"))
    headline: ClassVar[Measure] = measures[2]
    needs: ClassVar[frozenset[str]] = NEEDS | {"voxels", "sides", "occlusion"}

    def settings(self) -> Mapping[str, Any]:
        """Shares, and what hides them."""
        return {"shares": list(SHARES), "occluder": self.kind}

    def fixed(self) -> list[tuple[str, str]]:
        """The same in words."""
        shares = ", ".join(f"{100 * share:.0f}" for share in SHARES)
        by = {"pieces": "shapes of the families", "erased": "the background in outlines of such shapes"}
        return [
            ("hidden", f"{shares} % of the object's visible pixels, by {by[self.kind]}"),
            ("threshold", "the system's own"),
        ]

    def prepared(self, source: Source) -> Source:
        """Its held pictures once for every share.

        Raises:
            ValueError: it cannot hide anything.
        """
        if not isinstance(source, Hides):
            raise ValueError(f"{self.name} needs pictures that are drawn")
        return HiddenViews(source, SHARES, self.kind)

    def rows(
        self,
        system: SolidSystem | ShapeSystem,
        batch: Batch,
        entries: Sequence[Entry],
        counts: Sequence[int],
        seed: int,
        clock: Clock,
    ) -> list[Row]:
        """Score a batch (`EvaluationProtocol.rows`)."""
        reached = known(batch.truth.occlusion).unflatten(1, (len(SHARES), -1))[:, :, 0].tolist()
        parts = _parts(batch)
        score = _score_solid if isinstance(system, SolidSystem) else _score_shapes
        scores = [score(system, part, counts, seed, clock) for part in parts]
        rows = []
        for c, count in enumerate(counts):
            for i, entry in enumerate(entries):
                ious, fs = zip(*(of_share[c][i] for of_share in scores), strict=True)
                values = dict(zip((*_names("iou"), *_names("f1")), (*ious, *fs), strict=True))
                rows.append(Row(entry, count, values, reached[i]))
        return rows

    def beyond(self, rows: Sequence[Row], source: Source, split: str, seed: int) -> Mapping[str, Any]:
        """The measures by share, and how much of the objects was hidden indeed."""
        categories = [row.entry.category for row in rows]
        table = []
        for k, share in enumerate(SHARES):
            means = {
                name: averages([row.values[_names(name)[k]] for row in rows], categories)
                for name in ("iou", "f1")
            }
            table.append(
                {
                    "share": share,
                    "reached": sum(row.kept[k] for row in rows) / len(rows),
                    **{
                        name: {"sample_mean": mean.sample_mean, "class_mean": mean.class_mean}
                        for name, mean in means.items()
                    },
                }
            )
        return {"occlusion": {"views": rows[0].views, "shares": table}}

    def remarks(self, numbers: Mapping[str, Any]) -> list[str]:
        """A line a share, for the terminal."""
        lines = ["hidden   reached   IoU, samples   classes   F@1 %, samples   classes"]
        for cells in _cells(numbers):
            widths = zip(cells, (6, 10, 15, 10, 17, 10), strict=True)
            lines.append("".join(f"{cell:>{width}}" for cell, width in widths))
        return lines

    def sections(self, numbers: Mapping[str, Any]) -> list[Section]:
        """The same as a table and a plot."""
        shares = numbers["occlusion"]["shares"]
        x = [100 * row["share"] for row in shares]
        lines = {
            kind.replace("_", " "): (x, [row["iou"][kind] for row in shares])
            for kind in ("sample_mean", "class_mean")
        }
        head = ["hidden", "reached", "IoU, samples", "classes", "F@1 %, samples", "classes"]
        words = "The same objects from the same cameras; what hides them grows."
        curve = Curve(lines, "% of the object's visible pixels hidden", "IoU")
        return [Section("The more is hidden", words, head=head, rows=_cells(numbers), curve=curve)]

    def predict(self, system: SolidSystem | ShapeSystem, batch: Batch) -> list[_Solid | Meshes]:
        """Of one object with each share hidden: solid cells, or a mesh where the true one is."""
        parts = _parts(batch)
        if isinstance(system, SolidSystem):
            count = parts[0].images.shape[1]
            found = [system.occupancies(part.images, (count,))[0, 0] for part in parts]
            return [solid.float().cpu() >= system.threshold for solid in found]
        return [_fitted(system, part, 0, 0, None) for part in parts]

    def pictures(self, case: Case) -> list[tuple[str, Float[Tensor, "3 height width"]]]:
        """What was made of each picture, from where they were taken."""
        return [
            (f"predicted, {100 * share:.0f} % hidden", _drawn(made, case.batch))
            for share, made in zip(SHARES, case.made, strict=True)
        ]

    def models(self, case: Case) -> list[tuple[str, Meshes]]:
        """What was made of the most hidden object, and the target."""
        target, last = case.batch.voxels[0].cpu(), case.made[-1]
        if isinstance(last, Meshes):
            made = [] if last.isempty() else [("predicted", last)]
            return [*made, ("target", known(case.batch.truth.meshes).cpu())]
        predicted, true = pair_meshes(last, target)
        return [("predicted", predicted), ("target", true)]


_Scores = list[list[tuple[float, float]]]


def _parts(batch: Batch) -> list[Batch]:
    """The pictures of each share."""
    views = batch.images.shape[1] // len(SHARES)
    return [views_of(batch, slice(k * views, (k + 1) * views)) for k in range(len(SHARES))]


def _score_solid(system: Any, batch: Batch, counts: Sequence[int], seed: int, clock: Clock) -> _Scores:
    """IoU and F-score by number of views and object, of grids in the object frame."""
    with clock.running():
        solid = system.occupancies(batch.images, counts) >= system.threshold
    target = batch.voxels.to(solid.device)
    return [
        list(zip(voxel_iou(some, target).tolist(), fscore(some, target, seed=seed).tolist(), strict=True))
        for some in solid
    ]


def _score_shapes(system: Any, batch: Batch, counts: Sequence[int], seed: int, clock: Clock) -> _Scores:
    """The same of meshes from the first pictures."""
    scores = []
    for i in range(len(batch)):
        truth = truth_of(batch, i)
        mesh = _fitted(system, batch, i, seed, clock)
        near = (
            0.0
            if mesh.isempty()
            else point_scores(points(mesh, seed + 1), points(truth.mesh, seed), (_NEAR,))[1][0]
        )
        scores.append((0.0 if mesh.isempty() else iou(mesh, truth), near))
    return [scores] * len(counts)


def _fitted(system: Any, batch: Batch, i: int, seed: int, clock: Clock | None) -> Meshes:
    """The mesh of an object where the true one is; an empty one where the system finds nothing."""
    with (clock or Clock("cpu")).running():
        try:
            made = made_of(system, batch, i, camera_of(batch, i))
        except BadInput:
            return Meshes([torch.zeros(0, 3)], [torch.zeros(0, 3, dtype=torch.long)])
    return fitted_mesh(made, truth_of(batch, i), seed)


def _drawn(made: _Solid | Meshes, batch: Batch) -> Float[Tensor, "3 size size"]:
    cameras = batch.truth.cameras
    azimuth, elevation, ratio = (*SOMEWHERE, 1.0) if cameras is None else cameras[0, 0].tolist()
    if not isinstance(made, Meshes):
        target = batch.voxels[0].cpu()
        return draw_pair(made, target, torch.tensor([azimuth]), max(elevation, _LEAST_ELEVATION), _PIXELS)[0][
            0
        ]
    if made.isempty():
        return torch.ones(3, _PIXELS, _PIXELS)
    camera = cameras_from_r2n2(
        *(torch.tensor([value]) for value in (azimuth, elevation, max(ratio, _NEAREST)))
    )
    return render_views(made, camera, _PIXELS, antialias=2).images[0]


def _cells(numbers: Mapping[str, Any]) -> list[list[str]]:
    return [
        [
            f"{100 * row['share']:.0f} %",
            f"{100 * row['reached']:.1f} %",
            *(f"{row[name][kind]:.3f}" for name in ("iou", "f1") for kind in ("sample_mean", "class_mean")),
        ]
        for row in numbers["occlusion"]["shares"]
    ]


OCCLUSION = OcclusionProtocol(
    "occlusion",
    "pieces",
    "What stands before the object is in the picture; systems that are given masks (meshes in the camera frame) are "
    "given those of the visible part.",
)
MASKED = OcclusionProtocol(
    "occlusion-masked",
    "erased",
    "What stands before the object is replaced by the background, as by a mask of the visible part: what networks "
    "see that are only given what a mask leaves.",
)
