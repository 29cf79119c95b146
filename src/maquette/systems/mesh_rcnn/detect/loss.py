"""What the heads of the detector make small: depth, mask, voxels, and distances of meshes in the cubes of boxes."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from ....loss import chamfer_distance, mesh_edge_loss
from ....loss.soft_dice import soft_dice
from ....nn.dynamic import budget_loss
from ....ops import sample_points_from_meshes
from ....structures import Meshes
from ..loss import voxel_loss
from .config import DetectLossConfig
from .heads import Shapes, of_class


@dataclass(frozen=True)
class Targets:
    """What is true of some boxes.

    Attributes:
        labels: class of each, from 0.
        depth: logarithm of the object's depth in heights of the box (`targets.relative_extents`).
        mask: of the object within the box.
        voxels: solid cells of the frustum behind it, indexed (depth, row, column).
        meshes: in the box's cube.
    """

    labels: Int[Tensor, " box"]
    depth: Float[Tensor, " box"]
    mask: Bool[Tensor, "box side side"]
    voxels: Bool[Tensor, "box depth row column"]
    meshes: Meshes


def shape_losses(
    told: Shapes, true: Targets, config: DetectLossConfig, progress: float = 0.0
) -> dict[str, Float[Tensor, ""]]:
    """Terms by name, weighted: depth, mask, and voxels, dice, chamfer, normals, edge and budget where there are such.

    Args:
        told: of boxes.
        true: of the same.
        config: weights.
        progress: share of the training that is done.
    """
    losses = {
        "depth": config.depth * depth_loss(told.depth, true.labels, true.depth),
        "mask": mask_loss(told.mask, true.labels, true.mask),
    }
    if told.voxels is not None:
        losses["voxels"] = config.voxels * voxel_loss(told.voxels, true.voxels)
    if told.voxels is not None and config.dice:
        losses["dice"] = config.dice * soft_dice(told.voxels, true.voxels)
    if told.voxels is None or len(told.meshes) > 1:
        losses |= mesh_losses(told.meshes, true.meshes, config)
    if told.gates:
        losses["budget"] = config.budget * budget_loss(told.gates, config.target, progress)
    return losses


def depth_loss(
    told: Float[Tensor, "box class"],
    labels: Int[Tensor, " box"],
    true: Float[Tensor, " box"],
    beta: float = 1.0,
) -> Float[Tensor, ""]:
    """Smooth L1 between logarithms of depths, a mean over boxes."""
    own = of_class(told, labels)
    if beta == 0:
        return F.l1_loss(own, true)
    return F.smooth_l1_loss(own, true, beta=beta)


def mask_loss(
    told: Float[Tensor, "box class side side"],
    labels: Int[Tensor, " box"],
    true: Bool[Tensor, "box side side"],
) -> Float[Tensor, ""]:
    """Cross entropy of the own class's mask, a mean over pixels."""
    return F.binary_cross_entropy_with_logits(of_class(told, labels), true.float())


def mesh_losses(
    stages: Sequence[Meshes], true: Meshes, config: DetectLossConfig
) -> dict[str, Float[Tensor, ""]]:
    """Chamfer distance, normals and edges, weighted and summed over stages.

    A box without a predicted or a true face counts in the mean of edges only, as published. All are 0 where the true
    points reach too far.

    Args:
        stages: predicted meshes behind each stage.
        true: meshes in the same cubes.
        config: weights, and numbers of points.
    """
    points, normals = _sampled(true, config.points)
    total = {"chamfer": points.new_zeros(()), "normals": points.new_zeros(()), "edge": points.new_zeros(())}
    for meshes in stages:
        own, own_normals = _sampled(meshes, config.points)
        weights = (meshes.valid & true.valid).float()
        chamfer, turned = chamfer_distance(
            own, points, x_normals=own_normals, y_normals=normals, weights=weights
        )
        assert isinstance(chamfer, Tensor)
        assert isinstance(turned, Tensor)
        total["chamfer"] = total["chamfer"] + config.chamfer * chamfer.sum()
        total["normals"] = total["normals"] + config.normals * turned.sum()
        total["edge"] = total["edge"] + config.edge * mesh_edge_loss(meshes)
    reaches = float(points.abs().max()) if points.numel() else 0.0
    return {name: term * 0 for name, term in total.items()} if reaches > config.farthest else total


def box_losses(
    logits: Float[Tensor, "box class_and_background"],
    deltas: Float[Tensor, "box numbers"],
    labels: Int[Tensor, " box"],
    true: Float[Tensor, "box 4"],
    beta: float = 1.0,
) -> dict[str, Float[Tensor, ""]]:
    """Cross entropy of classes, and smooth L1 of the boxes that show an object, over the number of all.

    Args:
        logits: of the background, then of each class.
        deltas: four for the background and each class.
        labels: 0 is the background.
        true: deltas of the matched objects.
        beta: where the square goes over into the absolute value.
    """
    front = labels.nonzero()[:, 0]
    own = deltas.view(len(deltas), -1, 4)[front, labels[front]]
    moved = F.smooth_l1_loss(own, true[front], beta=beta, reduction="sum")
    return {"class": F.cross_entropy(logits, labels), "box": moved / max(len(labels), 1)}


def _sampled(
    meshes: Meshes, count: int
) -> tuple[Float[Tensor, "mesh point 3"], Float[Tensor, "mesh point 3"]]:
    if meshes.isempty():
        nothing = torch.zeros(len(meshes), count, 3, device=meshes.device)
        return nothing, nothing
    points, normals = sample_points_from_meshes(meshes, count, return_normals=True)
    return points, normals
