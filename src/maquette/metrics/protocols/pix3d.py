"""Protocol `pix3d`: average precision of boxes, masks and meshes of objects in photographs (Mesh R-CNN on Pix3D)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from ...data.batch import Batch, Entry, PictureObjects, Source, known
from ...lift.marked import from_there, marked, pixel_camera
from ...structures import Meshes
from ...structures.reconstruction import Reconstruction
from ...structures.views import Views
from ..detection_precision import box_iou, detection_precision
from ..measure import Measure
from ..mesh_comparison import points_on
from ..placing import point_scores
from .face import Case, Clock, EvaluationProtocol, Row, Section, Summary
from .pix3d_guesses import GUESSES, guesses_of

_POINTS = 10_000
_LONGEST, _NEAR = 10.0, 0.3  # the true mesh's longest extent, and the distance of F1 in the same units
_LEAST_OVERLAP, _ENOUGH = 0.3, 0.5
_KINDS = ("box", "mask", "mesh")


@runtime_checkable
class DetectingSystem(Protocol):
    """What the protocol asks of a system."""

    def detect(self, pictures: Views) -> list[Reconstruction]:
        """All that might be an object in a picture, in the camera frame, with box, mask, label and score."""
        ...


class Found(NamedTuple):
    """A detection that counts.

    Attributes:
        label: the class that it says.
        score: how sure it is.
        hits: whether box, mask and mesh are good enough, and the class is right.
    """

    label: str
    score: float
    hits: tuple[bool, bool, bool]


class Kept(NamedTuple):
    """What of a picture is needed once more.

    Attributes:
        found: detections.
        truth: its object, without the mask.
    """

    found: Sequence[Found]
    truth: PictureObjects


@dataclass(frozen=True)
class Pix3DProtocol(EvaluationProtocol[DetectingSystem]):
    """How detections are scored (`EvaluationProtocol`), after Mesh R-CNN's released code.

    A picture has one object. Detections whose box overlaps it by .3 or less count nowhere. One is right when its
    class is and its measure is above .5: IoU of boxes or masks, or F1 of meshes; in each picture the first one by
    score, for each measure by itself. Any other is wrong, in the class that it says. For F1 at .3, from 10,000 points
    each, both meshes are scaled so that the true one's longest extent is 10. How far away an object is no picture
    tells: the mesh is brought to the true distance of its middle (that of the frustum that it was made in, where the
    system says it as a fact "distance").
    """

    name: str = "pix3d"
    source: str = "Mesh R-CNN (Gkioxari et al., ICCV 2019), released code"
    note: str = "pictures come with their focal length; published numbers are of pictures in their own size"
    views: tuple[int, ...] = (1,)
    averaging: str = "mean over classes of each class's precision over all pictures"
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure("mesh_ap", "mesh AP", "AP of meshes, F1@.3 above .5", digits=1),
        Measure("mask_ap", "mask AP", "AP of masks, IoU above .5", digits=1),
        Measure("box_ap", "box AP", "AP of boxes, IoU above .5", digits=1),
        Measure("f1", "F1@.3", "F1@.3 of the surest detection of the right class, 0 without", digits=1),
    )
    headline: ClassVar[Measure] = measures[-1]
    needs: ClassVar[frozenset[str]] = frozenset({"objects"})

    def settings(self) -> Mapping[str, Any]:
        """Thresholds, and numbers of points."""
        return {"overlap": _LEAST_OVERLAP, "enough": _ENOUGH, "f1_distance": _NEAR, "points": _POINTS}

    def averages(self) -> str:
        """There is one alone."""
        return self.averaging

    def rows(
        self,
        system: DetectingSystem,
        batch: Batch,
        entries: Sequence[Entry],
        counts: Sequence[int],
        seed: int,
        clock: Clock,
    ) -> list[Row]:
        """Score a batch, picture by picture (`EvaluationProtocol.rows`)."""
        rows = []
        for i, entry in enumerate(entries):
            image, truth = _picture(batch, i)
            with clock.running():
                made = _made(system, image, truth)
            found, f1 = judged(made, truth, entry.category, seed)
            kept = Kept(found, replace(truth, masks=None))
            rows += [Row(entry, count, {"f1": f1}, kept) for count in counts]
        return rows

    def summarise(self, rows: Sequence[Row]) -> Summary:
        """AP of the pictures together, as a mean over the classes that they show; F1 over pictures."""
        precision = precisions(rows)
        means = {
            f"{kind}_ap": {"mean": sum(ap[kind] for ap in precision.values()) / len(precision)}
            for kind in reversed(_KINDS)
        }
        return {**means, "f1": {"mean": _mean_f1(rows)}}

    def beyond(self, rows: Sequence[Row], source: Source, split: str, seed: int) -> Mapping[str, Any]:
        """AP of each class, whose wrong detections lie in the pictures of others too; what guesses would score."""
        classes = {}
        for name, precision in precisions(rows).items():
            own = [row for row in rows if row.entry.category == name]
            values = {f"{kind}_ap": precision[kind] for kind in reversed(_KINDS)} | {"f1": _mean_f1(own)}
            classes[name] = {"count": len(own), "views": {str(rows[0].views): values}}
        return {"classes": classes, "controls": self._controls(rows, source, split, seed)}

    def _controls(self, rows: Sequence[Row], source: Source, split: str, seed: int) -> dict[str, Any]:
        """AP and F1 of guesses, each the one detection of its picture, in the true box and of the true class."""
        scored = {}
        for name, guesses in guesses_of(rows, source, split).items():
            guessed = []
            for row, options in guesses:
                f1 = max(mesh_f1(guess, known(row.kept.truth.meshes), seed) for guess in options)
                found = [Found(row.entry.category, 1.0, (True, True, f1 > _ENOUGH))]
                guessed.append(replace(row, values={"f1": 100 * f1}, kept=Kept(found, row.kept.truth)))
            if guessed:
                summary = self.summarise(guessed)
                scored[name] = {what: summary[what]["mean"] for what in ("mesh_ap", "f1")}
        return scored

    def remarks(self, numbers: Mapping[str, Any]) -> list[str]:
        """The guesses, for the terminal."""
        return [f"{words}: mesh AP {ap}, F1@.3 {f1}" for words, ap, f1 in self._guesses(numbers)]

    def sections(self, numbers: Mapping[str, Any]) -> list[Section]:
        """The same, for the page."""
        words = "Scores of guesses on the same pictures, in the true box and of the true class."
        rows = self._guesses(numbers)
        return [Section("What guesses would score", words, head=["guess", "mesh AP", "F1@.3"], rows=rows)]

    def _guesses(self, numbers: Mapping[str, Any]) -> list[list[str]]:
        return [
            [GUESSES[name], f"{values['mesh_ap']:.1f}", f"{values['f1']:.1f}"]
            for name, values in numbers["controls"].items()
        ]

    def predict(self, system: DetectingSystem, batch: Batch) -> list[Reconstruction]:
        """The objects of a picture, where the true one says how far away they are."""
        image, truth = _picture(batch, 0)
        return [brought(one, truth) for one in _made(system, image, truth)]

    def pictures(self, case: Case) -> list[tuple[str, Float[Tensor, "3 height width"]]]:
        """What was found in the picture, what is there, and both meshes from there."""
        image, truth = _picture(case.batch, 0)
        return [
            ("found", marked(image, case.made)),
            ("target", marked(image, [_as_made(truth, case.entry.category)])),
            ("predicted", from_there([one.mesh for one in case.made], known(truth.camera), image.shape[1:])),
            ("target", from_there([known(truth.meshes)], known(truth.camera), image.shape[1:])),
        ]


def judged(
    made: Sequence[Reconstruction], truth: PictureObjects, category: str, seed: int
) -> tuple[list[Found], float]:
    """What counts of the detections in a picture, surest first, and F1 in percent of the first of the right class.

    Args:
        made: detections.
        truth: the picture's one object.
        category: its class.
        seed: of the points on meshes.
    """
    found, covered, first = [], [False] * 3, None
    for one in sorted(made, key=lambda one: -(one.score or 0.0)):
        overlap = float(box_iou(known(one.box).cpu()[None], truth.boxes[0].cpu()))
        if overlap <= _LEAST_OVERLAP:
            continue
        hits = [False] * 3
        if one.label == category:
            f1 = mesh_f1(brought(one, truth).mesh, known(truth.meshes), seed)
            first = f1 if first is None else first
            measures = (overlap, _mask_iou(one, truth), f1)
            hits = [m > _ENOUGH and not done for m, done in zip(measures, covered, strict=True)]
            covered = [hit or done for hit, done in zip(hits, covered, strict=True)]
        found.append(Found(str(one.label), float(one.score or 0.0), (hits[0], hits[1], hits[2])))
    return found, 100 * (first or 0.0)


def precisions(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """AP of boxes, masks and meshes in percent, by class; classes that no picture shows are left out."""
    every = [found for row in rows for found in row.kept.found]
    result = {}
    for name in sorted({row.entry.category for row in rows}):
        count = sum(row.entry.category == name for row in rows)
        own = [found for found in every if found.label == name]
        scores = torch.tensor([found.score for found in own])
        hits = torch.tensor([found.hits for found in own]).view(-1, 3)
        result[name] = {
            kind: 100 * detection_precision(scores, hits[:, k].bool(), count) for k, kind in enumerate(_KINDS)
        }
    return result


def _mean_f1(rows: Sequence[Row]) -> float:
    return sum(row.values["f1"] for row in rows) / len(rows)


def mesh_f1(mesh: Meshes, true: Meshes, seed: int, points: int = _POINTS) -> float:
    """F1 of a mesh in [0, 1]; 0 of one without faces. Both are in the camera frame."""
    if mesh.isempty():
        return 0.0
    verts = true.verts_packed()
    scale = _LONGEST / float((verts.amax(0) - verts.amin(0)).max().clamp_min(1e-9))
    ours, theirs = (
        points_on(one.cpu(), points, seed + k)[0][0] * scale for k, one in enumerate((mesh, true))
    )
    return point_scores(ours, theirs, (_NEAR,))[1][0]


def brought(made: Reconstruction, truth: PictureObjects) -> Reconstruction:
    """A detection moved along its rays to the true distance of its middle."""
    depths = known(truth.meshes).verts_packed()[:, 2].cpu()
    verts = made.mesh.verts_packed()
    own = made.facts.get("distance") or float(verts[:, 2].amin() + verts[:, 2].amax()) / 2
    factor = float(depths.min() + depths.max()) / 2 / max(own, 1e-9)
    return replace(made, mesh=made.mesh.scale_verts(factor))


def _mask_iou(made: Reconstruction, truth: PictureObjects) -> float:
    ours, theirs = known(made.mask)[0].cpu() > 0.5, known(truth.masks)[0].cpu()
    return float((ours & theirs).sum()) / max(1.0, float((ours | theirs).sum()))


def _picture(batch: Batch, i: int) -> tuple[Float[Tensor, "3 height width"], PictureObjects]:
    """A picture without its border, and its object."""
    truth = known(batch.truth.objects)[i]
    image = batch.images[i, 0]
    if truth.size is not None:
        image = image[:, : truth.size[0], : truth.size[1]]
    return image, truth


def _made(system: DetectingSystem, image: Tensor, truth: PictureObjects) -> list[Reconstruction]:
    """What the system finds."""
    return system.detect(Views([image], cameras=pixel_camera(known(truth.camera), image.shape[1:])))


def _as_made(truth: PictureObjects, category: str) -> Reconstruction:
    """The true object as a detection."""
    mask = known(truth.masks)[:1].float()
    return Reconstruction(
        known(truth.meshes), "camera", mask=mask, box=truth.boxes[0], label=category, score=1.0
    )


PIX3D = Pix3DProtocol()
