"""How good masks are, and how many wrong ones are called doubtful: drawn shapes before photographs, true masks known.

    python -m maquette.bench.studies.masks --shapes DIR --photos DIR --count 500 --ways network grabcut --json FILE

Shapes of a split are drawn from viewpoints of 3D-R2N2's range, moved by up to an eighth of the picture, and
laid over photographs (or plain greys, without `--photos`). Masks are found as `reconstruct` finds them. A
mask is wrong below an IoU of 0.8 with the true one, and doubtful below the confidence at which `reconstruct`
says so. --ways looks for the same objects by these alone, --weights by another network: mean IoU, share of right
masks, milliseconds of a core.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, pad

from ...data.backgrounds import load_photos
from ...data.mesh_folder import read_mesh_folder
from ...data.mesh_set import turned
from ...io import BadInput, load_mesh
from ...renderer.views import bounding_ball, cameras_from_r2n2, render_views
from ...segment import UNSURE, Found, find_object
from ...segment.found import WAYS, Way
from ...segment.mask_net import MaskNet
from ...segment.network_mask import network_masks, read_mask_net
from ...structures.mask_box import mask_overlap
from .arguments import run_study, study_parser, write_json

_SIZE, _SHIFT = 192, 24
WRONG = 0.8  # IoU with the true mask below which a mask is wrong

Drawn = tuple[str, Float[Tensor, "3 size size"], Float[Tensor, "1 size size"]]


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Run the measurement; returns its numbers."""
    parser = study_parser(__doc__)
    parser.add_argument("--shapes", type=Path, required=True, help="a folder of meshes")
    parser.add_argument("--photos", type=Path, help="a folder of photographs; plain greys when not given")
    parser.add_argument("--split", default="test", choices=("train", "val", "test"), help="of the shapes")
    parser.add_argument("--every", type=int, default=2, help="take one shape in so many")
    parser.add_argument("--without", nargs="*", default=["shapeassembly"], help="sources that are left out")
    parser.add_argument("--count", type=int, help="pictures; one of each shape when not given")
    parser.add_argument("--ways", nargs="*", default=[], choices=WAYS, help="that are tried alone, too")
    parser.add_argument("--weights", type=Path, help="of another network, which is tried alone, too")
    options = parser.parse_args(words)
    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    network = None if options.weights is None else read_mask_net(options.weights)
    for name, image, mask in pictures(options, options.count):
        true = mask > 0.5
        found, told = judged(image, true)
        ways = {way: judged(image, true, way)[1] for way in options.ways}
        if network is not None:
            ways[str(options.weights.name)] = _by(network, image, true)
        rows.append({"id": name, "iou": told["iou"], "how": found and found.how,
                     "confidence": found and found.confidence, "ways": ways})  # fmt: skip
    numbers = {
        **doubts([row for row in rows if row["how"]]),
        "iou": round(fmean(row["iou"] for row in rows), 4),
        "ways": {way: _way([row["ways"][way] for row in rows]) for way in (rows[0]["ways"] if rows else ())},
    }
    print(numbers)
    write_json(options.json, {"summary": numbers, "pictures": rows})
    return numbers


def judged(image: Tensor, true: Tensor, way: Way | None = None) -> tuple[Found | None, dict[str, float]]:
    """What is found in a picture (by one way alone), its IoU with the true mask, and the milliseconds of a core."""
    began = time.process_time()
    found = find_object(image, way)
    seconds = time.process_time() - began
    pixels = torch.zeros_like(true) if found is None else found.mask > 0.5
    return found, _told(pixels, true, seconds)


def _by(network: MaskNet, image: Tensor, true: Tensor) -> dict[str, float]:
    """The same of a network's mask."""
    began = time.process_time()
    pixels = network_masks(network, image[None])[0] > 0.5
    return _told(pixels, true, time.process_time() - began)


def _told(pixels: Tensor, true: Tensor, seconds: float) -> dict[str, float]:
    return {"iou": mask_overlap(pixels, true), "ms": round(1000 * seconds, 1)}


def _way(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    right = sum(row["iou"] >= WRONG for row in rows) / len(rows)
    mean = {"iou": fmean(row["iou"] for row in rows), "ms": fmean(row["ms"] for row in rows), "right": right}
    return {name: round(value, 4) for name, value in mean.items()}


def pictures(options: Any, count: int | None = None) -> Iterator[Drawn]:
    """Names, pictures and true masks; of so many pictures all shapes come again, from other sides."""
    generator = torch.Generator().manual_seed(0)
    photos = None if options.photos is None else load_photos(options.photos).permute(0, 3, 1, 2) / 255
    meshes = [mesh for mesh in read_mesh_folder(options.shapes) if mesh.entry.split == options.split]
    meshes = [mesh for mesh in meshes if mesh.entry.source not in options.without]
    chosen = meshes[:: options.every]
    for mesh in islice(cycle(chosen), len(chosen) if count is None else count):
        draws = torch.rand(6, generator=generator)
        with suppress(BadInput):
            shape = turned(load_mesh(mesh.path, root=mesh.root), mesh.axes)
            center, radius = bounding_ball(shape)
            shape = shape.offset_verts(-center).scale_verts(0.5 / radius)
            azimuth, elevation, ratio = 360 * draws[:1], 25 + 5 * draws[1:2], 0.65 + 0.3 * draws[2:3]
            seen = render_views(
                shape, cameras_from_r2n2(azimuth, elevation, ratio), 2 * _SIZE, background=0.0
            )
            shift = ((2 * draws[3:5] - 1) * _SHIFT).round().int().tolist()
            drawn = avg_pool2d(torch.cat([seen.images[0], seen.masks.float()]), 2)
            image, alpha = _moved(drawn, shift).split([3, 1])
            behind = draws[5].expand(3, 1, 1) if photos is None else photos[int(draws[5] * len(photos))]
            yield mesh.entry.id, (image + behind * (1 - alpha)).clamp(0, 1), alpha


def _moved(picture: Tensor, shift: Sequence[int]) -> Tensor:
    padded = pad(picture, [_SHIFT] * 4)
    top, left = (_SHIFT + step for step in shift)
    return padded[:, top : top + _SIZE, left : left + _SIZE]


def doubts(rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """How many masks are wrong, how many are called doubtful, and how often that is the same."""
    wrong = [row["iou"] < WRONG for row in rows]
    doubtful = [row["confidence"] < UNSURE for row in rows]
    both = [a and b for a, b in zip(wrong, doubtful, strict=True)]
    return {
        "masks": len(rows),
        "wrong": sum(wrong),
        "doubtful": sum(doubtful),
        "wrong and doubtful": sum(both),
        "right and doubtful": sum(doubtful) - sum(both),
    }


if __name__ == "__main__":
    run_study(main)
