"""Protocols `p2m` and `meshrcnn`: meshes from one picture, compared in the frame of the camera that took it."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor

from ...data.batch import Batch, Entry, known
from ...structures import Meshes
from ..measure import Measure
from ..mesh_comparison import POINTS, Scale, compare_meshes
from ..placing import from_camera_frame, in_camera_frame, to_camera_frame
from .face import Case, Clock, EvaluationProtocol, Row
from .seen import NEEDS, ShapeSystem, both_models, camera_of, draw_both, made_of

_SOURCE = "Gkioxari et al., Mesh R-CNN, ICCV 2019, and its released code"
_NORMALS = (
    Measure("abs_normal", "|normal|", "normal consistency, whichever way faces look"),
    Measure("normal", "normal", "normal consistency"),
)


class MeshProtocol(EvaluationProtocol[ShapeSystem]):
    """How Mesh R-CNN scores meshes (`EvaluationProtocol`, `compare_meshes`).

    Nothing is fitted: the size that a system finds, and how far away, count. A mesh in the object frame is placed by
    the true camera, as if its viewpoint were known; one in a camera frame whose unit the system does not know
    (`Reconstruction.unit`) is brought along its rays to where the object is (`in_camera_frame`).

    Attributes:
        scale: of what is compared, as `compare_meshes` takes it. The object frame's unit, the diagonal of the
            object's box, is that of ShapeNetCore's files.
        thresholds: distances of precision and recall, once scaled.
        chamfer_unit: in which the chamfer distance is told.
    """

    scale: ClassVar[Scale]
    thresholds: ClassVar[tuple[float, ...]]
    chamfer_unit: ClassVar[float] = 1.0
    views = (1,)
    averaging = "class mean"
    needs = NEEDS

    def settings(self) -> Mapping[str, Any]:
        """Scale, points and thresholds."""
        return {"scale": self.scale, "points": POINTS, "thresholds": list(self.thresholds)}

    def fixed(self) -> list[tuple[str, str]]:
        """The same in words."""
        return [
            ("scale", f"{self.scale}, in the camera's frame, nothing fitted"),
            ("points", f"{POINTS:,} on each surface"),
            ("thresholds", ", ".join(f"< {t:g}" for t in self.thresholds)),
        ]

    def rows(
        self,
        system: ShapeSystem,
        batch: Batch,
        entries: Sequence[Entry],
        counts: Sequence[int],
        seed: int,
        clock: Clock,
    ) -> list[Row]:
        """Score a batch (`EvaluationProtocol.rows`), from the first picture of each object."""
        rows = []
        for i, entry in enumerate(entries):
            camera = camera_of(batch, i)
            with clock.running():
                made = made_of(system, batch, i, camera)
            true = to_camera_frame(known(batch.truth.meshes)[i].cpu(), camera)
            found = compare_meshes(
                in_camera_frame(made, camera), true, self.scale, self.thresholds, POINTS, seed
            )
            values = {name: float(value) for name, value in found.items()}
            values["chamfer"] /= self.chamfer_unit
            rows += [Row(entry, count, values) for count in counts]
        return rows

    def predict(self, system: ShapeSystem, batch: Batch) -> Meshes:
        """The mesh of one object, brought into the object frame."""
        camera = camera_of(batch, 0)
        return from_camera_frame(in_camera_frame(made_of(system, batch, 0, camera), camera), camera)

    def pictures(self, case: Case) -> list[tuple[str, Float[Tensor, "3 height width"]]]:
        """Prediction and target from where the picture was taken, and from behind."""
        return draw_both(case)

    def models(self, case: Case) -> list[tuple[str, Meshes]]:
        """Prediction and target."""
        return both_models(case)


def _share(name: str, short: str, threshold: float, label: str) -> Measure:
    """F1, precision or recall at a distance."""
    return Measure(f"{name}@{threshold:g}", f"{short} {label}", f"{name} at {threshold:g}", digits=2)


def _shares(threshold: float, label: str) -> tuple[Measure, ...]:
    words = {"f1": "F1", "precision": "P", "recall": "R"}
    return tuple(_share(name, short, threshold, label) for name, short in words.items())


class P2MProtocol(MeshProtocol):
    """Table 1 of Mesh R-CNN, in the units of Pixel2Mesh: the .57 is its 1 / 1.75, for camera distances 1 not 1.75."""

    name = "p2m"
    source = f"{_SOURCE}, which score in the units of Wang et al., Pixel2Mesh, ECCV 2018"
    note = (
        "Published over all pictures of the test objects, here one picture an object. Pixel2Mesh's own script "
        "compares its vertices instead of drawn points. Published totals divide by 13 classes, here by those there."
    )
    scale = 0.57
    thresholds = (0.01, 0.014142)  # square roots of tau = 1e-4 and of 2 tau
    chamfer_unit = 1e-3
    measures = (
        Measure("chamfer", "Chamfer e-3", "Chamfer distance in thousandths", higher=False),
        *_shares(0.01, "tau"),
        *_shares(0.014142, "2 tau"),
        *_NORMALS,
    )
    headline = measures[1]


class MeshRCNNProtocol(MeshProtocol):
    """Table 2 of Mesh R-CNN: lengths in tenths of the longest side of the true mesh's box along the camera's axes."""

    name = "meshrcnn"
    source = _SOURCE
    note = P2MProtocol.note.partition(" Pixel2Mesh")[0]
    scale = "gt-10"
    thresholds = (0.1, 0.3, 0.5)
    measures = (
        Measure("chamfer", "Chamfer", "Chamfer distance", higher=False),
        *_NORMALS,
        *(_share("f1", "F1", t, f"{t:g}") for t in (0.1, 0.3, 0.5)),
    )
    headline = next(measure for measure in measures if measure.name == "f1@0.3")


P2M = P2MProtocol()
MESHRCNN = MeshRCNNProtocol()
