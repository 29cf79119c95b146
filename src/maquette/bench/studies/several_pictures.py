"""Several pictures with cameras: what silhouettes tell, what the frustum's network guesses, and both together.

    python -m maquette.bench.studies.several_pictures --shapes PACK --views 2 3 5 8 --threads 1 --json FILE

Shapes of the test split are drawn as `maquette render` draws them (256 pixels, style r2n2: from 25 to 30 degrees above),
and made from their pictures, masks and cameras in four ways: the visual hull; a sphere molded to the silhouettes; the
network's guess; the guess, molded. IoU of solid voxels in the cube around the shape; silhouette IoU on the fitted views
and on eight others; how much of what many silhouettes leave room for, though it is empty, stays empty (hollows: cells in
the hull of 48 views, two cells and more from the solid); seconds.
"""

import time
from argparse import ArgumentTypeError
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import max_pool3d

from ...data.open import open_shapes
from ...lift.solid_surface import solid_surface
from ...metrics.voxel_iou import voxel_iou
from ...ops import voxelize
from ...reconstruct import load_system
from ...renderer.views import orbit_views, r2n2_views, render_views, sphere_views
from ...structures import Meshes
from ...structures.cameras import CamerasBase
from ...structures.views import Views
from ...structures.voxels import VoxelGrid
from ...systems.molding.init_shape import visual_hull
from ...systems.molding.silhouettes import SilhouettesConfig, mold_to_silhouettes, silhouette_iou
from ..machine import describe_machine
from .arguments import run_study, study_parser, write_json

_SIZE, _CELLS, _HULL = 256, 64, 96
_MANY, _UNSEEN, _APART = (
    48,
    8,
    2,
)  # views of the hull that has hollows; views that judge; cells from the solid
_RADIUS = 0.5  # of the ball around a shape in the object frame
Solid = Bool[Tensor, "x y z"]


