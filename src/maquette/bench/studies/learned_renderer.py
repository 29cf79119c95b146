"""A learned renderer of faces beside the real one: its speed, its pictures, and what is learned through it.

    python -m maquette.bench.studies.learned_renderer --minutes 2 --steps 200 --features FILE --json FILE

Unsup3D draws a canonical depth and canonical colours in a light, from a view. A small convolutional network is told
the same four things and nothing of geometry, and learns from what the real renderer makes of synthetic faces: of
their true depth and colours, as their pictures have them, and of those that the shipped networks find in them, all
mirrored too, each in random light from the view of another picture. One thread; all times are CPU time.

Then Unsup3D is trained three times for --steps on the same pictures, from the same drawn weights: through the real
renderer; through the learned one as it is; through the learned one while that goes on learning, in every step, from
what the real renderer makes of what the networks say. The optimiser is that of recipe `best` at its full rate.
Protocol unsup3d, which uses the real renderer, scores all of them on test pictures.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ... import load
from ...data.batch import known
from ...data.faces import FaceViews
from ...evaluate import evaluate
from ...metrics.protocols.depth import UNSUP3D
from ...ops.depth_maps import normals_of_depth
from ...systems.unsup3d import formation
from ...systems.unsup3d.config import FormationConfig
from ...systems.unsup3d.formation import Canonical, Light, Reconstructed, reconstruct, twice
from ...systems.unsup3d.loss import masked_mean
from ...systems.unsup3d.network import Unsup3DNetwork
from ...systems.unsup3d.recipes import best
from ...systems.unsup3d.system import Unsup3DSystem
from ...systems.unsup3d.training import Unsup3DTraining
from ..machine import describe_machine
from ..timing import measure_in_turns
from .arguments import run_study, study_parser, write_json
from .unsup3d_speed import Step, Warp

_TOLD = 11  # numbers: two strengths and the direction of the light, three angles and three shifts
_FINER, _RATE = 2, 1e-3  # pixels a side that are channels of one; of learning
FORMATION = FormationConfig()


class Scenes(NamedTuple):
    """What is to be drawn: depth and colours from the front, colours in [-1, 1]; light and view as `Canonical`'s."""

    depth: Float[Tensor, "picture size size"]
    albedo: Float[Tensor, "picture 3 size size"]
    light: Float[Tensor, "picture 5"]
    view: Float[Tensor, "picture 6"]

    @classmethod
    def of(cls, found: Canonical) -> "Scenes":
        """What a canonical object was made of."""
        light = found.light
        told = torch.cat([light.ambient, light.diffuse, light.direction], dim=1)
        return cls(found.depth, found.albedo, told, found.view)


