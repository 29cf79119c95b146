"""What a generator invents: how its view codes do, and how well meshes of its views fit views that they never saw.

    python -m maquette.bench.studies.invented WEIGHTS --viewpoint FILE --sheets DIR --json FILE

View codes beside the weights (`maquette view-codes`), or --view-codes. A sheet shows six objects from eight sides.
Then each of ten seeds is invented as `maquette invent` does it, and its mesh judged by view codes that it was not
molded from. A sheet of them has a row a seed: four views, and the mesh from four sides.

WEIGHTS "drawn" puts drawings of cars into the generator's place: what all that comes behind it can do at best.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from ...compose.invent import InventOptions, invent
from ...data import families
from ...io.errors import BadInput
from ...io.images import load_image, save_image
from ...metrics.protocols.viewpoint import angle_between
from ...renderer.views import cameras_from_r2n2, render_views
from ...systems.orbit import Orbit
from ...systems.orbit_options import view_codes_beside
from ...systems.stylegan2.about import StyleGAN2Options
from ...systems.stylegan2.system import StyleGAN2System
from ...systems.stylegan2.view_codes import load_view_codes
from ...systems.viewpoint.system import ViewpointSystem
from ..machine import describe_machine
from .arguments import run_study, study_parser, write_json

_OBJECTS, _SIDES = 6, 8  # of the sheet of views
_FIRST = 1000  # seed of it
_TILE = 128
_SHOWN = 4  # views of an invented object
_HELD, _DRAWN = 100_000, 64  # seed of the first drawn car; pixels a side
_NEAR = 15.0  # degrees
_OWN, _UNSEEN = 0.9, 0.8  # IoU that is aimed at, of its own views and of others


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Invent, write and show the numbers, and return them."""
    parser = study_parser(__doc__)
    parser.add_argument("weights", type=Path, metavar="WEIGHTS", help='a weights file, a run, or "drawn"')
    parser.add_argument("--viewpoint", type=Path, required=True, metavar="FILE|RUN")
    parser.add_argument("--view-codes", type=Path, metavar="FILE")
    parser.add_argument("--sheets", type=Path, required=True, metavar="DIR", help="where pictures go")
    parser.add_argument("--seeds", type=int, default=10, metavar="N")
    parser.add_argument("--views", type=int, default=16, metavar="N", help="that are molded")
    parser.add_argument("--judging", type=int, default=8, metavar="N", help="that only judge")
    parser.add_argument("--steps", type=int, metavar="N", help="of molding")
    parser.add_argument("--truncation", type=float, default=1.0, metavar="PSI")
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    options = parser.parse_args(words)
    if options.seeds < 1:
        raise BadInput("--seeds", f"{options.seeds}: at least one object is invented")
    torch.set_num_threads(options.threads)
    drawn = str(options.weights) == "drawn"
    system: Any = DrawnCars() if drawn else StyleGAN2System.load(options.weights, device="cpu")
    teller = ViewpointSystem.load(options.viewpoint, device="cpu")
    codes = options.view_codes or view_codes_beside(options.weights)
    numbers: dict[str, Any] = {
        **describe_machine(torch.device("cpu")),
        "trained": "drawn" if drawn else system.training.get("steps_done"),
        "truncation": options.truncation,
        "view_codes": {} if drawn else dict(load_view_codes(codes, system.generator).measured),
        "sheet": {} if drawn else views_sheet(system, teller, codes, options),
    }
    rows: list[dict[str, Any]] = []
    lines = []
    for seed in range(options.seeds):
        with tempfile.TemporaryDirectory() as aside:
            row, line = invented(seed, system, teller, codes, options, Path(aside))
        rows.append(row)
        lines += line
        print(", ".join(f"{name} {value}" for name, value in row.items()), flush=True)
        write_json(options.json, numbers | {"summary": summary(rows), "rows": rows})
        if lines:
            save_image(torch.cat(lines, 1), options.sheets / "invented.png")
    print(json.dumps(summary(rows)))
    return numbers | {"summary": summary(rows), "rows": rows}


