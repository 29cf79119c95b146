"""Cameras that were found beside the true ones: both are known up to a similarity of the world."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class Similarity(NamedTuple):
    """A map of one world into another: `scale * points @ turn + shift`, for row vectors."""

    scale: float
    turn: Float[Tensor, "3 3"]
    shift: Float[Tensor, " 3"]

    def points(self, points: Float[Tensor, "*n 3"]) -> Float[Tensor, "*n 3"]:
        """Points of the first world in the second."""
        return self.scale * points @ self.turn + self.shift


def world_turn(R: Float[Tensor, "view 3 3"], other: Float[Tensor, "view 3 3"]) -> Float[Tensor, "3 3"]:
    """The rotation M of the world for which M @ R comes nearest to `other`, in least squares (Kabsch).

    Args:
        R, other: of the same cameras, for row vectors.
    """
    U, _, V = torch.linalg.svd(torch.einsum("nij,nkj->ik", other, R))
    turn: Tensor = torch.cat([U[:, :2], U[:, 2:] * torch.det(U @ V)], dim=1) @ V
    return turn


def rotation_error(R: Float[Tensor, "view 3 3"], other: Float[Tensor, "view 3 3"]) -> Float[Tensor, " view"]:
    """Degrees between rotations of cameras, behind the one turn of the world that brings them together best.

    Args:
        R, other: for row vectors, of the same pictures.
    """
    turned = world_turn(R, other) @ R
    cosine = ((turned * other).sum((1, 2)) - 1) / 2
    return torch.rad2deg(torch.arccos(cosine.clamp(-1, 1)))


def similarity_between(
    R: Float[Tensor, "view 3 3"],
    T: Float[Tensor, "view 3"],
    other_R: Float[Tensor, "view 3 3"],
    other_T: Float[Tensor, "view 3"],
) -> Similarity:
    """The map of the world of found cameras into that of the others, which fits both best.

    The turn is that of `rotation_error`. Scale and shift bring the others' origin to where each of the others sees
    it, in least squares: with the object there, a camera that is off on its way around it stays one that sees it.

    Args:
        R, T: of cameras that were found; `points @ R + T` is in the camera's axes.
        other_R, other_T: the same of the others, of the same pictures.
    """
    turn = world_turn(R, other_R)
    ways = other_R.transpose(1, 2).reshape(-1, 3)  # other_T = scale * T - shift @ other_R
    left = torch.cat([T.reshape(-1, 1), -ways], dim=1)
    found = torch.linalg.lstsq(left.double(), other_T.reshape(-1, 1).double()).solution[:, 0].float()
    return Similarity(float(found[0]), turn.T, found[1:])
