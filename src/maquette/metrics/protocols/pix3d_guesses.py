"""What guesses would score under protocol `pix3d`: a category's mean shape put into the true box, or the box full."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from ...data.batch import PictureObjects, Source, known
from ...data.readable import readable_batches
from ...ops.box_frustum import BoxFrustums, depth_range, frustum_voxels
from ...ops.marching_cubes import marching_cubes
from ...structures import Meshes
from .face import Row

GUESSES = {
    "mean": "the category's mean training object, put into the true box, at its best level",
    "full": "the true box, full from the true near end to the far one",
}
_SIDE = 24
_LEVELS = (0.25, 0.4, 0.55)
_OBJECTS_A_MEAN, _AT_ONCE = 300, 16


def guesses_of(rows: Sequence[Row], source: Source, split: str) -> dict[str, list[tuple[Row, list[Meshes]]]]:
    """Guesses of each kind, with the rows that they are for: meshes in the camera frame, the best of which counts.

    Args:
        rows: of pictures, what is true of them in `kept.truth`.
        source: of the training pictures.
        split: that is evaluated; the training split itself has no means.
    """
    full = torch.ones(_SIDE, _SIDE, _SIDE)
    found: dict[str, list[tuple[Row, list[Meshes]]]] = {name: [] for name in GUESSES}
    means = {} if split == "train" else training_means(source, {row.entry.category for row in rows})
    for row in rows:
        truth = row.kept.truth
        found["full"].append((row, [in_box(full, 0.5, truth)]))
        mean = means.get(row.entry.category)
        options = (
            [] if mean is None else [in_box(mean, level, truth) for level in _LEVELS if mean.max() > level]
        )
        if options:
            found["mean"].append((row, options))
    return found


def training_means(source: Source, categories: set[str]) -> dict[str, Float[Tensor, "depth row column"]]:
    """How often each cell of a box's frustum is solid, of at most 300 training pictures of each category."""
    means = {}
    for category in sorted(categories):
        places = [
            i
            for i, entry in enumerate(source.entries)
            if entry.split == "train" and entry.category == category
        ]
        step = max(1, -(-len(places) // _OBJECTS_A_MEAN))
        total, count = torch.zeros(_SIDE, _SIDE, _SIDE), 0
        for batch, _ in readable_batches(source, places[::step], 1, _AT_ONCE, "cpu", []):
            for truth in known(batch.truth.objects):
                total += frustum_voxels(known(truth.points), truth.boxes, known(truth.camera)[None], _SIDE)[0]
                count += 1
        if count:
            means[category] = total / count
    return means


def in_box(grid: Float[Tensor, "depth row column"], level: float, truth: PictureObjects) -> Meshes:
    """The surface of a grid, some of which is above the level, within the true box and between the true depths."""
    padded = pad(grid, (1,) * 6)[None]
    verts, faces = marching_cubes(padded, level + 1e-5, return_local_coords=False)
    # Columns and rows are cut off from the other end than slices (`ops.box_frustum.filled`).
    middles = verts[0] - 1 + verts[0].new_tensor([-0.5, -0.5, 0.5])
    places = 2 * middles / (len(grid) - 1) - 1
    depths = depth_range(known(truth.meshes).verts_packed().cpu())[None]
    frustum = BoxFrustums.behind(truth.boxes.cpu(), known(truth.camera).cpu()[None], depths)
    return Meshes([frustum.out_of_cubes(places[None])[0]], [faces[0]])
