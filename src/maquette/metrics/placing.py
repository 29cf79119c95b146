"""Bringing a predicted shape to where the true one is, for the camera that saw it or along its rays."""

import torch
from jaxtyping import Float
from torch import Tensor

from ..ops.knn import knn_points
from ..structures import Meshes
from ..structures.cameras import CamerasBase
from ..structures.reconstruction import Reconstruction

_ROUNDS = 20
_SCALES = (0.5, 2.0)  # least and largest


def to_camera_frame(mesh: Meshes, camera: CamerasBase) -> Meshes:
    """A mesh of the world in the frame of one of its cameras."""
    return mesh.update_padded(mesh.verts_padded() @ camera.R[0].cpu() + camera.T[0].cpu())


def from_camera_frame(mesh: Meshes, camera: CamerasBase) -> Meshes:
    """A mesh in the frame of a camera in the world that the camera stands in."""
    return mesh.update_padded((mesh.verts_padded() - camera.T[0].cpu()) @ camera.R[0].cpu().T)


def in_camera_frame(made: Reconstruction, camera: CamerasBase) -> Meshes:
    """Where a reconstruction lies for the camera that took its picture, in units of the object frame.

    Args:
        made: a mesh in the object frame, or in the world of the camera, is seen by it; one in the camera frame whose
            unit is known is scaled by it; where it is not known, the mesh is scaled about the camera until the
            middle of its box is as far along the axis as the object frame's origin.
        camera: the true one, for the object frame.

    Returns:
        the mesh, on the CPU.
    """
    mesh = made.mesh.cpu()
    if made.frame != "camera":
        return to_camera_frame(mesh, camera)
    if made.unit is not None:
        return mesh.scale_verts(1 / made.unit)
    return mesh.scale_verts(farther(mesh, camera))


def farther(mesh: Meshes, camera: CamerasBase) -> float:
    """How many times as far along the axis as the middle of a mesh's box a camera's world has its origin."""
    depth = mesh.verts_packed()[:, 2]
    return float(camera.T[0, 2]) / float(((depth.amin() + depth.amax()) / 2).clamp_min(1e-6))


def fit_along_rays(predicted: Float[Tensor, "n 3"], true: Float[Tensor, "m 3"]) -> tuple[float, float]:
    """Scale and shift in depth that bring points nearest to others, by least squares.

    What one picture cannot tell is how large an object is and how far away: p becomes s p + t z. Both sets choose
    their nearest points in the other one, and s and t follow from these pairs, some times over.

    Args:
        predicted: points in the camera frame, about as large and as far away as they should be.
        true: points in the camera frame.

    Returns:
        s and t.
    """
    scale, shift = 1.0, 0.0
    along = predicted.new_tensor([0.0, 0.0, 1.0])
    for _ in range(_ROUNDS):
        placed = scale * predicted + shift * along
        there = knn_points(placed[None], true[None]).idx[0, :, 0]
        back = knn_points(true[None], placed[None]).idx[0, :, 0]
        p, q = torch.cat([predicted, predicted[back]]).double(), torch.cat([true[there], true]).double()
        depth, depths = p[:, 2].mean(), q[:, 2].mean()
        found = ((p * q).sum(1).mean() - depth * depths) / ((p * p).sum(1).mean() - depth**2)
        scale = min(max(float(found), _SCALES[0]), _SCALES[1])
        shift = float(depths - scale * depth)
    return scale, shift


def point_scores(
    predicted: Float[Tensor, "n 3"], true: Float[Tensor, "m 3"], distances: tuple[float, ...]
) -> tuple[float, list[float]]:
    """Chamfer distance, and F-score at some distances.

    Args:
        predicted: points on a surface.
        true: points on another one.
        distances: in the points' units.

    Returns:
        mean distance to the nearest point of the other set, over both directions; and 2 P R / (P + R), where P is
        the share of predicted points that have a true one nearer than the distance, R the reverse.
    """
    there = knn_points(predicted[None], true[None]).dists[0, :, 0].sqrt()
    back = knn_points(true[None], predicted[None]).dists[0, :, 0].sqrt()
    scores = []
    for distance in distances:
        precision, recall = (float((d < distance).float().mean()) for d in (there, back))
        scores.append(2 * precision * recall / max(precision + recall, 1e-12))
    return float(there.mean() + back.mean()) / 2, scores
