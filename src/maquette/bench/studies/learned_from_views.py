"""Does a network learn shapes from a generator's views alone? (GANverse3D, Zhang et al., ICLR 2021, at small scale.)

    python -m maquette.bench.studies.learned_from_views WEIGHTS --viewpoint FILE --json FILE

One network of 3D-R2N2, from one picture to a cube of cells, learns from

- `shapes`: true cells of drawn cars (cross-entropy),
- `outlines`: outlines of the same cars from several sides, cameras known,
- `found`: the same pictures, cut out and their cameras found as `maquette invent` does it,
- `invented`: a generator's views of objects that nobody has seen, cut out and placed in the same way.

Without shapes the cells are looked into from several of an object's cameras (`poses.volume`), and what is seen is to
be the outlines: Yan et al., "Perspective Transformer Nets", NeurIPS 2016. Many half-empty cells on a ray hide what is
behind as one solid cell does; so from which odds on a cell is solid is told by the outlines, too.

All are judged by true cells of other drawn cars, beside the mean of the drawn cars' cells. WEIGHTS "drawn" leaves out
the last row.
"""

import argparse
import json
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import (
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    interpolate,
    softplus,
)

from ...compose.generated_views import FEWEST, place_views
from ...data import families
from ...io.errors import BadInput, as_bad_input
from ...io.images import save_image
from ...metrics.protocols.viewpoint import ViewpointTeller
from ...metrics.voxel_iou import voxel_iou
from ...ops.voxelize import voxelize
from ...poses.cube_fit import Stage
from ...poses.volume import HALF, look_into, rays_of
from ...renderer.views import R2N2_FOV, cameras_from_r2n2, render_views
from ...renderer.voxel_pictures import draw_voxels
from ...structures.mask_box import mask_overlap
from ...systems.orbit import Orbit
from ...systems.orbit_options import view_codes_beside
from ...systems.r2n2.config import NetworkConfig
from ...systems.r2n2.network import R2N2Network
from ...systems.stylegan2.about import StyleGAN2Options
from ...systems.stylegan2.system import StyleGAN2System
from ...systems.stylegan2.view_codes import load_view_codes
from ...systems.viewpoint.system import ViewpointSystem
from ..machine import describe_machine
from .arguments import run_study, study_parser, write_json

ROWS = ("shapes", "outlines", "found", "invented")
_SIZE, _CELLS, _OUTLINE = 64, 32, 32  # pixels of pictures; cells along an edge; pixels of outlines
_FINER = 4  # times as many cells, or pixels, whose mean counts
_SAMPLES, _SEEN = 32, 4  # along a ray; cameras of an object in a step
_BATCH, _LR, _CLIP = 16, 1e-3, 1.0
_FULL = 0.02  # weight of cells being solid where no outline speaks against it
_LEAST = 1e-4
_LEVELS = tuple(0.5 * k for k in range(-10, 3))  # log odds from which on a cell may be solid
_SURE = 9.0  # log odds of a solid cell
_STAGES = (Stage(40, 20, 24), Stage(40, 28, 32, 0.5))  # of finding cameras
_TRAINED, _HELD = 200_000, 100_000  # seeds of the first drawn car
_SHOWN, _TILE = 8, 96


