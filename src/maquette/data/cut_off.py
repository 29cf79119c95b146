"""Pictures that end before the object does: at which line of the picture a share of the object lies beyond."""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

_Shares = Float[np.ndarray, " picture"]
_Edges = Float[Tensor, "picture 3"]


def edges(
    object_: Float[Tensor, "picture row column"], cut: _Shares, side: Int[np.ndarray, " picture"], size: int
) -> _Edges:
    """Lines that cut objects off.

    Args:
        object_: how much of each pixel shows the object.
        cut: share of it beyond the line; 0 for no line.
        side: of the picture: left, right, top or bottom (0 to 3).
        size: pixels a side in which results are told, whatever number `object_` has.

    Returns:
        numbers whose product with (column, row, 1) says how many pixels a place lies within the line.
    """
    coarse = object_.shape[-1]
    across, far = (torch.from_numpy(which)[:, None].to(object_.device) for which in (side < 2, side % 2 == 1))
    lines = torch.where(across, object_.sum(1), object_.sum(2)).double()
    lines = torch.where(far, lines.flip(1), lines)
    ends = lines.cumsum(1)
    wanted = torch.from_numpy(cut)[:, None].to(ends) * ends[:, -1:]
    last = (ends < wanted).sum(1, keepdim=True).clamp_max(coarse - 1)
    width = lines.gather(1, last)
    part = (wanted - (ends.gather(1, last) - width)) / width.clamp_min(1e-9)
    depth = (last + part).float() * (size / coarse)  # of the line, from the picture's side
    sign = torch.where(far, -1.0, 1.0)
    none = torch.zeros_like(sign)
    line = torch.cat([torch.where(across, sign, none), torch.where(across, none, sign)], dim=1)
    line = torch.cat([line, torch.where(far, size - depth, -depth)], dim=1)
    return torch.where(_is_cut(cut, line), line, line.new_tensor([0.0, 0.0, float(size)]))


def within(
    edge: _Edges, pixels: Float[Tensor, "row column 2"], side: float
) -> Float[Tensor, "picture row column"]:
    """How much of each pixel, `side` wide, lies within the lines."""
    x, y = pixels.unbind(-1)
    along, down, shift = (edge[:, None, None, k] for k in range(3))
    return ((along * x + down * y + shift) / side + 0.5).clamp(0, 1)


def moved(
    window: Float[Tensor, "picture 4"], edge: _Edges, cut: _Shares, size: int
) -> Float[Tensor, "picture 4"]:
    """Windows moved until the picture's own edge is where the lines are."""
    along, down, shift = edge.unbind(1)
    inwards = torch.where(along + down > 0, shift, size - shift)
    by = torch.stack([inwards * along.abs(), inwards * down.abs()], dim=1)
    return torch.cat(
        [window[:, :2], torch.where(_is_cut(cut, window), window[:, 2:] + by, window[:, 2:])], dim=1
    )


def _is_cut(cut: _Shares, like: Tensor) -> Tensor:
    return torch.from_numpy(cut > 0)[:, None].to(like.device)
