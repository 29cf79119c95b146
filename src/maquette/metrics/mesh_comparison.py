"""How far a predicted surface lies from the true one, as Mesh R-CNN measures it.

Gkioxari et al., "Mesh R-CNN", ICCV 2019, and its released code (`compare_meshes`), whose numbers these are. Both
meshes are scaled, points are drawn on each uniformly by area, and every point looks for the nearest one of the other
set. What the released code fails at: a whole number as a scale is one here, and predicted vertices in place of drawn
points do not exist.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from ..kernels.sample_points import sample_surface
from ..ops.knn import knn_points
from ..structures import Meshes

POINTS = 10_000
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5)
Scale = float | tuple[float, float] | str
_LONGEST = "gt-"
_NO_PRECISION = 1e-8


def compare_meshes(
    predicted: Meshes,
    true: Meshes,
    scale: Scale = "gt-10",
    thresholds: Sequence[float] = THRESHOLDS,
    points: int | tuple[int, int] = POINTS,
    seed: int = 0,
) -> dict[str, Float[Tensor, " batch"]]:
    """Compare meshes that lie in one frame.

    Args:
        predicted: N meshes; one without area counts as points at the origin.
        true: N meshes, or one for all.
        scale: as `scaled` takes it.
        thresholds: distances of precision and recall, after scaling.
        points: drawn on every mesh; or on every predicted, and on every true one.
        seed: of the drawing (`points_on`); the true meshes have the one after it.

    Returns:
        what `compare_points` does, with normals.

    Raises:
        ValueError: an unknown scale, numbers of meshes that do not fit, or fewer than one point.
    """
    predicted, true = scaled(predicted, true, scale)
    ours, theirs = (points, points) if isinstance(points, int) else points
    p, p_normals = points_on(predicted, ours, seed)
    q, q_normals = (x.expand(len(p), -1, -1) for x in points_on(true, theirs, seed + 1))
    return compare_points(p, q, thresholds, p_normals, q_normals)


def compare_points(
    predicted: Float[Tensor, "batch n 3"],
    true: Float[Tensor, "batch m 3"],
    thresholds: Sequence[float] = THRESHOLDS,
    predicted_normals: Float[Tensor, "batch n 3"] | None = None,
    true_normals: Float[Tensor, "batch m 3"] | None = None,
) -> dict[str, Float[Tensor, " batch"]]:
    """Compare points on surfaces, each with the nearest one of the other set.

    Args:
        predicted, true: points.
        thresholds: distances, in units of the points.
        predicted_normals, true_normals: of unit length; without both nothing is said of normals.

    Returns:
        by name: `chamfer`, the mean squared distance, both ways added; `normal` and `abs_normal`, the mean cosine of
        the two normals and the mean of its magnitude, over both ways; and for every threshold t `precision@t` and
        `recall@t`, the percentage of predicted and of true points nearer than t, and `f1@t`, 2 P R / (P + R).
    """
    there, back = knn_points(predicted, true), knn_points(true, predicted)
    near, far = (found.dists[..., 0] for found in (there, back))
    told = {"chamfer": near.mean(1) + far.mean(1)}
    if predicted_normals is not None and true_normals is not None:
        ours = _cosines(predicted_normals, true_normals, there.idx)
        theirs = _cosines(true_normals, predicted_normals, back.idx)
        told["normal"] = (ours.mean(1) + theirs.mean(1)) / 2
        told["abs_normal"] = (ours.abs().mean(1) + theirs.abs().mean(1)) / 2
    for t in thresholds:
        precision, recall = (100 * (d.sqrt() < t).float().mean(1) for d in (near, far))
        told[f"precision@{t:g}"], told[f"recall@{t:g}"] = precision, recall
        told[f"f1@{t:g}"] = 2 * precision * recall / (precision + recall + _NO_PRECISION)
    return told


def scaled(predicted: Meshes, true: Meshes, scale: Scale) -> tuple[Meshes, Meshes]:
    """Meshes at the size at which they are compared.

    Args:
        predicted: N meshes.
        true: N meshes, or one for all.
        scale: a factor for both; one for each of the two; or "gt-X": both times X over the longest side of the true
            mesh's box along the axes.

    Returns:
        both; the true ones one or N, as they came.

    Raises:
        ValueError: an unknown scale, or numbers of meshes that do not fit.
    """
    if len(true) not in (1, len(predicted)):
        raise ValueError(f"{len(predicted)} meshes cannot be compared with {len(true)}")
    if isinstance(scale, str):
        factors = _longest_to(scale, true)
        return predicted.scale_verts(factors.expand(len(predicted))), true.scale_verts(factors)
    ours, theirs = scale if isinstance(scale, tuple) else (scale, scale)
    return predicted.scale_verts(float(ours)), true.scale_verts(float(theirs))


def points_on(
    meshes: Meshes, count: int, seed: int
) -> tuple[Float[Tensor, "batch count 3"], Float[Tensor, "batch count 3"]]:
    """Points on meshes, uniform by area, and the unit normals of their faces.

    Args:
        meshes: one without area gets zeros.
        count: points on each.
        seed: of the random numbers, which are the same for every mesh: what is drawn depends on the mesh alone.

    Raises:
        ValueError: fewer than one point.
    """
    if count < 1:
        raise ValueError(f"at least one point is needed, not {count}")
    draw = torch.rand(1, count, 3, generator=torch.Generator().manual_seed(seed))
    points, face, _ = sample_surface(
        meshes.verts_packed(),
        meshes.faces_packed(),
        meshes.mesh_to_faces_packed_first_idx(),
        meshes.num_faces_per_mesh(),
        meshes.faces_packed_to_mesh_idx(),
        draw.expand(len(meshes), -1, -1),
    )
    normals = torch.zeros_like(points)
    drawn = face >= 0
    normals[drawn] = meshes.faces_normals_packed()[face[drawn]]
    return points, normals


def _cosines(
    normals: Float[Tensor, "batch n 3"], others: Float[Tensor, "batch m 3"], nearest: Tensor
) -> Float[Tensor, "batch n"]:
    theirs = others.gather(1, nearest.expand(-1, -1, 3))
    return torch.nn.functional.cosine_similarity(normals, theirs, dim=2, eps=1e-6)


def _longest_to(scale: str, true: Meshes) -> Float[Tensor, " batch"]:
    """Factors that make the longest sides of boxes as long as "gt-X" says."""
    try:
        wanted = float(scale.removeprefix(_LONGEST))
    except ValueError:
        wanted = 0.0
    if not scale.startswith(_LONGEST) or not 0 < wanted < float("inf"):
        raise ValueError(f"scale {scale!r}: use a factor, one for each of the two, or {_LONGEST}X")
    box = true.get_bounding_boxes()
    return wanted / (box[..., 1] - box[..., 0]).amax(1)
