"""Protocol `viewer`: shapes from one picture, compared where the camera saw them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ...data.batch import Batch, Entry, Source, known
from ...ops.voxelize import voxelize
from ...renderer.mesh.rasterizer import MeshRasterizer, RasterizationSettings
from ...renderer.views import orbit_views
from ...structures import Meshes
from ...structures.cameras import CamerasBase, PerspectiveCameras
from ...structures.reconstruction import Reconstruction
from ..measure import Measure
from ..mesh_comparison import points_on
from ..placing import fit_along_rays, point_scores
from ..voxel_iou import voxel_iou
from .face import Case, Clock, EvaluationProtocol, Row, Section
from .seen import NEEDS, ShapeSystem, both_models, camera_of, draw_both, made_of, mask_of
from .viewer_baselines import BASELINES, baseline_sections, baselines_as_json, box_of, hull_of, means_of
from .voxel_controls import training_means

_DISTANCES = (0.01, 0.02, 0.05)  # of the object's diagonal
_POINTS, _FIT_POINTS = 8192, 3000
_SIDE_VIEWS, _SIDE_DISTANCE, _SIDE_PIXELS = 8, 1.5, 96
_TURNS = 24
_FINER = 2


@dataclass(frozen=True)
class Truth:
    """What is true of one object.

    Attributes:
        mesh: in the object frame.
        voxels: (1, n, n, n) solid cells of the cube around it.
        side: edge of the cube.
        camera: that took the picture, for the object frame, in the picture's pixels.
        mask: (height, width) bool.
    """

    mesh: Meshes
    voxels: Tensor
    side: float
    camera: PerspectiveCameras
    mask: Tensor


@dataclass(frozen=True)
class ViewerProtocol(EvaluationProtocol[ShapeSystem]):
    """How shapes from one picture are scored (`EvaluationProtocol`).

    A mesh in the camera frame is brought into the object frame by the true camera, once its scale and depth are
    fitted by least squares (`fit_along_rays`), the same for every system; beside stands what it comes to without a
    fit, the middle of its box as far away as the object. A mesh in the object frame goes through the viewpoint that
    was found into the camera frame, and on as above; beside stand its scores as it is, and in the best of 24 turns
    about the vertical.
    """

    name: str = "viewer"
    source: str = "viewer-centred, after Shin et al., CVPR 2018; F-score of Tatarchenko et al., CVPR 2019"
    note: str = "pictures come with their masks and their field of view"
    views: tuple[int, ...] = (1,)
    averaging: str = "sample mean"
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure("iou", "IoU"),
        Measure("chamfer", "Chamfer", higher=False),
        Measure("f1", "F@1 %"),
        Measure("f2", "F@2 %"),
        Measure("f5", "F@5 %"),
        Measure("outline", "outline IoU", "silhouette IoU from the picture's view"),
        Measure("outlines", "8 outlines", "silhouette IoU from eight other views"),
        Measure("iou_unfitted", "IoU, no fit"),
        Measure("f5_unfitted", "F@5 %, no fit"),
        Measure("iou_best", "IoU, best of 24"),
        Measure("f5_best", "F@5 %, best of 24"),
    )
    headline: ClassVar[Measure] = measures[0]
    needs: ClassVar[frozenset[str]] = NEEDS | {"voxels", "sides"}

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
            truth = truth_of(batch, i)
            with clock.running():
                made = made_of(system, batch, i, truth.camera)
            values = _scores(made, truth, seed)
            rows += [Row(entry, count, values, truth if count == min(counts) else None) for count in counts]
        return rows

    def beyond(self, rows: Sequence[Row], source: Source, split: str, seed: int) -> Mapping[str, Any]:
        """What guesses would score on the same samples."""
        means = training_means(source, {row.entry.category for row in rows}, split)
        found: dict[str, list[Mapping[str, float]]] = {name: [] for name in BASELINES}
        for row in rows:
            truth, mean = row.kept, means.get(row.entry.category)
            found["box"].append(_shape_scores(box_of(truth.mesh), truth, seed))
            hull = hull_of(truth.mask, truth.camera)
            if hull is not None:
                found["hull"].append(_shape_scores(hull, truth, seed))
            guesses = [] if mean is None else list(means_of(mean, truth.side))
            if guesses:
                scored = [_shape_scores(guess, truth, seed) for guess in guesses]
                found["mean"].append(max(scored, key=lambda values: values["IoU"]))
        return {"baselines": baselines_as_json(found)}

    def remarks(self, numbers: Mapping[str, Any]) -> list[str]:
        """The same, for the terminal."""
        return [
            f"{BASELINES[name]}: " + ", ".join(f"{what} {value:.3f}" for what, value in values.items())
            for name, values in numbers["baselines"].items()
        ]

    def sections(self, numbers: Mapping[str, Any]) -> list[Section]:
        """The same, for the page."""
        return baseline_sections(numbers["baselines"])

    def predict(self, system: ShapeSystem, batch: Batch) -> Meshes:
        """The mesh of one object, brought to where the true one is."""
        truth = truth_of(batch, 0)
        return fitted_mesh(made_of(system, batch, 0, truth.camera), truth, 0)

    def pictures(self, case: Case) -> list[tuple[str, Float[Tensor, "3 height width"]]]:
        """Prediction and target from where the picture was taken, and from behind."""
        return draw_both(case)

    def models(self, case: Case) -> list[tuple[str, Meshes]]:
        """Prediction and target."""
        return both_models(case)


def truth_of(batch: Batch, i: int) -> Truth:
    """What is true of an object of a batch and of its first picture."""
    return Truth(
        known(batch.truth.meshes)[i].cpu(),
        batch.voxels[[i]].cpu(),
        float(known(batch.truth.sides)[i].amax()),
        camera_of(batch, i),
        mask_of(batch, i),
    )


def _scores(made: Reconstruction, truth: Truth, seed: int) -> Mapping[str, float]:
    placed = _placed(made, truth, seed)
    true = points(truth.mesh, seed)
    fitted = placed["fitted"]
    chamfer, (f1, f2, f5) = point_scores(points(fitted, seed + 1), true, _DISTANCES)
    turned = [(iou(mesh, truth), mesh) for name, mesh in placed.items() if name.startswith("turn")]
    best_iou, best = max(turned, key=lambda pair: pair[0]) if turned else (iou(fitted, truth), fitted)
    unfitted = placed["unfitted"]
    return {
        "iou": iou(fitted, truth),
        "chamfer": chamfer,
        "f1": f1,
        "f2": f2,
        "f5": f5,
        "outline": _outline(made, truth),
        "outlines": _overlap(fitted, truth.mesh),
        "iou_unfitted": iou(unfitted, truth),
        "f5_unfitted": point_scores(points(unfitted, seed + 1), true, _DISTANCES)[1][-1],
        "iou_best": best_iou,
        "f5_best": point_scores(points(best, seed + 1), true, _DISTANCES)[1][-1],
    }


def fitted_mesh(made: Reconstruction, truth: Truth, seed: int) -> Meshes:
    """The mesh in the object frame, its scale and depth fitted along the rays of the picture."""
    return _placed(made, truth, seed)["fitted"]


def _placed(made: Reconstruction, truth: Truth, seed: int) -> dict[str, Meshes]:
    """The mesh in the object frame, in several ways."""
    mesh, R, T = made.mesh.cpu(), truth.camera.R[0], truth.camera.T[0]
    seen = truth.mesh.update_padded(truth.mesh.verts_padded() @ R + T)
    found: dict[str, Meshes] = {}
    if made.frame == "object":
        found["unfitted"] = mesh
        for k in range(_TURNS):
            angle = torch.tensor(2 * torch.pi * k / _TURNS)
            cos, sin, zero = angle.cos(), angle.sin(), torch.tensor(0.0)
            turn = torch.stack([cos, zero, sin, zero, zero + 1, zero, -sin, zero, cos]).view(3, 3)
            found[f"turn {k}"] = mesh.update_padded(mesh.verts_padded() @ turn)
        view = (made.info.get("views") or [None])[0]
        eye = truth.camera if view is None else view.camera
        mesh = mesh.update_padded(mesh.verts_padded() @ eye.R[0].cpu() + eye.T[0].cpu())
    verts = mesh.verts_packed()
    middle = (verts.amin(0) + verts.amax(0)) / 2
    farther = float(T[2]) / float(middle[2].clamp_min(1e-6))
    # along its ray, to where the object is: as large as in the picture, or as it says where it says how large it is
    verts = verts * farther if made.frame != "object" else verts + middle * (farther - 1)
    mesh = mesh.update_padded(verts[None])
    found.setdefault("unfitted", mesh.update_padded(((verts - T) @ R.T)[None]))
    scale, shift = fit_along_rays(points(mesh, seed + 2, _FIT_POINTS), points(seen, seed + 3, _FIT_POINTS))
    fitted = scale * verts + shift * verts.new_tensor([0.0, 0.0, 1.0])
    found["fitted"] = mesh.update_padded(((fitted - T) @ R.T)[None])
    return found


def _shape_scores(mesh: Meshes, truth: Truth, seed: int) -> dict[str, float]:
    """What a guess in the object frame comes to."""
    chamfer, scores = point_scores(points(mesh, seed + 1), points(truth.mesh, seed), _DISTANCES)
    return {"IoU": iou(mesh, truth), "Chamfer": chamfer, "F@5 %": scores[-1]}


def points(mesh: Meshes, seed: int, count: int = _POINTS) -> Float[Tensor, "point 3"]:
    """Points on a mesh, uniform by area."""
    return points_on(mesh, count, seed)[0][0]


def iou(mesh: Meshes, truth: Truth) -> float:
    """IoU of a mesh's solid cells and the true ones, in the object frame."""
    solid = voxelize(mesh, truth.voxels.shape[-1], truth.side).occupancy
    return float(voxel_iou(solid, truth.voxels))


