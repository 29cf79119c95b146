"""Cameras told by silhouettes: how far they are from the true ones.

    python -m maquette.bench.studies.unknown_cameras --shapes PACK --views 8 12 20 --threads 1 --json FILE

Every so-many-th test shape made by hand is drawn by cameras in a ring 25 degrees above the ground: `turntable`, an
even ring from one distance, told so; and `hand`, where azimuth and elevation of each differ by 8 degrees (standard
deviation), roll by 2, distance by a tenth, and the object is off the middle. Masks alone are given, and the field of
view. Errors are angles of rotation, in the median over the pictures, behind the one turn of the world that fits best;
the least over the answers is told, too. An error above 30 degrees is a ring that goes around the other way, in most
cases: the mirror image of the object, which is counted apart.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ...data.open import open_shapes
from ...data.pack_data import ShapePack
from ...poses.silhouettes import FoundPoses, PosesConfig, poses_from_silhouettes, ring, rotation_error
from ...renderer import FoVPerspectiveCameras
from ...renderer.views import render_views
from ...structures import Meshes
from ..machine import describe_machine
from .arguments import run_study, study_parser, write_json

_FOV, _UP, _FAR, _SIZE = 40.0, 25.0, 2.0, 96
_SPREAD = (8.0, 8.0, 2.0)  # of azimuth, elevation and roll in degrees
_MIRRORED = 30.0


class Taken(NamedTuple):
    """Pictures of a shape with their true cameras."""

    masks: Tensor
    images: Tensor
    R: Tensor
    T: Tensor


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Run the study; returns its numbers."""
    parser = study_parser(__doc__)
    parser.add_argument("--shapes", type=Path, required=True, help="a folder of meshes or a packed file")
    parser.add_argument("--every", type=int, default=7, help="take one test shape in so many")
    parser.add_argument("--most", type=int, default=30, help="shapes")
    parser.add_argument("--views", type=int, nargs="+", default=[8, 12, 20])
    parser.add_argument("--kinds", nargs="+", choices=("turntable", "hand"), default=("turntable", "hand"))
    parser.add_argument("--colours", action="store_true", help="compare the pictures' colours, too")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(words)
    torch.set_num_threads(options.threads)
    rows: list[dict[str, Any]] = []
    numbers: dict[str, Any] = {
        "machine": describe_machine(torch.device("cpu")),
        "shapes": options.shapes.name,
        "colours": options.colours,
    }
    for name, mesh in _chosen(options):
        for views in options.views:
            for kind in options.kinds:
                rows.append({"shape": name, "views": views, "kind": kind, **_row(mesh, views, kind, options)})
                print(rows[-1], flush=True)
                write_json(options.json, numbers | {"summary": summary(rows), "rows": rows})
    print(*_table(summary(rows)), sep="\n")
    return numbers | {"summary": summary(rows), "rows": rows}


def _chosen(options: argparse.Namespace) -> Iterator[tuple[str, Meshes]]:
    pack: ShapePack = open_shapes(str(options.shapes))[0]
    test = [i for i, e in enumerate(pack.entries) if e.split == "test" and e.source != "shapeassembly"]
    for index in test[:: options.every][: options.most]:
        mesh = pack.meshes([index])
        verts = mesh.verts_packed()
        yield pack.entries[index].id, mesh.offset_verts(-(verts.amax(0) + verts.amin(0)) / 2)


def take(mesh: Meshes, views: int, kind: str, seed: int = 0) -> Taken:
    """Pictures of a shape, its bounding box's diagonal 1, from a ring of cameras."""
    draw = torch.Generator().manual_seed(seed)
    azimuths, ups, rolls = torch.arange(views) * 360.0 / views, torch.full((views,), _UP), torch.zeros(views)
    T = torch.tensor([[0.03, -0.02, _FAR]]).repeat(views, 1)
    if kind == "hand":
        azimuths, ups, rolls = (
            mean + spread * torch.randn(views, generator=draw)
            for mean, spread in zip((azimuths, ups, rolls), _SPREAD, strict=True)
        )
        T = T + torch.randn(views, 3, generator=draw) * torch.tensor([0.05, 0.05, 0.1 * _FAR])
    R = torch.stack([ring(a[None], float(up))[0] for a, up in zip(azimuths, ups, strict=True)])
    cosine, sine = torch.cos(torch.deg2rad(rolls)), torch.sin(torch.deg2rad(rolls))
    turn = torch.eye(3).repeat(views, 1, 1)
    turn[:, 0, 0], turn[:, 0, 1], turn[:, 1, 0], turn[:, 1, 1] = cosine, sine, -sine, cosine
    R = R @ turn
    seen = render_views(mesh, FoVPerspectiveCameras(R=R, T=T, fov=_FOV), (_SIZE, _SIZE))
    return Taken(seen.masks.float().reshape(views, _SIZE, _SIZE), seen.images, R, T)


def _row(mesh: Meshes, views: int, kind: str, options: argparse.Namespace) -> dict[str, Any]:
    taken = take(mesh, views, kind)
    began = time.process_time()
    images = list(taken.images) if options.colours else None
    config = PosesConfig(_FOV, turntable=kind == "turntable")
    found: list[FoundPoses] = poses_from_silhouettes(list(taken.masks), images, config)
    seconds = time.process_time() - began
    errors = [float(rotation_error(one.R, taken.R).median()) for one in found]
    return {
        "degrees": round(errors[0], 2),
        "best_of_answers": round(min(errors), 2),
        "answers": len(found),
        "mirrored": errors[0] > _MIRRORED,
        "outline_iou": round(float(found[0].iou.mean()), 4),
        "cpu_seconds": round(seconds, 1),
    }


def summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Medians over shapes, for each kind and number of views."""
    found = []
    for kind, views in dict.fromkeys((row["kind"], row["views"]) for row in rows):
        same = [row for row in rows if (row["kind"], row["views"]) == (kind, views)]
        found.append(
            {
                "kind": kind,
                "views": views,
                "shapes": len(same),
                "degrees": median(row["degrees"] for row in same),
                "within_8": sum(row["degrees"] <= 8 for row in same),
                "mirrored": sum(row["mirrored"] for row in same),
                "outline_iou": round(fmean(row["outline_iou"] for row in same), 3),
                "cpu_seconds": round(fmean(row["cpu_seconds"] for row in same), 1),
            }
        )
    return found


def _table(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    if rows:
        yield f"| {' | '.join(rows[0])} |"
        yield "|---" * len(rows[0]) + "|"
    for row in rows:
        yield f"| {' | '.join(map(str, row.values()))} |"


if __name__ == "__main__":
    run_study(main)