class Posed(NamedTuple):
    """Pictures of one object whose bounding box has a diagonal of 1 and the origin in its middle.

    Attributes:
        images: RGB in [0, 1].
        outlines: share of the object in each pixel.
        R, T: cameras, for row vectors, in PyTorch3D's axes.
        cells: of the cube |x|, |y|, |z| < `HALF`; None where nobody knows.
    """

    images: Float[Tensor, "view 3 size size"]
    outlines: Float[Tensor, "view side side"]
    R: Float[Tensor, "view 3 3"]
    T: Float[Tensor, "view 3"]
    cells: Bool[Tensor, "x y z"] | None = None


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Train what is asked for, write the numbers, and return them."""
    parser = study_parser(__doc__)
    parser.add_argument("weights", type=Path, metavar="WEIGHTS", help='a weights file, a run, or "drawn"')
    parser.add_argument("--viewpoint", type=Path, required=True, metavar="FILE|RUN")
    parser.add_argument("--view-codes", type=Path, metavar="FILE")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=ROWS, metavar="ROW")
    parser.add_argument("--objects", type=int, default=96, metavar="N", help="that are learned from")
    parser.add_argument("--views", type=int, default=8, metavar="N", help="of each")
    parser.add_argument("--held", type=int, default=100, metavar="N", help="other drawn cars, that judge")
    parser.add_argument("--steps", type=int, default=300, metavar="N")
    parser.add_argument("--seeds", nargs="+", type=int, default=(0, 1), metavar="N")
    parser.add_argument("--truncation", type=float, default=1.0, metavar="PSI")
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="held cars, and what was told of them")
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    options = parser.parse_args(words)
    _check(options)
    torch.set_num_threads(options.threads)
    orbits = None if "invented" not in options.rows else _generator(options)
    teller = ViewpointSystem.load(options.viewpoint, device="cpu")
    held = [drawn_car(_HELD + i, 1) for i in range(options.held)]
    drawn = [drawn_car(_TRAINED + i, options.views) for i in range(options.objects)]
    asked = {name: value for name, value in vars(options).items() if name not in ("json", "sheet")}
    asked |= {name: Path(value).name for name, value in asked.items() if isinstance(value, Path)}
    numbers: dict[str, Any] = {**describe_machine(torch.device("cpu")), "asked": asked}
    mean = torch.stack([_cells(car) for car in drawn]).float().mean(0)
    rows: list[dict[str, Any]] = [{"row": "mean", "iou": float(_ious(mean[None].logit(), held).mean())}]
    told = []
    write_json(options.json, numbers | {"summary": summary(rows), "rows": rows})
    for row, cars in _learned_from(drawn, options.rows, teller, orbits):
        if not cars:
            raise BadInput(row, "no object's views show it from enough sides")
        for seed in options.seeds:
            began, cpu = time.perf_counter(), time.process_time()
            network = trained(cars, row == "shapes", options.steps, seed)
            seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
            level = 0.0 if row == "shapes" else fitting_level(network, cars[:_BATCH])
            with torch.no_grad():
                cubes = odds(network, torch.cat([car.images for car in held])) - level
            rows.append(
                {
                    "row": row,
                    "seed": seed,
                    "objects": len(cars),
                    "pictures": sum(len(car.images) for car in cars),
                    "level": level,
                    "iou": float(_ious(cubes, held).mean()),
                    "seconds": round(seconds, 1),
                    "cpu_seconds": round(cpu_seconds, 1),
                }
            )
            print(json.dumps(rows[-1]), flush=True)
            write_json(options.json, numbers | {"summary": summary(rows), "rows": rows})
        told.append(cubes)
    if options.sheet is not None:
        save_image(sheet(held[:_SHOWN], told), options.sheet)
    return numbers | {"summary": summary(rows), "rows": rows}


def drawn_car(seed: int, views: int) -> Posed:
    """A car of the family, as R2N2's cameras see it from even azimuths, the first of which is drawn."""
    mesh = families.make("car", seed).mesh
    assert mesh is not None
    draw = torch.rand(3, views, generator=torch.Generator().manual_seed(seed))
    azimuth = (draw[0, 0] + torch.arange(views) / views) * 360
    cameras = cameras_from_r2n2(azimuth, 25 + 5 * draw[1], 0.65 + 0.3 * draw[2])
    seen = render_views(mesh, cameras, _SIZE, antialias=4, background=240 / 255)
    outlines = adaptive_avg_pool2d(render_views(mesh, cameras, _FINER * _OUTLINE).masks.float(), _OUTLINE)
    cells = adaptive_avg_pool3d(voxelize(mesh, _FINER * _CELLS, 2 * HALF).solid().float(), _CELLS)[0] > 0.5
    return Posed(seen.images, outlines, cameras.R, cameras.T, cells)


def placed(orbit: Orbit, teller: ViewpointTeller) -> Posed | None:
    """An orbit's pictures, cut out and their cameras found; None where they do not show one object."""
    try:
        views = place_views(orbit, teller, (), R2N2_FOV, _STAGES)
    except ValueError:
        return None
    outlines = adaptive_avg_pool2d(torch.stack([found.mask for found in views.found]), _OUTLINE)[:, 0]
    return Posed(orbit.images[0][list(views.numbers)], outlines, views.poses.R, views.poses.T)


def trained(cars: Sequence[Posed], by_cells: bool, steps: int, seed: int) -> R2N2Network:
    """A network that learned from these objects, by their cells or by their outlines."""
    torch.manual_seed(seed)
    network = R2N2Network(NetworkConfig("simple-gru-1", 0.25, _SIZE, "group"))
    optimiser = torch.optim.AdamW(network.parameters(), lr=_LR, weight_decay=0.03)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, _LR, total_steps=steps)
    loss_of = cells_loss if by_cells else outlines_loss
    for _ in range(steps):
        batch = [cars[i] for i in torch.randint(len(cars), (_BATCH,)).tolist()]
        views = [torch.randperm(len(car.images))[:_SEEN] for car in batch]
        cubes = odds(network, torch.stack([car.images[i[0]] for car, i in zip(batch, views, strict=True)]))
        loss = torch.stack([loss_of(*each) for each in zip(cubes, batch, views, strict=True)]).mean()
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), _CLIP)
        optimiser.step()
        rate.step()
    return network.eval()


