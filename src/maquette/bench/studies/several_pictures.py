"""Several pictures with cameras: what silhouettes tell, what the frustum's network guesses, and both together.

    python -m maquette.bench.studies.several_pictures --shapes PACK --views 3 5 8 --threads 1 --json FILE

Shapes of the test split are drawn as `maquette render` draws them (256 pixels, style r2n2: from 25 to 30 degrees
above), and made from their pictures, masks and cameras in four ways: the visual hull; a sphere molded to the
silhouettes; the network's guess; the guess, molded. IoU of solid voxels in the cube around the shape; hollows: of
what is empty though 48 silhouettes from all around do not show it (cells one or more away from the solid), the share
that stays empty, where it is 2 % or more of the solid; silhouette IoU on the fitted views and on eight others;
seconds.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
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
from ...systems.molding.silhouettes import SilhouettesConfig, mold_to_silhouettes, silhouette_iou
from ..machine import describe_machine
from .arguments import run_study, study_parser, write_json

_SIZE, _CELLS = 256, 64
_FAR = 1.75  # distance of the cameras that judge, in diagonals of the shape
_MANY, _UNSEEN = 48, 8  # views whose hull has hollows, views that judge silhouettes
_HOLLOW = 0.02  # share of the solid from which on hollows count
_SCORES = ("iou", "hollows", "silhouettes", "unseen", "seconds")
Masks = Float[Tensor, "view height width"]
Solid = Bool[Tensor, "x y z"]


class Case(NamedTuple):
    """A shape.

    Attributes:
        name: its id.
        mesh: in the object frame.
        solid: its voxels in the cube of edge `side` about the origin.
        hollow: those that no silhouette shows to be empty.
    """

    name: str
    mesh: Meshes
    solid: Solid
    side: float
    hollow: Solid


class Made(NamedTuple):
    """What came of pictures one way: voxels, seconds, and the mesh where there is one."""

    way: str
    seconds: float
    solid: Solid
    mesh: Meshes | None = None


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Run the study; returns its numbers."""
    parser = study_parser(__doc__)
    parser.add_argument("--shapes", required=True, help="a packed file or a folder of meshes")
    parser.add_argument("--weights", help="of the frustum; those that ship when not given")
    parser.add_argument("--views", type=_several, nargs="+", default=[3, 5, 8], help="pictures of each shape")
    parser.add_argument("--every", type=int, default=1, help="take one shape in so many")
    parser.add_argument("--categories", nargs="*", default=[], help="only these")
    parser.add_argument("--without", nargs="*", default=[], help="sources that are left out")
    parser.add_argument(
        "--share", type=float, default=1.0, help="of molding's own numbers of steps that are taken"
    )
    parser.add_argument("--size", type=int, help="of the pictures that molding compares, instead of its own")
    parser.add_argument("--threads", type=int, help="of torch")
    options = parser.parse_args(words)
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    system = load_system("frustum", options.weights)
    machine = describe_machine(torch.device("cpu"))
    rows: list[dict[str, Any]] = []
    for number, case in enumerate(_cases(options)):
        for count in options.views:
            rows += _rows(case, r2n2_views(count, number), system, options)
        write_json(options.json, {"machine": machine, "summary": _summary(rows), "rows": rows})
        print(f"{number + 1} {case.name}", flush=True)
    numbers = _summary(rows)
    print(*_table(numbers), sep="\n")
    return {"machine": machine, "summary": numbers, "rows": rows}


def _several(word: str) -> int:
    if int(word) < 2:
        raise argparse.ArgumentTypeError("two views or more are needed")
    return int(word)


def _cases(options: argparse.Namespace) -> Iterator[Case]:
    pack, _ = open_shapes(options.shapes, side=_CELLS)
    chosen = [
        i
        for i, entry in enumerate(pack.entries)
        if entry.split == "test"
        and entry.source not in options.without
        and (not options.categories or entry.category in options.categories)
    ]
    for i in chosen[:: options.every]:
        shape, solid, side = pack.shape(i), pack.solid(torch.tensor([i]))[0], float(pack.sides[i])
        if shape.mesh is not None:
            cameras = sphere_views(_MANY, _FAR)
            hull = _hull(solid.shape, side, cameras, render_views(shape.mesh, cameras, _SIZE).masks.float())
            near = max_pool3d(solid[None].float(), 3, stride=1, padding=1)[0] > 0
            yield Case(shape.id, shape.mesh, solid, side, hull & ~near)


