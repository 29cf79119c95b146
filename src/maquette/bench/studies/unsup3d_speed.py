"""What a step and a picture of Unsup3D take, how much of it the warping is, and what it takes without a rasterizer.

    python -m maquette.bench.studies.unsup3d_speed --repeats 15 --json FILE

One thread, seconds of the process's own, in turns; medians. A step: networks, reconstruction, loss, gradients, Adam,
of one batch that is drawn already; what drawing it takes stands beside. A picture: one, without gradients, to the
depth and the colours that the camera sees. The warping: the seen depth, through the rasterizer, and the inverse warp
(`formation.reconstruct`), forward and backward. The twin does the same but for the rasterizer: a plane in the middle
of the depths, turned back by the view, says where each pixel's depth and colour are sampled, so that no surface hides
another. Features of the perceptual loss are drawn.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import process_time
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import grid_sample

from ...data.faces import FaceViews
from ...ops.depth_maps import unproject
from ...systems.unsup3d.config import FormationConfig
from ...systems.unsup3d.formation import Canonical, Reconstructed, canonical, picture, reconstruct
from ...systems.unsup3d.geometry import move_back, project
from ...systems.unsup3d.loss import unsup3d_loss
from ...systems.unsup3d.recipes import RECIPES, Unsup3DConfig
from ...systems.unsup3d.seen_depth import seen_depth
from ...systems.unsup3d.training import Unsup3DTraining
from ..machine import describe_machine
from ..timing import Timing, seconds_in_turns, summary
from .arguments import run_study, study_parser, write_json

_PATIENCE = 300.0
_WIDTH = 16
Warp = Callable[[Canonical, FormationConfig], Reconstructed]


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, write and show the numbers, and return them."""
    parser = study_parser(__doc__)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--recipes", nargs="+", choices=("best", "original"), default=("best", "original"))
    parser.add_argument("--batch", type=int, default=16, help="pictures of a step")
    parser.add_argument("--width", type=int, default=_WIDTH, help="of the networks")
    parser.add_argument("--size", type=int, default=64, help="pixels a side of the pictures")
    options = parser.parse_args(words)
    torch.set_num_threads(1)
    rows = []
    for name in options.recipes:
        whole = RECIPES[name](name)
        config = replace(
            whole,
            network=replace(whole.network, width=options.width, size=options.size),
            views=replace(whole.views, size=options.size),
            loss=replace(whole.loss, first_weights="none"),
        )
        rows.append(
            {"recipe": name, "batch": options.batch, **measure(config, options.batch, options.repeats)}
        )
        print(line(rows[-1]), flush=True)
    numbers = {
        **describe_machine(torch.device("cpu")), "width": options.width, "size": options.size, "rows": rows
    }  # fmt: skip
    write_json(options.json, numbers)
    return numbers


def measure(config: Unsup3DConfig, batch: int, repeats: int) -> dict[str, Any]:
    """Timings of a configuration, and what shares follow from their medians."""
    source, size = FaceViews(max(100, 2 * batch), config.network.size), config.network.size
    images = source.training_batch(0, batch, 1).images[:, 0]
    calls: dict[str, Callable[[], object]] = {
        "batch": lambda: source.training_batch(1, batch, 1),
        "step": Step(Unsup3DTraining(config), reconstruct, images),
        "step, twin": Step(Unsup3DTraining(config), plain_warp, images),
        "picture": Look(Unsup3DTraining(config), reconstruct, images[:1]),
        "picture, twin": Look(Unsup3DTraining(config), plain_warp, images[:1]),
        "seen depth": Moved(config, images, rendered_only),
        "warping": Moved(config, images, reconstruct),
        "warping, twin": Moved(config, images, plain_warp),
    }
    told = seconds_in_turns(calls, torch.device("cpu"), repeats, _PATIENCE, process_time)
    timings: dict[str, Timing] = {name: summary(seconds) for name, seconds in told.items()}
    medians = {name: timing.median for name, timing in timings.items()}
    return {
        "pixels": size,
        "seconds": {name: timing.as_dict() for name, timing in timings.items()},
        "share_of_warping": medians["warping"] / medians["step"],
        "share_of_seen_depth": medians["seen depth"] / medians["step"],
        "step_over_twin": medians["step"] / medians["step, twin"],
        "picture_over_twin": medians["picture"] / medians["picture, twin"],
    }


def plain_warp(found: Canonical, config: FormationConfig) -> Reconstructed:
    """`reconstruct` without a rasterizer: depth and colours are sampled where a plane, turned back, is seen."""
    size = found.depth.shape[-1]
    plane = torch.full_like(found.depth, config.middle)
    back = move_back(unproject(plane, config.fov), found.view, config.middle)
    places = project(back, size, config.fov)
    depth = grid_sample(found.depth[:, None], places, padding_mode="border", align_corners=True)[:, 0]
    return picture(found, depth, config)


def rendered_only(found: Canonical, config: FormationConfig) -> Tensor:
    """The seen depth alone."""
    return seen_depth(found.depth, found.view, config)


@dataclass
class Step:
    """A training step with one warping or another; networks and their optimiser change from call to call."""

    module: Unsup3DTraining
    warp: Warp
    images: Float[Tensor, "batch 3 size size"]

    def __post_init__(self) -> None:
        self.optimiser = self.module.optimisers()["network"]

    def __call__(self) -> None:
        config = self.module.config
        formation = config.network.formation
        raw = self.module.network(self.images)
        found = canonical(raw, formation)
        made = self.warp(found, formation)
        loss, _ = unsup3d_loss(
            self.images, raw, found, made, config.loss, formation.depth, self.module.features
        )
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()


@dataclass
class Look:
    """One picture to what the camera sees, without gradients."""

    module: Unsup3DTraining
    warp: Warp
    images: Float[Tensor, "1 3 size size"]

    @torch.inference_mode()
    def __call__(self) -> None:
        formation = self.module.config.network.formation
        self.warp(canonical(self.module.network(self.images), formation), formation)


class Moved:
    """The warping alone, forward and backward, of what untrained networks say."""

    def __init__(
        self,
        config: Unsup3DConfig,
        images: Float[Tensor, "batch 3 size size"],
        warp: Callable[[Canonical, FormationConfig], Reconstructed | Tensor],
    ) -> None:
        self.formation, self.warp = config.network.formation, warp
        with torch.no_grad():
            found = canonical(Unsup3DTraining(config).network(images), self.formation)
        self.leaves = {name: getattr(found, name).requires_grad_() for name in ("depth", "view", "image")}
        self.found = replace(found, **self.leaves)

    def __call__(self) -> None:
        made = self.warp(self.found, self.formation)
        whole = made if isinstance(made, Tensor) else made.image
        whole.sum().backward()


def line(row: Mapping[str, Any]) -> str:
    """A row's medians in milliseconds, and its shares."""
    told = ", ".join(f"{name} {1000 * seconds['median']:.1f}" for name, seconds in row["seconds"].items())
    shares = f"warping {row['share_of_warping']:.0%} of a step, a step {row['step_over_twin']:.2f} twins"
    return f"{row['recipe']} ({row['batch']} pictures), CPU ms: {told}; {shares}"


if __name__ == "__main__":
    run_study(main)
