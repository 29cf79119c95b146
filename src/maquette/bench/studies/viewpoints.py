"""How well the viewpoint of a picture is found again: rendered pictures of held-out shapes.

    python -m maquette.bench.studies.viewpoints --shapes DIR --json FILE
    python -m maquette.bench.studies.viewpoints --shapes DIR --weights FILE

Shapes of the test split are drawn from random viewpoints of 3D-R2N2's range; the viewpoint is found with the shape's
true voxels, or with those that `r2n2` reconstructs from the picture and the azimuths that it tells. Shapes that look
alike after half a turn about the vertical axis (IoU of their voxels >= 0.7) have no one right answer and are counted
apart. Errors in degrees of azimuth.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...data import families
from ...data.mesh_folder import read_mesh_folder
from ...data.mesh_set import turned
from ...io import BadInput, load_mesh
from ...lift import SPREAD, SPREAD_TOLD, SURE, find_surface, find_view
from ...ops import voxelize
from ...reconstruct import load_system
from ...renderer.views import bounding_ball, cameras_from_r2n2, render_views
from ...structures import Meshes
from ...structures.views import Views
from .arguments import study_parser, write_json

_RESOLUTION, _SIZE, _SYMMETRIC, _CLOSE = 32, 137, 0.7, 15.0


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Run the measurement; returns its numbers."""
    parser = study_parser(__doc__)
    parser.add_argument("--shapes", required=True, help="a folder of meshes, or families:N")
    parser.add_argument("--weights", type=Path, help="of r2n2; true voxels when not given")
    parser.add_argument("--views", type=int, default=3, help="pictures of each shape")
    parser.add_argument("--every", type=int, default=1, help="take one shape in so many")
    parser.add_argument("--categories", nargs="*", default=[], help="only these")
    parser.add_argument("--without", nargs="*", default=[], help="sources that are left out")
    options = parser.parse_args(words)
    system = None if options.weights is None else load_system("r2n2", options.weights)
    generator = torch.Generator().manual_seed(0)
    rows: list[dict[str, Any]] = []
    for name, mesh in _test_shapes(options):
        draw = torch.rand(options.views, 3, generator=generator)
        places = draw * torch.tensor([360.0, 5.0, 0.3]) + torch.tensor([0.0, 25.0, 0.65])
        rows += _measure(mesh, places, system, name)
    numbers = {}
    for kind, symmetric in (("not symmetric", False), ("symmetric", True)):
        numbers[kind] = _summary([row for row in rows if row["symmetric"] == symmetric])
        print(kind, json.dumps(numbers[kind]))
    write_json(options.json, {"summary": numbers, "pictures": rows})
    return numbers


def _test_shapes(options: argparse.Namespace) -> Iterator[tuple[str, Meshes]]:
    """Names and meshes, in the object frame, of shapes of the test split that can be read."""
    if options.shapes.startswith("families:"):
        made = families.shapes(int(options.shapes.partition(":")[2]))
        held = [shape for shape in made if shape.split == "test"][:: options.every]
        yield from ((shape.id, shape.mesh) for shape in held if shape.mesh is not None)
        return
    chosen = [mesh for mesh in read_mesh_folder(Path(options.shapes)) if mesh.entry.split == "test"]
    chosen = [mesh for mesh in chosen if mesh.entry.source not in options.without]
    if options.categories:
        chosen = [mesh for mesh in chosen if mesh.entry.category in options.categories]
    for mesh in chosen[:: options.every]:
        with suppress(BadInput):
            yield mesh.entry.id, _in_object_frame(turned(load_mesh(mesh.path, root=mesh.root), mesh.axes))


def _in_object_frame(mesh: Meshes) -> Meshes:
    center, radius = bounding_ball(mesh)
    return mesh.offset_verts(-center).scale_verts(0.5 / radius)


def _measure(mesh: Meshes, places: Tensor, system: Any, name: str) -> list[dict[str, Any]]:
    extent = mesh.verts_packed().amax(dim=0) - mesh.verts_packed().amin(dim=0)
    solid = voxelize(mesh, _RESOLUTION, side=float(extent.max())).occupancy[0]
    turned = torch.rot90(solid, 2, (0, 2))
    alike = float((solid & turned).sum() / (solid | turned).sum().clamp(min=1))
    cameras = cameras_from_r2n2(places[:, 0], places[:, 1], places[:, 2])
    seen = render_views(mesh, cameras, _SIZE, antialias=2, background=240 / 255)
    rows = []
    for image, covered, place in zip(seen.images, seen.masks, places, strict=True):
        mask = covered[None].float()
        if not bool(covered.any()):
            continue
        field, told = (solid.float(), None) if system is None else _seen(system, image, mask)
        spread = {} if system is None else {"spread": SPREAD if told is None else SPREAD_TOLD}
        view = find_view(find_surface(field).mesh, image, mask, told, **spread)
        assert view is not None
        gap = abs(view.azimuth - float(place[0])) % 360
        rows.append({"id": name, "symmetric": alike >= _SYMMETRIC, "error": min(gap, 360 - gap),
                     "elevation_error": abs(view.elevation - float(place[1])), "confidence": view.confidence,
                     "silhouette_iou": view.silhouette_iou})  # fmt: skip
    return rows


def _seen(system: Any, image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor | None]:
    """Occupancy, and how probable each azimuth is, by a system that says so."""
    framed = system.frame(Views([image], [mask]))[None]
    azimuths = system.azimuths(framed)
    return system.occupancy(framed)[0], None if azimuths is None else azimuths[0, 0]


def _summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    if not rows:
        return {"pictures": 0}
    errors = torch.tensor([row["error"] for row in rows])
    elevation_errors = torch.tensor([row["elevation_error"] for row in rows])
    close = errors <= _CLOSE
    sure = torch.tensor([row["confidence"] >= SURE for row in rows])
    return {
        "pictures": len(rows),
        "median_error": round(float(errors.median()), 2),
        "within_15": _share(close),
        "sure": _share(sure),
        "within_15_where_sure": _share(close[sure]) if sure.any() else 0.0,
        "median_elevation_error": round(float(elevation_errors.median()), 2),
        "silhouette_iou": round(sum(row["silhouette_iou"] for row in rows) / len(rows), 3),
    }


def _share(flags: Tensor) -> float:
    return round(float(flags.float().mean()), 3)


if __name__ == "__main__":
    main()
