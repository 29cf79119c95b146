"""Cameras told by silhouettes: how far they are from the true ones, and what is molded from them.

    python -m maquette.bench.studies.unknown_cameras --shapes PACK --threads 1 --json FILE

Every so-many-th test shape made by hand is drawn by cameras in a ring 25 degrees above the ground: `turntable`, an
even ring from one distance, told so; and `hand`, where azimuth and elevation of each differ by 8 degrees (standard
deviation), roll by 2, distance by a tenth, and the object is off the middle. Masks alone are given, and the field of
view. Errors are angles of rotation, in the median over the pictures, behind the one turn of the world that fits best;
the least over the answers is told, too. An error above 30 degrees is a ring that goes around the other way, in most
cases: the mirror image of the object, which is counted apart.

Of the numbers of views that `--molded` names, each shape is also molded as `mold` does it, at a share of its steps,
from the cameras that were found and from the true ones. Found worlds are brought into the true one by the similarity
that fits the cameras best, and outlines are compared in 20 views of a ring between the true azimuths, every other one
10 and 40 degrees above the ground.

Rows that `--json` holds already, of the same settings, are not measured again.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean, median
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from ...data.open import open_shapes
from ...data.pack_data import ShapePack
from ...io.errors import BadInput
from ...io.json_file import read_json
from ...poses.compared import rotation_error, similarity_between
from ...poses.cube_fit import FoundPoses
from ...poses.silhouettes import PosesConfig, poses_from_silhouettes, ring
from ...renderer import FoVPerspectiveCameras
from ...renderer.views import render_views
from ...structures import Meshes
from ...structures.cameras import CamerasBase
from ...systems.molding.hull import start_from_hull, surface_of
from ...systems.molding.silhouettes import (
    SilhouettesConfig,
    find_ball,
    mold_to_silhouettes,
    silhouette_iou,
)
from ..machine import describe_machine
from .arguments import run_study, study_parser, write_json

_FOV, _UP, _FAR, _SIZE = 40.0, 25.0, 2.0, 96
_SPREAD = (8.0, 8.0, 2.0)  # of azimuth, elevation and roll in degrees
_MIRRORED = 30.0
_UNSEEN, _UNSEEN_UPS = 20, (10.0, 40.0)  # views that judge, and their elevations by turns
_GOOD = 0.85  # IoU of them
_SETTINGS = ("shapes", "colours", "share")


class Taken(NamedTuple):
    """Pictures of a shape with their true cameras."""

    masks: Float[Tensor, "view height width"]
    images: Float[Tensor, "view 3 height width"]
    R: Float[Tensor, "view 3 3"]
    T: Float[Tensor, "view 3"]


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Run the study; returns its numbers."""
    parser = study_parser(__doc__)
    parser.add_argument("--shapes", type=Path, required=True, help="a folder of meshes or a packed file")
    parser.add_argument("--every", type=int, default=7, help="take one test shape in so many")
    parser.add_argument("--most", type=int, default=30, help="shapes")
    parser.add_argument("--views", type=int, nargs="+", default=[12, 8, 20])
    parser.add_argument("--molded", type=int, nargs="*", default=[12], help="numbers of views to mold from")
    parser.add_argument("--share", type=float, default=0.5, help="of molding's own steps that are taken")
    parser.add_argument("--kinds", nargs="+", choices=("turntable", "hand"), default=("turntable", "hand"))
    parser.add_argument("--colours", action="store_true", help="compare the pictures' colours, too")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(words)
    torch.set_num_threads(options.threads)
    numbers: dict[str, Any] = {
        "machine": describe_machine(torch.device("cpu")),
        "shapes": options.shapes.name,
        "colours": options.colours,
        "share": options.share,
    }
    rows = _measured(options.json, numbers)
    for views in options.views:
        for name, mesh in _chosen(options):
            for kind in options.kinds:
                about = {"shape": name, "views": views, "kind": kind}
                if _is_there(rows, about, views in options.molded):
                    continue
                rows = [row for row in rows if not about.items() <= row.items()]
                rows.append({**about, **_row(mesh, views, kind, options)})
                print(rows[-1], flush=True)
                write_json(options.json, numbers | {"summary": summary(rows), "rows": rows})
    print(*_table(summary(rows)), sep="\n")
    return numbers | {"summary": summary(rows), "rows": rows}


