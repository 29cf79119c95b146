"""Molding hollow shapes from their visual hull, and from the hull that colours carved.

    python -m maquette.bench.studies.hollows --threads 1 --json FILE

Shapes of the built-in families, their bounding boxes' diagonals 1, are drawn by cameras spread evenly over a sphere:
"painted" in clouds of colours without light, or "plain" in the colours of their parts under a lamp at the camera, so
that a place's colour changes from picture to picture. Chamfer distance to the shape (10,000 points a side, x 10^3) of
the start and of what is molded from it, silhouette IoU, and seconds of processor time of the start.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from statistics import fmean
from typing import Any

import torch
from torch.nn.functional import grid_sample

from ...data.families import make
from ...renderer import TexturesVertex
from ...renderer.views import render_views, sphere_views
from ...structures import Meshes
from ...systems.molding.carving import carved_hull
from ...systems.molding.colours import refine
from ...systems.molding.hull import hull_grid, surface_of
from ...systems.molding.optimise import seeded
from ...systems.molding.points import score_points
from ...systems.molding.silhouettes import SilhouettesConfig, find_ball, mold_to_silhouettes
from ..machine import describe_machine
from .arguments import run_study, study_parser, write_json

_HOLLOW = ("mug-3", "mug-7", "mug-11", "chair-5", "chair-8", "sofa-1", "shelf-2")
_OTHERS = ("bottle-2", "table-4", "stool-1")
_FAR, _FOV_DEG = 1.75, 40.0
_CLOUDS = ((6, 0.5), (14, 0.3), (30, 0.2))  # cells across the shape, and their share
_CONTRAST = 1.8


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Run the study; returns its numbers."""
    parser = study_parser(__doc__)
    parser.add_argument("--views", type=int, default=20, help="pictures of each shape")
    parser.add_argument("--size", type=int, default=192, help="pixels a side of the pictures")
    parser.add_argument("--shapes", nargs="*", default=[*_HOLLOW, *_OTHERS], help="such as mug-3")
    parser.add_argument("--kinds", nargs="*", default=["painted", "plain"], choices=("painted", "plain"))
    parser.add_argument(
        "--share", type=float, default=1.0, help="of molding's steps that are taken; 0 for none"
    )
    parser.add_argument("--threads", type=int, help="of torch")
    options = parser.parse_args(words)
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    rows: list[dict[str, Any]] = []
    numbers: dict[str, Any] = {
        "machine": describe_machine(torch.device("cpu")),
        "views": options.views,
        "size": options.size,
        "share": options.share,
    }
    for kind in options.kinds:
        for name in options.shapes:
            rows += _rows(name, kind, options)
            numbers |= {"summary": _summary(rows), "rows": rows}
            write_json(options.json, numbers)
            print(*(f"{k} {v:.3f}" if isinstance(v, float) else v for k, v in rows[-1].items()), flush=True)
    print(*numbers["summary"], sep="\n")
    return numbers


def _rows(name: str, kind: str, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    family, seed = name.split("-")
    truth = make(family, int(seed)).mesh
    if truth is None:
        raise ValueError(f"{name} has no surface")
    painted = kind == "painted"
    cameras = sphere_views(options.views, _FAR, _FOV_DEG)
    seen = render_views(clouded(truth) if painted else truth, cameras, options.size, lit=not painted)
    masks = seen.masks.float()
    frame = find_ball(cameras, masks)
    began = time.process_time()
    grid = hull_grid(masks, cameras, frame)
    hull = surface_of(grid)
    first = time.process_time() - began
    carved = carved_hull(seen.images, masks, cameras, grid)
    second = time.process_time() - began
    near = SilhouettesConfig.near()
    config = replace(near, steps=round(options.share * near.steps))
    for way, seconds, start in (("hull", first, hull), ("carved", second, carved or hull)):
        row: dict[str, Any] = {
            "shape": name,
            "kind": kind,
            "way": way,
            "seconds": seconds,
            "start": _chamfer(start, truth),
        }
        if config.steps:
            result = mold_to_silhouettes(masks, cameras, config, frame, start=start)
            row |= {"molded": _chamfer(result.mesh, truth), "silhouettes": result.iou}
        yield row


def clouded(mesh: Meshes, seed: int = 0) -> Meshes:
    """A mesh painted in clouds of three sizes, that fill space; faces are split until they can show them."""
    mesh = refine(mesh, 40_000)
    verts = mesh.verts_packed()
    low, high = verts.amin(dim=0), verts.amax(dim=0)
    places = (2 * (verts - low) / (high - low).max() - 1)[None, None, None]
    generator = torch.Generator().manual_seed(seed)
    colours = torch.zeros_like(verts)
    for cells, share in _CLOUDS:
        clouds = torch.rand(1, 3, cells, cells, cells, generator=generator)
        colours += share * grid_sample(clouds, places, align_corners=True)[0, :, 0, 0].T
    colours = (0.5 + _CONTRAST * (colours - 0.5)).clamp(0, 1)
    return Meshes(mesh.verts_list(), mesh.faces_list(), TexturesVertex([colours]))


def _chamfer(mesh: Meshes, truth: Meshes) -> float:
    with seeded(0, torch.device("cpu")):
        return 1e3 * score_points(mesh, truth)[0]


def _summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    groups = {"hollow": _HOLLOW, "others": _OTHERS}
    every = product(dict.fromkeys(row["kind"] for row in rows), groups, ("hull", "carved"))
    return [
        {"kind": kind, "group": group, "way": way, **_means(fit)}
        for kind, group, way in every
        if (fit := [r for r in rows if (r["kind"], r["way"]) == (kind, way) and r["shape"] in groups[group]])
    ]


def _means(rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    names = [name for name in ("start", "molded", "silhouettes", "seconds") if name in rows[0]]
    return {"shapes": len(rows)} | {name: fmean(row[name] for row in rows) for name in names}


if __name__ == "__main__":
    run_study(main)
