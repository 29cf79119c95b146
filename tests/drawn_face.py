"""A drawn face before a plain ground, which the face finder finds, and what is true of it."""

from functools import cache

import numpy as np
import torch
from torch import Tensor

from maquette.data.faces import load_model
from maquette.data.faces.drawing import draw_faces
from maquette.data.faces.people import people
from maquette.data.faces.takes import DRAWS, takes


@cache
def face(side: int, person: int = 11) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """A face from the front: picture (3, side, side), mask, depth (0 where there is no head) and albedo."""
    model = load_model()
    who, how = people([person], model), takes(np.full((1, DRAWS), 0.5), model)
    picture, truth = draw_faces(who, how, model, side)
    parts = (picture, truth.masks, truth.depth, truth.albedo)
    picture, mask, depth, albedo = (part.reshape(-1, side, side).float() for part in parts)
    return picture.clamp(0, 1), mask, depth, albedo


def pasted(*places: tuple[int, int, int], size: tuple[int, int] = (180, 200)) -> Tensor:
    """A picture (3, height, width) with a face of so many pixels at each (left, top, side)."""
    height, width = size
    picture = torch.linspace(0.3, 0.6, width).expand(3, height, width).clone()
    for i, (left, top, side) in enumerate(places):
        drawn, mask, _, _ = face(side, 11 + i)
        part = picture[:, top : top + side, left : left + side]
        part.copy_(part * (1 - mask) + drawn * mask)
    return picture