def _rows(
    case: Case, cameras: CamerasBase, system: Any, options: argparse.Namespace
) -> Iterator[dict[str, Any]]:
    """How good is what comes of the pictures that cameras take, each way."""
    seen = render_views(case.mesh, cameras, _SIZE, antialias=2)
    masks = seen.masks.float()
    judges = orbit_views(_UNSEEN, _FAR, 10.0)
    truth = render_views(case.mesh, judges, _SIZE // 2).masks.float()
    views = Views(list(seen.images), list(masks[:, None]), cameras)
    for made in _ways(case, views, masks, system, options):
        row: dict[str, Any] = {"id": case.name, "views": len(cameras), "way": made.way}
        row["iou"] = float(voxel_iou(made.solid[None], case.solid[None]))
        if case.hollow.sum() >= _HOLLOW * case.solid.sum():
            row["hollows"] = float((case.hollow & ~made.solid).sum() / case.hollow.sum())
        if made.mesh is not None:
            row["silhouettes"] = float(silhouette_iou(made.mesh, cameras, masks).mean())
            row["unseen"] = float(silhouette_iou(made.mesh, judges, truth).mean())
        yield {**row, "seconds": made.seconds}


def _ways(case: Case, views: Views, masks: Masks, system: Any, options: argparse.Namespace) -> Iterator[Made]:
    def molded(config: SilhouettesConfig, start: Meshes | None = None) -> Meshes:
        steps = round(options.share * config.steps)
        config = replace(config, steps=steps, size=options.size or config.size)
        return mold_to_silhouettes(masks, views.cameras, config, start=start).mesh

    def of_mesh(way: str, began: float, mesh: Meshes) -> Made:
        seconds = time.perf_counter() - began
        return Made(way, seconds, voxelize(mesh, _CELLS, case.side).occupancy[0], mesh)

    began = time.perf_counter()
    hull = _hull(case.solid.shape, case.side, views.cameras, masks)
    yield Made("hull", time.perf_counter() - began, hull)
    began = time.perf_counter()
    yield of_mesh("sphere, molded", began, molded(SilhouettesConfig.default()))
    began = time.perf_counter()
    guess = system.reconstruct(views)[0].mesh
    yield of_mesh("guess", began, guess)
    yield of_mesh("guess, molded", began, molded(SilhouettesConfig.near(), solid_surface(guess)))


def _hull(shape: Sequence[int], side: float, cameras: CamerasBase, masks: Masks) -> Solid:
    """Cells of a cube about the origin whose middles lie on all masks."""
    hull = torch.ones(tuple(shape), dtype=torch.bool)
    middles = VoxelGrid(hull[None], side=side).cell_centers()
    for i, mask in enumerate(masks):
        seen = cameras[[i]].transform_points_screen(middles[hull], image_size=(tuple(mask.shape),))
        column, row = seen[..., :2].view(-1, 2).floor().long().unbind(dim=1)
        inside = (row >= 0) & (row < mask.shape[0]) & (column >= 0) & (column < mask.shape[1])
        on = mask[row.clamp(0, mask.shape[0] - 1), column.clamp(0, mask.shape[1] - 1)] > 0.5
        hull[hull.clone()] = inside & on
    return hull


def _summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Means over shapes, for each number of views and each way."""
    keys = sorted({row["views"] for row in rows}), dict.fromkeys(row["way"] for row in rows)
    return [
        {"views": views, "way": way, **_means([r for r in rows if (r["views"], r["way"]) == (views, way)])}
        for views in keys[0]
        for way in keys[1]
    ]


def _means(rows: list[dict[str, Any]]) -> dict[str, Any]:
    values = {name: [row[name] for row in rows if name in row] for name in _SCORES}
    return {"shapes": len(rows), **{name: sum(have) / len(have) for name, have in values.items() if have}}


def _table(numbers: list[dict[str, Any]]) -> Iterator[str]:
    yield f"| views | from | {' | '.join(_SCORES)} |"
    yield "|---" * (2 + len(_SCORES)) + "|"
    for row in numbers:
        cells = (f"{row[name]:.3f}" if name in row else "" for name in _SCORES)
        yield f"| {row['views']} | {row['way']} | {' | '.join(cells)} |"


if __name__ == "__main__":
    run_study(main)
