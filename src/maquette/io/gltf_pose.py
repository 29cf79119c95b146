"""Vertices of a glTF mesh where the file puts them: morph targets at their weights, skins in their rest pose."""

from typing import Any

import numpy as np

from .errors import ParseError
from .gltf_access import access, fractions, whole_numbers
from .gltf_asset import Asset, numbers
from .gltf_nodes import Placement


def morphed(asset: Asset, primitive: dict[str, Any], verts: np.ndarray, weights: Any) -> np.ndarray:
    """Vertices (V, 3), float64, with the morph targets of the primitive added.

    Args:
        asset: where they are.
        primitive: with or without "targets".
        verts: (V, 3).
        weights: the list of their weights, or None for 0.

    Raises:
        ParseError: as many weights as targets are needed, and as many displacements as vertices.
    """
    verts, targets = verts.astype(np.float64), primitive.get("targets", [])
    if weights is None or not targets:
        return verts
    for weight, target in zip(numbers({"weights": weights}, "weights", len(targets)), targets, strict=True):
        if weight and "POSITION" in target:
            verts += weight * access(asset, target["POSITION"], ("VEC3",), len(verts))
    return verts


def placed(
    asset: Asset, attributes: dict[str, Any], verts: np.ndarray, placement: Placement
) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (V, 3) in the scene.

    Returns:
        (N, V, 3) float64, for each of N instances; and (N,) booleans: which of them are mirrored.
    """
    if placement.skinned:
        moved, mirrored = _skinned(asset, attributes, verts, placement.matrices)
        return moved[None], np.array([mirrored])
    asset.spend(len(placement.matrices) * len(verts))
    with np.errstate(over="ignore", invalid="ignore"):
        moved = verts @ placement.matrices[:, :3, :3].transpose(0, 2, 1) + placement.matrices[:, None, :3, 3]
        return moved, np.linalg.det(placement.matrices[:, :3, :3]) < 0


def _skinned(
    asset: Asset, attributes: dict[str, Any], verts: np.ndarray, joints: np.ndarray
) -> tuple[np.ndarray, bool]:
    """Linear blend skinning: each vertex moved by the weighted mean of its joints' matrices."""
    moved, total = np.zeros_like(verts), np.zeros(len(verts))
    shares = np.zeros(len(joints))
    sets = 0
    while f"JOINTS_{sets}" in attributes:
        index = access(asset, attributes[f"JOINTS_{sets}"], ("VEC4",), len(verts))
        weights = fractions(access(asset, attributes[f"WEIGHTS_{sets}"], ("VEC4",), len(verts)))
        for joint, weight in zip(whole_numbers(index, "joints").T, weights.astype(np.float64).T, strict=True):
            used = np.flatnonzero(weight)
            joint, weight = joint[used], weight[used]
            if (joint >= len(joints)).any():
                raise ParseError(f"names joint {joint.max()} of {len(joints)}")
            at = joints[joint]
            point = (at[:, :3, :3] @ verts[used, :, None])[..., 0] + at[:, :3, 3]
            moved[used] += weight[:, None] * point
            total[used] += weight
            shares += np.bincount(joint, weight, len(joints))
        sets += 1
    if not (total > 0).all():
        raise ParseError("a vertex of a skinned mesh hangs on no joint")
    mirrored = np.linalg.det(np.tensordot(shares, joints[:, :3, :3], axes=1)) < 0
    return moved / total[:, None], bool(mirrored)
