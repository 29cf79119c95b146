"""Cameras that are known about: how far away each is, and a little of everything else, is told by outlines.

The cube of `cube_fit` and the cameras are moved together, as where nothing is known (`silhouettes`), but from one
start, and the cameras' directions by little.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from .compared import world_turn
from .cube_fit import EMPTY, SOLID, FoundPoses, Moving, Stage, State, answer, first_shifts, moved, square

STAGES = (Stage(60, 20, 24), Stage(60, 28, 32, 0.5))
_RATES = (0.003, 0.02, 0.3)  # of turns in radians, of shifts, of log odds
_FEWEST = 3


def poses_near(
    masks: Sequence[Float[Tensor, "_h _w"]],
    R: Float[Tensor, "view 3 3"],
    fov: float,
    shaping: int | None = None,
    stages: Sequence[Stage] = STAGES,
    seed: int = 0,
) -> FoundPoses:
    """Find the cameras of pictures of one object that look at its middle from about known directions.

    Args:
        masks: 1 on the object; of any size, with the optical axis in the middle.
        R: rotations, for row vectors, in PyTorch3D's axes.
        fov: degrees along the longer side.
        shaping: how many first masks make the shape; the others find their places before it; all when not given.
        stages: how finely, and for how long, cube and cameras are moved.
        seed: of samples along the rays.

    Returns:
        cameras in the world of the given ones; the middle of the object is the origin, its diagonal about 1.

    Raises:
        ValueError: fewer than three masks make the shape, or one is empty.
    """
    count = len(masks) if shaping is None else shaping
    if count < _FEWEST:
        raise ValueError(f"{_FEWEST} outlines or more tell a shape, got {count}")
    side = max(stage.pixels for stage in stages)
    outlines = torch.stack([square(mask[None], side)[0] for mask in masks])
    if not bool((outlines > SOLID / 2).flatten(1).any(1).all()):
        raise ValueError("a mask is empty, or its object too small")
    T = torch.zeros(len(masks), 3)
    T[:, 2] = first_shifts(outlines, fov)[:, 2].mean()
    cube = torch.full((1, *[stages[0].cells] * 3), EMPTY)
    generator = torch.Generator().manual_seed(seed)
    made = State(R[:count], torch.zeros(count, 3), T[:count], cube)
    for stage in stages:
        made = moved(made, outlines[:count], None, stage, Moving(fov, rates=_RATES), generator)
    if count < len(masks):
        T = made.T.mean(0).expand(len(masks) - count, 3)
        others = State(R[count:], torch.zeros_like(T), T, made.cube)
        still, whole = Moving(fov, rates=(*_RATES[:2], 0.0)), replace(stages[-1], rate=1.0)
        made = _joined(made, moved(others, outlines[count:], None, whole, still, generator))
    turn, found = world_turn(made.R, R), answer(made, len(masks), fov)
    return FoundPoses(turn @ made.R, found.T, fov, found.loss, found.iou, found.points @ turn.T)


def _joined(made: State, others: State) -> State:
    """Both rings of cameras around the cube of the first."""
    assert made.iou is not None
    assert others.iou is not None
    base, turns = torch.cat([made.base, others.base]), torch.cat([made.turns, others.turns])
    T, iou = torch.cat([made.T, others.T]), torch.cat([made.iou, others.iou])
    return State(base, turns, T, made.cube, made.loss, iou)
