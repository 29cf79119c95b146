"""Molding shapes with holes and handles from a sphere and from their visual hull.

    python -m maquette.bench.studies.hull_start --views 8 12 20 --threads 1 --json FILE

Two mugs, a chair, a bench and a stool of the built-in families and a torus, their bounding boxes' diagonals 1, are
drawn by cameras spread evenly over a sphere, and made from masks and cameras in three ways: a sphere molded with
molding's default settings, the visual hull alone, and the hull molded. Chamfer distance to the shape (10,000 points a
side, x 10^3), silhouette IoU on the fitted views and on 20 others, the surface's genus summed over its pieces, and
seconds of processor time.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from ...data.families import make
from ...renderer.views import render_views, sphere_views
from ...structures import Meshes
from ...structures.cameras import CamerasBase
from ...systems.molding.hull import hull_mesh
from ...systems.molding.optimise import seeded
from ...systems.molding.points import score_points
from ...systems.molding.silhouettes import (
    SilhouettesConfig,
    find_ball,
    mold_to_silhouettes,
    silhouette_iou,
)
from ...utils import torus
from ..machine import describe_machine
from .arguments import run_study, study_parser, write_json

_FAMILY_SHAPES = (("mug", 3), ("mug", 7), ("chair", 5), ("bench", 2), ("stool", 1))
_FAR, _FOV_DEG = 1.75, 40.0
_UNSEEN = 20
_SCORES = ("chamfer", "silhouettes", "unseen", "genus", "seconds")


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Run the study; returns its numbers."""
    parser = study_parser(__doc__)
    parser.add_argument("--views", type=int, nargs="+", default=[8, 12, 20], help="pictures of each shape")
    parser.add_argument("--shapes", nargs="*", default=[], help="only these, such as mug-3 and torus")
    parser.add_argument("--size", type=int, default=128, help="pixels a side of the pictures")
    parser.add_argument(
        "--share", type=float, default=1.0, help="of molding's own numbers of steps that are taken"
    )
    parser.add_argument("--threads", type=int, help="of torch")
    options = parser.parse_args(words)
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    numbers: dict[str, Any] = {
        "machine": describe_machine(torch.device("cpu")),
        "size": options.size,
        "share": options.share,
    }
    rows: list[dict[str, Any]] = []
    for views in options.views:
        for name, mesh in _shapes(options.shapes):
            rows += _rows(name, mesh, views, options)
            numbers |= {"summary": _summary(rows), "rows": rows}
            write_json(options.json, numbers)
            print(f"{name} {views}", flush=True)
    print(*_table(numbers["summary"]), sep="\n")
    return numbers


def _shapes(chosen: Sequence[str]) -> Iterator[tuple[str, Meshes]]:
    ring = torus(0.15, 0.35, 24, 48)
    verts = ring.verts_packed()
    ring = ring.update_padded(ring.verts_padded() / (verts.amax(dim=0) - verts.amin(dim=0)).norm())
    for name, mesh in (("torus", ring), *((f"{n}-{seed}", make(n, seed).mesh) for n, seed in _FAMILY_SHAPES)):
        if mesh is not None and (not chosen or name in chosen):
            yield name, mesh


def _rows(name: str, truth: Meshes, views: int, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    cameras = sphere_views(views, _FAR, _FOV_DEG)
    judges = sphere_views(_UNSEEN, _FAR, _FOV_DEG, rotation_seed=1)
    masks, unseen = (render_views(truth, c, options.size).masks.float() for c in (cameras, judges))
    for way, seconds, mesh in _ways(masks, cameras, options.share):
        with seeded(0, masks.device):
            chamfer, _ = score_points(mesh, truth)
        yield {
            "shape": name,
            "views": views,
            "way": way,
            "chamfer": 1e3 * chamfer,
            "silhouettes": float(silhouette_iou(mesh, cameras, masks).mean()),
            "unseen": float(silhouette_iou(mesh, judges, unseen).mean()),
            "genus": _genus(mesh),
            "faces": len(mesh.faces_packed()),
            "seconds": seconds,
        }


def _ways(masks: Tensor, cameras: CamerasBase, share: float) -> Iterator[tuple[str, float, Meshes]]:
    def molded(config: SilhouettesConfig, start: Meshes | None) -> Meshes:
        config = replace(config, steps=round(share * config.steps))
        return mold_to_silhouettes(masks, cameras, config, frame, start=start).mesh

    frame = find_ball(cameras, masks)
    began = time.process_time()
    mesh = molded(SilhouettesConfig.default(), None)
    yield "sphere, molded", time.process_time() - began, mesh
    began = time.process_time()
    hull = hull_mesh(masks, cameras, frame)
    carved = time.process_time()
    yield "hull", carved - began, hull
    began += time.process_time() - carved  # without the scoring in between
    mesh = molded(SilhouettesConfig.near(), hull)
    yield "hull, molded", time.process_time() - began, mesh


def _genus(mesh: Meshes) -> int:
    """Handles and holes of a closed surface, from its pieces' Euler characteristics."""
    ends, count = mesh.edges_packed().numpy(), len(mesh.verts_packed())
    graph = coo_array(([1] * len(ends), (ends[:, 0], ends[:, 1])), (count, count))
    pieces, _ = connected_components(graph, directed=False)
    return int(pieces - (count - len(ends) + len(mesh.faces_packed())) // 2)


def _summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Means over shapes, for each number of views and each way."""
    groups = dict.fromkeys((row["views"], row["way"]) for row in rows)
    found = []
    for views, way in sorted(groups, key=lambda group: group[0]):
        same = [row for row in rows if (row["views"], row["way"]) == (views, way)]
        means = {name: sum(row[name] for row in same) / len(same) for name in _SCORES}
        found.append({"views": views, "way": way, "shapes": len(same), **means})
    return found


def _table(summary: list[dict[str, Any]]) -> Iterator[str]:
    yield f"| views | from | {' | '.join(_SCORES)} |"
    yield "|---" * (2 + len(_SCORES)) + "|"
    for row in summary:
        yield f"| {row['views']} | {row['way']} | {' | '.join(f'{row[name]:.3f}' for name in _SCORES)} |"


if __name__ == "__main__":
    run_study(main)
