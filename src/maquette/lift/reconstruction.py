"""`lift_reconstruction`: a field of occupancy and the pictures it came from become a coloured mesh."""

import time
from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ..structures import Meshes
from ..structures.views import Views
from .colours import is_symmetric, mean_colour, paint_evenly, paint_from_views
from .result import Result
from .surface import Surface, find_surface
from .view import View, find_view

SURE = 0.5  # confidence from which on a viewpoint is believed
ALIKE = 0.4  # agreement of silhouettes below which no colours are taken from a picture
SPREAD = 0.05  # of how well reconstructions agree with their pictures
SPREAD_TOLD = 0.1  # the same where azimuths are told


def lift_reconstruction(
    occupancy: Float[Tensor, "x y z"],
    views: Views,
    threshold: float = 0.4,
    azimuths: Float[Tensor, "view bin"] | None = None,
) -> Result:
    """Make a coloured mesh in the object frame from occupancy and the pictures it was reconstructed from.

    The viewpoint of every picture is found by matching; pictures whose viewpoint is sure colour the mesh.
    Where none is, the mesh has the mean colour of the object.

    Args:
        occupancy: probabilities in the cube around the object whose edge is the longest side of its box,
            indexed (x, y, z).
        views: pictures with masks.
        threshold: probability from which on a cell is solid.
        azimuths: how probable each azimuth is for each picture, as `find_view` takes it.

    Returns:
        Mesh, voxels, `view` (rows of azimuth and elevation in degrees, ratio of distances and confidence, one
        a picture), `remarks`; facts, which `info` has, too: `colours` ("pictures" or "mean"), `symmetric`,
        `threshold` and `threshold_lowered`, `dropped_pieces`; in `info` also `views` (a `View` or None a picture),
        `level`, `lift_seconds` a stage.

    Raises:
        ValueError: views without masks.
    """
    if not views.has_masks or views.masks is None:
        raise ValueError("every picture needs a mask")
    views = views.to(occupancy.device)
    masks = [mask for mask in views.masks or () if mask is not None]
    began = time.perf_counter()
    surface = find_surface(occupancy, threshold)
    surfaced = time.perf_counter()
    told, spread = ([None] * len(masks), SPREAD) if azimuths is None else (azimuths, SPREAD_TOLD)
    found = [
        find_view(surface.mesh, image, mask, prior, spread)
        for image, mask, prior in zip(views.images, masks, told, strict=True)
    ]
    viewed = time.perf_counter()
    symmetric = is_symmetric(surface.voxels.solid(surface.threshold)[0])
    mesh, colours = _coloured(surface, views, masks, found, symmetric)
    seconds = {
        "surface": surfaced - began,
        "view": viewed - surfaced,
        "colours": time.perf_counter() - viewed,
    }
    unknown = torch.tensor([0.0, 0.0, 1.0, 0.0])
    facts = {
        "colours": colours,
        "symmetric": symmetric,
        "threshold": surface.threshold,
        "threshold_lowered": surface.threshold < threshold,
        "dropped_pieces": surface.dropped,
    }
    return Result(
        mesh,
        frame="object",
        voxels=surface.voxels,
        view=torch.stack([unknown if view is None else view.as_tensor() for view in found]),
        info={**facts, "views": tuple(found), "level": surface.level, "lift_seconds": seconds},
        facts=facts,
        remarks=_remarks(facts),
        pictures=views,
    )


def _remarks(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """What of the facts a person should know."""
    remarks = []
    if facts["colours"] == "mean":
        remarks.append("no viewpoint is sure: the mesh has the object's mean colour")
    if facts["threshold_lowered"]:
        remarks.append(f"nothing reached the threshold; it was lowered to {facts['threshold']:.3f}")
    return tuple(remarks)


def _is_sure(view: View) -> bool:
    return view.confidence >= SURE and view.silhouette_iou >= ALIKE


def _coloured(
    surface: Surface, views: Views, masks: list[Tensor], found: list[View | None], symmetric: bool
) -> tuple[Meshes, str]:
    """The mesh with colours, and where they come from."""
    sure = [(i, view) for i, view in enumerate(found) if view is not None and _is_sure(view)]
    if not sure:
        return paint_evenly(surface.mesh, mean_colour(views.images, masks)), "mean"
    images, thin = [views.images[i] for i, _ in sure], [masks[i] for i, _ in sure]
    cameras = [view.camera for _, view in sure]
    verts = surface.mesh.verts_packed()
    mirrored = verts * verts.new_tensor([-1.0, 1.0, 1.0]) if symmetric else None
    return paint_from_views(surface.mesh, images, thin, cameras, mirrored), "pictures"