def _measured(file: Path | None, numbers: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows of an earlier run.

    Raises:
        BadInput: they are of other settings.
    """
    if file is None or not file.exists():
        return []
    before = read_json(file, dict)
    for name in _SETTINGS:
        if before.get(name) != numbers[name]:
            raise BadInput(file, f"was measured with {name} {before.get(name)}, not {numbers[name]}")
    return list(before["rows"])


def _is_there(rows: Sequence[dict[str, Any]], about: dict[str, Any], molded: bool) -> bool:
    return any(about.items() <= row.items() and (not molded or "unseen_iou" in row) for row in rows)


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
    row = {
        "degrees": round(errors[0], 2),
        "best_of_answers": round(min(errors), 2),
        "answers": len(found),
        "mirrored": errors[0] > _MIRRORED,
        "outline_iou": round(float(found[0].iou.mean()), 4),
        "cpu_seconds": round(seconds, 1),
    }
    return row | _molded_row(mesh, taken, found[0], options.share) if views in options.molded else row


def _molded_row(mesh: Meshes, taken: Taken, found: FoundPoses, share: float) -> dict[str, Any]:
    """How well outlines of what is molded fit in unseen views, and the seconds of one molding."""
    judges = _judges()
    truth = render_views(mesh, judges, (_SIZE, _SIZE)).masks.float().reshape(-1, _SIZE, _SIZE)
    similarity = similarity_between(found.R, found.T, taken.R, taken.T)
    row: dict[str, Any] = {}
    seconds = 0.0
    for name, R, T in (("unseen_iou", found.R, found.T), ("unseen_iou_known", taken.R, taken.T)):
        began = time.process_time()
        molded = mold(taken.masks, FoVPerspectiveCameras(R=R, T=T, fov=_FOV), share)
        seconds += time.process_time() - began
        if molded is not None and name == "unseen_iou":
            molded = molded.update_padded(similarity.points(molded.verts_padded()))
        row[name] = 0.0 if molded is None else round(float(silhouette_iou(molded, judges, truth).mean()), 4)
    return row | {"molding_cpu_seconds": round(seconds / 2, 1)}


def _judges() -> FoVPerspectiveCameras:
    """Cameras that see the object from between those of 8, 12 and 20 even pictures."""
    azimuths = (torch.arange(_UNSEEN) + 0.5) * 360.0 / _UNSEEN
    ups = [_UNSEEN_UPS[i % 2] for i in range(_UNSEEN)]
    R = torch.cat([ring(a[None], up) for a, up in zip(azimuths, ups, strict=True)])
    return FoVPerspectiveCameras(R=R, T=torch.tensor([[0.0, 0.0, _FAR]]).repeat(_UNSEEN, 1), fov=_FOV)


def mold(masks: Float[Tensor, "view height width"], cameras: CamerasBase, share: float) -> Meshes | None:
    """What `maquette mold` makes of masks, at a share of its steps; None where they do not meet."""
    try:
        frame = find_ball(cameras, masks)
    except ValueError:
        return None
    hull = start_from_hull(masks, cameras, frame)
    config = SilhouettesConfig.default() if hull is None else SilhouettesConfig.near()
    config = replace(config, steps=max(1, round(share * config.steps)))
    start = None if hull is None else surface_of(hull)
    return mold_to_silhouettes(masks, cameras, config, frame, start=start).mesh


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
                **_molded_summary([row for row in same if "unseen_iou" in row]),
            }
        )
    return found


def _molded_summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Of rows that were molded; all of them None where there are none, so that rows of the table are alike."""

    def mean(name: str, rows: Sequence[dict[str, Any]]) -> float | None:
        return round(fmean(row[name] for row in rows), 3) if rows else None

    right = [row for row in rows if not row["mirrored"]]
    return {
        "molded": len(rows),
        "unseen_iou": mean("unseen_iou", rows),
        "unseen_iou_median": round(median(row["unseen_iou"] for row in rows), 3) if rows else None,
        "unseen_iou_not_mirrored": mean("unseen_iou", right),
        "at_least_85": sum(row["unseen_iou"] >= _GOOD for row in rows),
        "unseen_iou_known": mean("unseen_iou_known", rows),
        "at_least_85_known": sum(row["unseen_iou_known"] >= _GOOD for row in rows),
        "molding_cpu_seconds": mean("molding_cpu_seconds", rows),
    }


def _table(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    if rows:
        yield f"| {' | '.join(rows[0])} |"
        yield "|---" * len(rows[0]) + "|"
    for row in rows:
        yield f"| {' | '.join(map(str, row.values()))} |"


if __name__ == "__main__":
    run_study(main)