@torch.no_grad()
def fitting_level(network: R2N2Network, cars: Sequence[Posed]) -> float:
    """The log odds from which on cells are solid, so that their outlines fit those of the pictures best."""
    cubes = odds(network, torch.stack([car.images[0] for car in cars]))
    rays = rays_of(_OUTLINE, R2N2_FOV)

    def fit(level: float) -> float:
        ious = []
        for cube, car in zip(cubes, cars, strict=True):
            solid = torch.where(cube > level, _SURE, -_SURE)
            seen = look_into(solid[None], car.R, car.T, rays, _SAMPLES).opacity > 0.5
            true = car.outlines.flatten(1) > 0.5
            ious.append(mask_overlap(seen, true))
        return statistics.mean(ious)

    fits = [fit(level) for level in _LEVELS]
    best = [level for level, found in zip(_LEVELS, fits, strict=True) if found == max(fits)]
    return best[len(best) // 2]


def odds(network: R2N2Network, images: Float[Tensor, "batch 3 size size"]) -> Float[Tensor, "batch x y z"]:
    """Log odds of each cell being solid, by one picture."""
    logits: Tensor = network(images[:, None])
    return logits[:, 1] - logits[:, 0]


def cells_loss(cube: Float[Tensor, "x y z"], car: Posed, views: Tensor) -> Float[Tensor, ""]:
    """Cross-entropy of the true cells."""
    return binary_cross_entropy_with_logits(cube, _cells(car).float())


def outlines_loss(cube: Float[Tensor, "x y z"], car: Posed, views: Tensor) -> Float[Tensor, ""]:
    """Cross-entropy of the outlines, and a little for each cell that is not solid: outlines tell no inside."""
    shift = float(torch.rand(())) - 0.5
    seen = look_into(cube[None], car.R[views], car.T[views], rays_of(_OUTLINE, R2N2_FOV), _SAMPLES, shift)
    wanted = car.outlines[views].flatten(1).clamp(0, 1)
    return (
        binary_cross_entropy(seen.opacity.clamp(_LEAST, 1 - _LEAST), wanted) + _FULL * softplus(-cube).mean()
    )


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Mean IoU of each row, and how far its seeds are apart."""
    names = dict.fromkeys(row["row"] for row in rows)
    ious = {name: [row["iou"] for row in rows if row["row"] == name] for name in names}
    return {
        name: {"iou": round(statistics.mean(all_), 4), "spread": round(max(all_) - min(all_), 4)}
        for name, all_ in ious.items()
    }


def sheet(cars: Sequence[Posed], told: Sequence[Float[Tensor, "car x y z"]]) -> Float[Tensor, "3 h w"]:
    """A row for each of: pictures, true cells, and the cells of every network, all from the same side."""
    pictures = interpolate(torch.cat([car.images[:1] for car in cars]), (_TILE, _TILE), mode="nearest")
    grids = [torch.stack([_cells(car) for car in cars]), *(cubes[: len(cars)] > 0 for cubes in told)]
    rows = [torch.cat(list(pictures), 2)]
    for cubes in grids:
        drawn = [draw_voxels(cube, torch.tensor([45.0]), 27.0, _TILE)[0] for cube in cubes]
        rows.append(torch.cat(drawn, 2))
    return torch.cat(rows, 1)


def _check(options: argparse.Namespace) -> None:
    for name, least in (("objects", 1), ("held", 1), ("steps", 1), ("views", FEWEST)):
        if getattr(options, name) < least:
            raise BadInput(f"--{name}", f"{getattr(options, name)}: at least {least} is needed")
    if str(options.weights) == "drawn" and "invented" in options.rows:
        options.rows = [row for row in options.rows if row != "invented"]


def _generator(options: argparse.Namespace) -> Iterator[Orbit]:
    """A generator's objects, from all sides that are asked for."""
    system = StyleGAN2System.load(options.weights, device="cpu")
    codes = options.view_codes or view_codes_beside(options.weights)
    with as_bad_input(codes, ValueError):
        load_view_codes(codes, system.generator).choose(range(options.views))
    how = StyleGAN2Options(truncation=options.truncation)
    return (system.orbit([seed], options.views, codes, how) for seed in range(options.objects))


def _learned_from(
    drawn: list[Posed], rows: Sequence[str], teller: ViewpointTeller, orbits: Iterator[Orbit] | None
) -> Iterator[tuple[str, list[Posed]]]:
    """The objects of each row that is asked for."""
    for row in rows:
        if row in ("shapes", "outlines"):
            yield row, drawn
        elif row == "found":
            yield row, _placed(map(_orbit_of, drawn), teller)
        elif orbits is not None:
            yield row, _placed(orbits, teller)


def _placed(orbits: Iterable[Orbit], teller: ViewpointTeller) -> list[Posed]:
    cars = [placed(orbit, teller) for orbit in orbits]
    return [car for car in cars if car is not None]


def _orbit_of(car: Posed) -> Orbit:
    """What a generator would tell of a drawn car's pictures."""
    eyes = -(car.T[:, None] @ car.R.transpose(1, 2))[:, 0]
    azimuth = torch.rad2deg(torch.atan2(eyes[:, 0], eyes[:, 2])) % 360
    return Orbit(car.images[None], azimuth, torch.full_like(azimuth, 27.5))


def _cells(car: Posed) -> Tensor:
    assert car.cells is not None
    return car.cells


@torch.no_grad()
def _ious(cubes: Float[Tensor, "car x y z"], cars: Sequence[Posed]) -> Float[Tensor, " car"]:
    told = (cubes > 0).expand(len(cars), -1, -1, -1)
    return voxel_iou(told, torch.stack([_cells(car) for car in cars]))


if __name__ == "__main__":
    run_study(main)