class Case(NamedTuple):
    """A shape and its true voxels in the cube around it, with edges of `side`."""

    name: str
    mesh: Meshes
    solid: Solid
    side: float


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Run the study; returns its numbers."""
    parser = study_parser(__doc__)
    parser.add_argument("--shapes", required=True, help="a packed file or a folder of meshes")
    parser.add_argument("--weights", help="of the frustum; those that ship when not given")
    parser.add_argument(
        "--views", type=_several, nargs="+", default=[2, 3, 5, 8], help="pictures of each shape"
    )
    parser.add_argument("--every", type=int, default=1, help="take one shape in so many")
    parser.add_argument("--categories", nargs="*", default=[], help="only these")
    parser.add_argument("--without", nargs="*", default=[], help="sources that are left out")
    parser.add_argument("--steps", type=int, help="of molding, instead of its own")
    parser.add_argument("--threads", type=int, help="of torch")
    options = parser.parse_args(words)
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    system = load_system("frustum", options.weights)
    rows = []
    for number, case in enumerate(_cases(options)):
        hollow = _hollow(case)
        for count in options.views:
            rows += _rows(case, r2n2_views(count, number), hollow, system, options.steps)
            write_json(options.json, {"machine": describe_machine(torch.device("cpu")), "rows": rows})
        print(f"{number + 1} {case.name}", flush=True)
    numbers = _summary(rows)
    for line in _table(numbers):
        print(line)
    write_json(
        options.json, {"machine": describe_machine(torch.device("cpu")), "summary": numbers, "rows": rows}
    )
    return {"summary": numbers, "rows": rows}


def _several(word: str) -> int:
    if int(word) < 2:
        raise ArgumentTypeError("two views or more are needed")
    return int(word)


def _cases(options: Any) -> Iterator[Case]:
    pack, _ = open_shapes(options.shapes, side=_CELLS)
    chosen = [
        i
        for i, entry in enumerate(pack.entries)
        if entry.split == "test"
        and entry.source not in options.without
        and (not options.categories or entry.category in options.categories)
    ]
    for i in chosen[:: options.every]:
        shape, solid = pack.shape(i), pack.solid(torch.tensor([i]))[0]
        if shape.mesh is not None:
            yield Case(shape.id, shape.mesh, solid, float(pack.sides[i]))


def _rows(
    case: Case, cameras: CamerasBase, hollow: Solid, system: Any, steps: int | None
) -> list[dict[str, Any]]:
    """What comes of the pictures that cameras take, each way."""
    seen = render_views(case.mesh, cameras, _SIZE, antialias=2)
    masks = seen.masks.float()
    judges = orbit_views(_UNSEEN, 3.5 * _RADIUS, 10.0)
    truth = render_views(case.mesh, judges, _SIZE // 2).masks.float()
    rows = []

    def add(way: str, seconds: float, solid: Solid, mesh: Meshes | None = None) -> None:
        row: dict[str, Any] = {"id": case.name, "views": len(cameras), "way": way, "seconds": seconds}
        row["iou"] = float(voxel_iou(solid[None], case.solid[None]))
        row["hollows"] = float((hollow & ~solid).sum() / hollow.sum()) if bool(hollow.any()) else None
        if mesh is not None:
            row["silhouettes"] = float(silhouette_iou(mesh, cameras, masks).mean())
            row["unseen"] = float(silhouette_iou(mesh, judges, truth).mean())
        rows.append(row)

    def molded(config: SilhouettesConfig, start: Meshes | None = None) -> Meshes:
        if steps is not None:
            config = SilhouettesConfig(**{**vars(config), "steps": steps})
        return mold_to_silhouettes(masks, cameras, config, start=start).mesh

    began = time.perf_counter()
    hull = _hull(case, cameras, masks)
    add("hull", time.perf_counter() - began, hull)
    began = time.perf_counter()
    sphere = molded(SilhouettesConfig.default())
    add("sphere, molded", time.perf_counter() - began, _solid(case, sphere), sphere)
    began = time.perf_counter()
    guess = system.reconstruct(Views(list(seen.images), list(masks[:, None]), cameras))[0].mesh
    add("guess", time.perf_counter() - began, _solid(case, guess), guess)
    both = molded(SilhouettesConfig.near(), solid_surface(guess))
    add("guess, molded", time.perf_counter() - began, _solid(case, both), both)
    return rows


def _solid(case: Case, mesh: Meshes) -> Solid:
    return voxelize(mesh, _CELLS, case.side).occupancy[0]


def _hull(case: Case, cameras: CamerasBase, masks: Float[Tensor, "view height width"]) -> Solid:
    """Cells of the case whose middles lie in the visual hull."""
    hull = visual_hull(cameras, list(masks), _HULL)
    middles = VoxelGrid(case.solid[None], side=case.side).cell_centers().view(-1, 3)
    cells = ((middles - hull.lower) / hull.cell).floor().long()
    inside = ((cells >= 0) & (cells < _HULL)).all(dim=1)
    x, y, z = cells.clamp(0, _HULL - 1).unbind(dim=1)
    return (inside & hull.occupied[x, y, z]).view(case.solid.shape)


def _hollow(case: Case) -> Solid:
    """Cells that no silhouette shows to be empty, a little away from the solid."""
    cameras = sphere_views(_MANY, 3.5 * _RADIUS)
    hull = _hull(case, cameras, render_views(case.mesh, cameras, _SIZE).masks.float())
    near = max_pool3d(case.solid[None].float(), 2 * _APART - 1, stride=1, padding=_APART - 1)[0] > 0
    return hull & ~near


def _summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Means over shapes, for each number of views and each way."""
    keys = list(dict.fromkeys((row["views"], row["way"]) for row in rows))
    return [
        {"views": views, "way": way, **_means([r for r in rows if (r["views"], r["way"]) == (views, way)])}
        for views, way in sorted(keys, key=lambda key: key[0])
    ]


def _means(rows: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {"shapes": len(rows)}
    for name in ("iou", "hollows", "silhouettes", "unseen", "seconds"):
        values = [row[name] for row in rows if row.get(name) is not None]
        found[name] = sum(values) / len(values) if values else None
    return found


def _table(numbers: list[dict[str, Any]]) -> Iterator[str]:
    names = ("iou", "hollows", "silhouettes", "unseen", "seconds")
    yield "| views | from | IoU | hollows | silhouettes | unseen | s |"
    yield "|---|---|---|---|---|---|---|"
    for row in numbers:
        cells = (
            "" if row[name] is None else f"{row[name]:.{1 if name == 'seconds' else 3}f}" for name in names
        )
        yield f"| {row['views']} | {row['way']} | {' | '.join(cells)} |"


if __name__ == "__main__":
    run_study(main)
