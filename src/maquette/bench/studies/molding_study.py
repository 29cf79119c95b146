"""Repeat the study of molding: loss terms on and off, optimisers, quadrics, points against silhouettes.

    python -m maquette.bench.studies.molding_study --threads 1 --json FILE --markdown

Every row molds the fox that ships with the package, in the frame that its vertices' mean and largest absolute
coordinate define. Scores are those of the finished mesh: chamfer distance and F1 at 0.02 from 10,000 points a side,
IoU of hard silhouettes at 128 x 128 on the fitted 20 views and on 20 others, the mean of 1 - cosine between
neighbouring faces, and the summed quadric error at the target's vertices.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib.resources import as_file, files
from typing import Any

import torch

from ...io import load_mesh
from ...loss import mesh_normal_consistency, quadric_loss, vertex_quadrics
from ...renderer import MeshRasterizer, soft_silhouettes
from ...renderer.views import sphere_views
from ...structures import Meshes
from ...systems.molding.normalise import Normalisation, normalise
from ...systems.molding.optimise import MethodConfig
from ...systems.molding.points import (
    PointsConfig,
    PointsResult,
    PointWeights,
    mold_to_points,
    score_points,
)
from ...systems.molding.schedule import StepSize
from ...systems.molding.silhouettes import (
    SilhouettesConfig,
    SilhouettesResult,
    SilhouetteWeights,
    hard_silhouettes,
    mold_to_silhouettes,
    silhouette_iou,
)
from ..machine import describe_machine
from .arguments import study_parser, write_json

SIZE = 128


def points_rows() -> dict[str, PointsConfig]:
    """Points: the document's terms one after the other, its optimisers, quadrics, then large steps."""
    document = PointsConfig.seed002()
    bare = PointWeights(chamfer=1.0)
    everything = replace(bare, edge=1.0, normal=0.05, laplacian=0.1)
    terms = {
        "chamfer": bare,
        "chamfer + edge": replace(bare, edge=1.0),
        "chamfer + edge + normal": replace(bare, edge=1.0, normal=0.05),
        "all terms, uniform Laplacian": everything,
        "all terms, cot Laplacian": replace(everything, laplacian_kind="cot"),
        "all terms, cotcurv Laplacian": replace(everything, laplacian_kind="cotcurv"),
    }
    rows = {f"SGD 1.0: {name}": replace(document, weights=weights) for name, weights in terms.items()}
    rows["SGD 1.0: tutorial's weights"] = PointsConfig.tutorial()
    for weight in (0.00095, 0.01):
        quadric = replace(everything, quadric=weight)
        rows[f"SGD 1.0: all terms + quadric {weight}"] = replace(document, weights=quadric)
    for lr in (1.0, 0.01):
        adam = replace(MethodConfig.of("adam"), lr=lr)
        rows[f"Adam {lr}: all terms"] = replace(document, weights=everything, method=adam)
    large = PointsConfig.default()
    rows["large steps, not remeshed"] = replace(large, remesh=None)
    rows["large steps, remeshed (default)"] = large
    quadric = replace(large.weights, quadric=0.001)
    rows["large steps, remeshed + quadric 0.001"] = replace(large, weights=quadric)
    return rows


def silhouette_rows() -> dict[str, SilhouettesConfig]:
    """Silhouettes: the document's optimisers, then large steps with and without remeshing."""
    document = replace(SilhouettesConfig.seed002(), views_per_step=2)
    rows = {"SGD 1.0 (document)": document}
    for lr in (0.001, 0.01):
        rows[f"Adam {lr}"] = replace(document, method=replace(MethodConfig.of("adam"), lr=lr))
    rows["SGD 1.0, silhouette term alone"] = replace(document, weights=SilhouetteWeights())
    large = replace(SilhouettesConfig.default(), size=SIZE)
    rows["large steps, not remeshed"] = replace(large, remesh=None, level=4)
    rows["large steps, remeshed, one softness"] = replace(large, softness=document.softness)
    rows["large steps, remeshed, constant step"] = replace(large, step_size=StepSize(hold=1.0))
    rows["large steps, remeshed (default)"] = large
    return rows