def _outline(made: Reconstruction, truth: Truth) -> float:
    """Overlap of the mask with the mesh from the picture's view: its own where it found one."""
    camera = truth.camera
    if made.frame == "camera":
        camera = PerspectiveCameras(
            focal_length=camera.focal_length,
            principal_point=camera.principal_point,
            in_ndc=False,
            image_size=camera.image_size,
        )
    elif (view := (made.info.get("views") or [None])[0]) is not None:
        camera = view.camera
    # Finer than the mask, whose pixels' centres may be the very corners of a mesh that was made from it.
    mask = truth.mask.repeat_interleave(_FINER, 0).repeat_interleave(_FINER, 1)
    return _share(_covered(made.mesh.cpu(), camera, tuple(mask.shape))[0], mask)


def _overlap(mesh: Meshes, true: Meshes) -> float:
    """Mean overlap of the outlines of two meshes in the object frame, from all around."""
    cameras = orbit_views(_SIDE_VIEWS, _SIDE_DISTANCE, fov=50.0)
    size = (_SIDE_PIXELS, _SIDE_PIXELS)
    ours, theirs = (_covered(one, cameras, size) for one in (mesh, true))
    return sum(_share(a, b) for a, b in zip(ours, theirs, strict=True)) / len(ours)


def _covered(mesh: Meshes, cameras: CamerasBase, size: tuple[int, ...]) -> Tensor:
    """(view, height, width) bool of pixels that a mesh covers."""
    rasterizer = MeshRasterizer(cameras, RasterizationSettings(image_size=(size[0], size[1])))
    covered: Tensor = rasterizer(mesh.extend(len(cameras))).pix_to_face[..., 0] >= 0
    return covered


def _share(ours: Tensor, theirs: Tensor) -> float:
    return float((ours & theirs).sum()) / max(1.0, float((ours | theirs).sum()))


VIEWER = ViewerProtocol()
