"""Shading only what faces cover: fragments without their empty entries, and colours put back into place."""

from typing import NamedTuple

import torch
from torch import Tensor

from ...structures.fragments import Fragments


class Covered(NamedTuple):
    """The covered entries of fragments, those of a view in one row.

    Attributes:
        fragments: N views of 1×W pixels with one face each, W the largest number of covered entries of a
            view; shorter rows end with empty entries. Without zbuf and dists.
        slots: (M,) where the covered entries are among the N·W.
        entries: (M,) where they came from among the N·H·W·K.
    """

    fragments: Fragments
    slots: Tensor
    entries: Tensor


def gather_covered(fragments: Fragments, faces_per_pixel: int | None = None) -> Covered:
    """Drop the entries of fragments that no face covers.

    Shading is the same function of every entry, so it may work on these fragments as on the whole ones.

    Args:
        fragments: N views of H×W pixels with K faces each.
        faces_per_pixel: keep only that many of the nearest faces.

    Returns:
        The covered entries. Gradients reach the barycentric coordinates.
    """
    pix_to_face = fragments.pix_to_face[..., :faces_per_pixel]
    bary = fragments.bary_coords[..., :faces_per_pixel, :]
    views = pix_to_face.shape[0]
    faces = pix_to_face.flatten(1)
    covered = faces >= 0
    counts = covered.sum(dim=1)
    width = int(counts.max()) if views else 0

    entries = covered.flatten().nonzero()[:, 0]
    starts = torch.arange(views, device=faces.device) * width - (counts.cumsum(0) - counts)
    slots = torch.arange(len(entries), device=faces.device) + starts.repeat_interleave(counts)
    row_faces = faces.new_full((views * width,), -1)
    row_faces[slots] = faces.flatten()[entries]
    row_bary = bary.new_zeros((views * width, 3)).index_copy(0, slots, bary.reshape(-1, 3)[entries])
    empty = bary.new_empty(0)
    rows = Fragments(row_faces.view(views, 1, width, 1), empty, row_bary.view(views, 1, width, 1, 3), empty)
    return Covered(rows, slots, entries)


def scatter_covered(covered: Covered, colors: Tensor, canvas: Tensor) -> Tensor:
    """Put colours of covered entries back into place.

    Args:
        covered: from `gather_covered`.
        colors: (N, 1, W, 1, C) colours of its fragments.
        canvas: (N, H, W, K, C) what to show elsewhere.

    Returns:
        (N, H, W, K, C).
    """
    channels = colors.shape[-1]
    shown = colors.reshape(-1, channels)[covered.slots]
    return canvas.reshape(-1, channels).index_copy(0, covered.entries, shown).view(canvas.shape)