class Judge:
    """Scores of a finished mesh against the normalised target."""

    def __init__(self, target: Meshes) -> None:
        self.target = target
        self.cameras = {"iou": sphere_views(20), "iou_unseen": sphere_views(20, rotation_seed=1)}
        self.masks = {
            name: hard_silhouettes(target, cameras, (SIZE, SIZE)) for name, cameras in self.cameras.items()
        }
        self.quadrics = vertex_quadrics(target)

    def score(self, mesh: Meshes) -> dict[str, float]:
        """All scores of one mesh in the target's frame."""
        torch.manual_seed(0)
        chamfer, f1 = score_points(mesh, self.target)
        scores = {"chamfer": chamfer, "f1": f1}
        for name, cameras in self.cameras.items():
            scores[name] = silhouette_iou(mesh, cameras, self.masks[name]).mean().item()
        scores["normal"] = mesh_normal_consistency(mesh).item()
        verts = self.target.verts_padded()
        scores["quadric"] = quadric_loss(mesh.verts_padded(), verts, self.quadrics).item()
        return scores


def run(scale: float = 1.0) -> list[dict[str, Any]]:
    """All rows; `scale` shortens every run."""
    with as_file(files("maquette") / "assets") as assets:
        fox = load_mesh(assets / "fox.obj")
    target, _ = normalise(Meshes(fox.verts_list(), fox.faces_list()))
    judge, rows = Judge(target), []
    for name, points in points_rows().items():
        points = replace(points, steps=max(int(points.steps * scale), 1))
        rows.append(_row(judge, "points", name, points.steps, partial(mold_to_points, target, points)))
    cameras, hard = judge.cameras["iou"], judge.masks["iou"]
    soft = soft_silhouettes(MeshRasterizer(cameras).transform(target.extend(20)), SIZE).detach()
    here = Normalisation(torch.zeros(3), 1.0)
    for name, config in silhouette_rows().items():
        config = replace(config, steps=max(int(config.steps * scale), 1))
        goal = hard if "large" in name else soft
        mold = partial(mold_to_silhouettes, goal, cameras, config, here)
        rows.append(_row(judge, "silhouettes", name, config.steps, mold))
    return rows


def _row(
    judge: Judge, source: str, name: str, steps: int, mold: Callable[[], PointsResult | SilhouettesResult]
) -> dict[str, Any]:
    cpu = time.process_time()
    result = mold()
    row = {
        "source": source,
        "name": name,
        "steps": steps,
        "seconds": result.seconds,
        "cpu_seconds": time.process_time() - cpu,
        "vertices": len(result.mesh.verts_packed()),
        **judge.score(result.mesh.detach()),
    }
    print(json.dumps(row), flush=True)
    return row


def markdown(rows: list[dict[str, Any]]) -> str:
    """The rows as a table."""
    head = (
        "| from | setting | steps | s | chamfer | F1 | IoU | IoU unseen | normal | quadric |\n"
        "|---|---|---|---|---|---|---|---|---|---|"
    )
    lines = [
        f"| {r['source']} | {r['name']} | {r['steps']} | {r['seconds']:.0f} | {r['chamfer']:.2e} | {r['f1']:.3f} "
        f"| {r['iou']:.3f} | {r['iou_unseen']:.3f} | {r['normal']:.3f} | {r['quadric']:.3f} |"
        for r in rows
    ]
    return "\n".join([head, *lines])


def main(words: Sequence[str] | None = None) -> None:
    """Print a row a run, and the table on request."""
    parser = study_parser(__doc__)
    parser.add_argument("--markdown", action="store_true", help="print the table of the README")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--scale", type=float, default=1.0, help="fraction of the steps, for a quick look")
    options = parser.parse_args(words)
    torch.set_num_threads(options.threads)
    machine = {**describe_machine(torch.device("cpu")), "seed": 0}
    rows = run(options.scale)
    write_json(options.json, {"machine": machine, "rows": rows})
    if options.markdown:
        print(markdown(rows))


if __name__ == "__main__":
    main()