class LearnedRenderer(nn.Module):
    """Scenes to what the camera sees: a U-Net of three scales, the finest with `width` channels, pixels of 2 x 2."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        w, pixels = width, _FINER**2
        self.down = nn.ModuleList([Told(4 * pixels + 2, w), Told(w, 2 * w, 2), Told(2 * w, 4 * w, 2)])
        self.middle = Told(4 * w, 4 * w)
        self.up = nn.ModuleList([Told(6 * w, 2 * w), Told(3 * w, w)])
        self.last = nn.Conv2d(w, 4 * pixels, 3, padding=1)

    def forward(self, scenes: Scenes) -> tuple[Tensor, Tensor]:
        """Pictures (picture, 3, size, size) as `Reconstructed.image`; logits (picture, size, size) of being seen."""
        least, most = FORMATION.depth
        depth = (scenes.depth - FORMATION.middle) * (2 / (most - least))
        said = torch.cat([scenes.light, scenes.view * 2], dim=1)
        x = F.pixel_unshuffle(torch.cat([depth[:, None], scenes.albedo], dim=1), _FINER)
        places = torch.linspace(-1, 1, x.shape[-1]).expand(len(x), 1, x.shape[-1], -1)
        x, kept = torch.cat([x, places, places.mT], dim=1), []
        for layer in self.down:
            x = layer(x, said)
            kept.append(x)
        x = self.middle(x, said)
        for layer, finer in zip(self.up, kept[-2::-1], strict=True):
            x = layer(torch.cat([F.interpolate(x, scale_factor=2.0), finer], dim=1), said)
        drawn = F.pixel_shuffle(self.last(x), _FINER)
        return drawn[:, :3], drawn[:, 3]


class Told(nn.Module):
    """A convolution, normalised, and moved channel by channel by what light and view say."""

    def __init__(self, channels: int, out: int, stride: int = 1) -> None:
        super().__init__()
        self.pictures = nn.Conv2d(channels, out, 3, stride, padding=1, bias=False)
        self.norm, self.numbers = nn.GroupNorm(4, out), nn.Linear(_TOLD, 2 * out)

    def forward(self, x: Tensor, said: Tensor) -> Tensor:
        """relu(n (1 + a) + b), a and b linear in what is said."""
        scale, shift = self.numbers(said)[..., None, None].chunk(2, dim=1)
        return F.relu(self.norm(self.pictures(x)) * (1 + scale) + shift)


def lit(scenes: Scenes) -> Canonical:
    """Scenes as the real renderer takes them."""
    light = Light(*scenes.light.split([1, 1, 3], dim=1))
    normals = normals_of_depth(scenes.depth, FORMATION.fov)
    shading = formation.shade(normals, light)
    image = (scenes.albedo / 2 + 0.5) * shading * 2 - 1
    return Canonical(scenes.depth, scenes.depth, scenes.albedo, light, normals, shading, image, scenes.view)


def real(scenes: Scenes) -> Reconstructed:
    """The real renderer."""
    return reconstruct(lit(scenes), FORMATION)


def scenes_of(faces: FaceViews, people: Sequence[int], networks: nn.Module, seed: int) -> dict[str, Scenes]:
    """Scenes of people: of what is true in their pictures, and of what networks find in these."""
    batch = faces.held_batch(people, 1)
    images, truth = batch.images[:, 0], batch.truth
    with torch.no_grad():
        found = formation.canonical(networks(images), FORMATION)
    head, depth = known(truth.masks)[:, 0], known(truth.depth)[:, 0, 0]
    depth = depth.where(depth > 0, FORMATION.border_depth).clamp(*FORMATION.depth)
    depth = formation.with_border(depth, FORMATION)
    albedo = 2 * known(truth.albedo)[:, 0].where(head > 0, images) - 1
    view = known(truth.poses)[:, 0].roll(1, 0)
    draw = torch.Generator().manual_seed(seed)
    raw = [2 * torch.rand(2 * len(people), 4, generator=draw) - 1 for _ in range(2)]
    lights = [Scenes.of(replace(found, light=formation.light_of(one, FORMATION))).light for one in raw]
    return {
        "truth": Scenes(twice(depth, True), twice(albedo, True), lights[0], twice(view, False)),
        "networks": Scenes(found.depth, found.albedo, lights[1], twice(view, False)),
    }


@dataclass
class Learner:
    """A renderer and its optimiser."""

    renderer: LearnedRenderer

    def __post_init__(self) -> None:
        self.optimiser = torch.optim.Adam(self.renderer.parameters(), lr=_RATE)

    def learn(self, scenes: Scenes) -> None:
        """A step on what the real renderer makes of scenes: colours where both of a pair are seen, and being seen."""
        with torch.no_grad():
            made = real(scenes)
        image, seen = self.renderer(scenes)
        colours = masked_mean((image - made.image).abs(), torch.cat([made.mask, made.mask]))
        loss = colours + 0.1 * F.binary_cross_entropy_with_logits(seen, made.seen.float())
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()

    def learn_for(self, seconds: float, batches: Iterator[Scenes]) -> int:
        """Steps that take some CPU seconds, the rate falling to nothing; returns their number."""
        begin, steps = process_time(), 0
        while (spent := process_time() - begin) < seconds:
            self.optimiser.param_groups[0]["lr"] = _RATE * (1 - spent / seconds)
            self.learn(next(batches))
            steps += 1
        return steps


def batches_of(faces: FaceViews, networks: nn.Module, people: int, count: int) -> Iterator[Scenes]:
    """Endless scenes of `count` people of the training split each, of both kinds in turns."""
    training = [i for i, entry in enumerate(faces.entries) if entry.split == "train"][:people]
    blocks = [training[i : i + count] for i in range(0, len(training) - count + 1, count)]
    pool = [scenes_of(faces, block, networks, seed) for seed, block in enumerate(blocks)]
    draw = torch.Generator().manual_seed(0)
    while True:
        for i in torch.randperm(len(pool), generator=draw).tolist():
            other, light = torch.randint(len(pool), (2,), generator=draw).tolist()
            for name, scenes in pool[i].items():
                yield scenes._replace(light=pool[light][name].light, view=pool[other][name].view)


@torch.no_grad()
def compare(draw: Callable[[Scenes], Tensor], scenes: Scenes) -> dict[str, float]:
    """Mean difference of colours in [0, 1] and PSNR against the real renderer, over what it sees."""
    made = real(scenes)
    mask = torch.cat([made.mask, made.mask])
    off = (draw(scenes) - made.image) / 2
    psnr = -10 * masked_mean(off.square(), mask).log10()
    return {"l1": float(masked_mean(off.abs(), mask)), "psnr": float(psnr)}


def gradients(draw: Callable[[Scenes], Tensor], scenes: Scenes) -> tuple[Tensor, ...]:
    """Of the sum of the pictures by all that they are made of."""
    return torch.autograd.grad(draw(scenes).sum(), scenes)


def speed(renderer: LearnedRenderer, scenes: Scenes, repeats: int) -> dict[str, Any]:
    """Milliseconds a picture of both renderers: quartiles."""
    leaves = Scenes(*(part.clone().requires_grad_() for part in scenes))
    draws = {"real": lambda scenes: real(scenes).image, "learned": lambda scenes: renderer(scenes)[0]}
    calls: dict[str, Callable[[], object]] = {}
    for name, draw in draws.items():
        calls[f"{name}, forward"] = torch.inference_mode()(partial(draw, scenes))
        calls[f"{name}, forward and backward"] = partial(gradients, draw, leaves)
    told = measure_in_turns(calls, torch.device("cpu"), repeats, 60.0, process_time)
    scale = 1000 / len(scenes.depth)
    return {name: [scale * one.low, scale * one.median, scale * one.high] for name, one in told.items()}


def through(learner: Learner, goes_on: bool) -> Warp:
    """A learned renderer in the place of `formation.reconstruct`; going on, it learns a step before each use."""

    def warp(found: Canonical, _: FormationConfig) -> Reconstructed:
        scenes = Scenes.of(found)
        if goes_on:
            learner.learn(Scenes(*(part.detach() for part in scenes)))
        image, logit = learner.renderer(scenes)
        seen, half = logit.detach() > 0, len(logit) // 2
        mask = (seen[:half] & seen[half:])[:, None].float()
        places = torch.zeros(*found.depth.shape, 2)
        return Reconstructed(found.depth, seen, mask, image * torch.cat([mask, mask]), places)

    return warp


def train_and_score(warp: Warp, features: Path | None, steps: int, batch: int, scored: int) -> dict[str, Any]:
    """Train Unsup3D through a renderer, and score it by protocol unsup3d; mean and deviation of every measure."""
    whole, none = best(), {"features": "none", "perceptual": 0.0}
    loss = replace(whole.loss, **({"first_weights": str(features)} if features else none))
    network = replace(whole.network, dome=0.0)
    module, source = Unsup3DTraining(replace(whole, network=network, loss=loss)), FaceViews(20_000)
    step, begin = Step(module, warp, torch.empty(0)), process_time()
    for i in range(steps):
        step.images = source.training_batch(i, batch, 1).images[:, 0]
        step()
    seconds, learned = process_time() - begin, module.network
    assert isinstance(learned, Unsup3DNetwork)
    evaluation = evaluate(Unsup3DSystem(learned), FaceViews(scored), UNSUP3D, device="cpu", cases=0)
    values = {m.name: torch.tensor(evaluation.values(1, m.name)) for m in UNSUP3D.measures}
    scores = {name: {"mean": float(x.mean()), "std": float(x.std())} for name, x in values.items()}
    guesses, count = evaluation.beyond["baselines"], len(evaluation.entries)
    return {"steps": steps, "seconds": seconds, "pictures": count, "scores": scores, "guesses": guesses}


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, write and show the numbers, and return them."""
    parser = study_parser(__doc__)
    parser.add_argument("--minutes", type=float, default=2.0, help="CPU time that the renderer learns")
    parser.add_argument("--people", type=int, default=512, help="whose scenes it learns from")
    parser.add_argument("--steps", type=int, default=200, help="of Unsup3D through each renderer; 0: none")
    parser.add_argument("--batch", type=int, default=8, help="pictures of a step, people of the renderer's")
    parser.add_argument("--width", type=int, default=16, help="channels of the renderer's finest scale")
    parser.add_argument("--repeats", type=int, default=15, help="of timings")
    parser.add_argument("--scored", type=int, default=2000, help="faces whose test pictures are scored")
    parser.add_argument("--features", type=Path, help="weights of MobileNetV2; no perceptual loss without")
    options = parser.parse_args(words)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    faces, networks = FaceViews(max(20, 2 * options.people)), load("unsup3d", device="cpu").network
    learner = Learner(LearnedRenderer(options.width))
    begin, batches = process_time(), batches_of(faces, networks, options.people, options.batch)
    steps = learner.learn_for(60 * options.minutes, batches)
    renderer, seconds = learner.renderer, process_time() - begin
    numbers: dict[str, Any] = {**describe_machine(torch.device("cpu")), "batch": options.batch}
    parameters = sum(p.numel() for p in renderer.parameters())
    numbers["renderer"] = {"parameters": parameters, "steps": steps, "seconds": seconds}
    test = [i for i, entry in enumerate(faces.entries) if entry.split == "test"]
    held = scenes_of(faces, test, networks, -1)
    draws = {"learned": lambda scenes: renderer(scenes)[0], "not turned": lambda scenes: lit(scenes).image}
    numbers["pictures"] = {"people": len(test)} | {
        kind: {name: compare(draw, scenes) for name, draw in draws.items()} for kind, scenes in held.items()
    }
    numbers["ms_a_picture"] = speed(renderer, Scenes(*(x[:32] for x in held["truth"])), options.repeats)
    print(numbers, flush=True)
    warps: Mapping[str, Warp] = {
        "real": reconstruct,
        "learned": through(Learner(copy.deepcopy(renderer).requires_grad_(False)), False),
        "learned, learning on": through(Learner(copy.deepcopy(renderer)), True),
    }
    numbers["through"] = {}
    for name, warp in warps.items() if options.steps else ():
        row = train_and_score(warp, options.features, options.steps, options.batch, options.scored)
        numbers["guesses"] = row.pop("guesses")  # of all alike
        numbers["through"][name] = row
        print(name, row, flush=True)
    write_json(options.json, numbers)
    return numbers


if __name__ == "__main__":
    run_study(main)