class DrawnCars:
    """Cars of the family as R2N2's cameras see them, in the place of a generator that draws."""

    def orbit(
        self,
        objects: Sequence[int] | Mapping[str, Tensor],
        count: int,
        codes: str | PathLike[str],
        options: Any = None,
    ) -> Orbit:
        """One car from even azimuths, at elevations and distances that are drawn."""
        assert not isinstance(objects, Mapping)
        mesh = families.make("car", objects[0] + _HELD).mesh
        assert mesh is not None
        draw = torch.rand(2, count, generator=torch.Generator().manual_seed(objects[0]))
        azimuth, elevation = torch.arange(count) * 360.0 / count, 25 + 5 * draw[0]
        cameras = cameras_from_r2n2((90 - azimuth) % 360, elevation, 0.65 + 0.3 * draw[1])
        seen = render_views(mesh, cameras, _DRAWN, antialias=4, background=240 / 255)
        return Orbit(seen.images[None], azimuth, torch.full_like(azimuth, 27.5))


def views_sheet(
    system: StyleGAN2System, teller: ViewpointSystem, codes: Path, options: argparse.Namespace
) -> dict[str, float]:
    """Six objects from eight sides in views.png, and how far they are seen from where they should be."""
    how = StyleGAN2Options(truncation=options.truncation)
    sides = min(_SIDES, len(load_view_codes(codes, system.generator)))
    seen = system.orbit(range(_FIRST, _FIRST + _OBJECTS), sides, codes, how)
    large = interpolate(seen.images.flatten(0, 1), (_TILE, _TILE), mode="nearest").unflatten(0, (-1, sides))
    options.sheets.mkdir(parents=True, exist_ok=True)
    save_image(torch.cat([torch.cat(list(row), 2) for row in large], 1), options.sheets / "views.png")
    told = teller.viewpoints(seen.images.flatten(0, 1)).azimuth.view(-1, sides)
    off = angle_between(told, seen.azimuth)
    return {"median_error": float(off.median()), "within_15": float((off <= _NEAR).float().mean())}


def invented(
    seed: int,
    system: Any,
    teller: ViewpointSystem,
    codes: Path,
    options: argparse.Namespace,
    aside: Path,
) -> tuple[dict[str, Any], list[Tensor]]:
    """What inventing a seed came to, and its line of the sheet; none where its views made no mesh."""
    how = InventOptions(options.views, options.judging, steps=options.steps)
    own = StyleGAN2Options(truncation=options.truncation)
    began, cpu = time.perf_counter(), time.process_time()
    try:
        made = invent(seed, aside / "m.glb", system, teller, codes, aside / "m_scene", how, own, device="cpu")
    except BadInput as problem:
        return {"seed": seed, "failed": problem.reason}, []
    report = json.loads(made.files[-1].read_text())
    views = made.report["views"]
    row = {
        "seed": seed,
        "iou": round(report["silhouette_iou"], 4),
        "iou_unseen": _rounded(report.get("silhouette_iou_held_out")),
        "unseen": report.get("held_out_views", 0),
        "usable": round(made.report["usable"], 3),
        "outline_iou": made.report["outline_iou"],
        "left_out": [view["left_out"] for view in views if "left_out" in view],
        "vertices": report["vertices"],
        "stages": made.report["seconds"],
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
    }
    files = sorted((made.folder / "images").iterdir())
    shown = [load_image(files[k * len(files) // _SHOWN], 3) for k in range(_SHOWN)]
    preview = load_image(next(path for path in made.files if path.name.endswith("_preview.png")), 3)
    tiles = [interpolate(one[None], (_TILE, _TILE), mode="area")[0] for one in shown]
    tiles.append(
        interpolate(preview[None], (_TILE, _TILE * preview.shape[2] // preview.shape[1]), mode="area")[0]
    )
    return row, [torch.cat(tiles, 2)]


def _rounded(iou: float | None) -> float | None:
    """None where no view was left to judge."""
    return None if iou is None else round(iou, 4)


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Medians over the seeds that made a mesh, and shares of all that reach what is aimed at."""
    good = [row for row in rows if "failed" not in row]
    told: dict[str, Any] = {"seeds": len(rows), "meshes": len(good)}
    if good:
        names = ("iou", "iou_unseen", "usable", "seconds", "cpu_seconds")
        known = {name: [row[name] for row in good if row[name] is not None] for name in names}
        told |= {name: round(statistics.median(all_), 4) for name, all_ in known.items() if all_}
    told["own_reached"] = sum(row["iou"] >= _OWN for row in good) / len(rows)
    told["unseen_reached"] = sum((row["iou_unseen"] or 0) >= _UNSEEN for row in good) / len(rows)
    return told


if __name__ == "__main__":
    run_study(main)
