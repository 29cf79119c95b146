"""`maquette bench`: how fast this machine is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from ..systems.mesh_rcnn.config import VARIANTS as MESH_RCNN
from ..systems.r2n2.config import VARIANTS
from .console import Console
from .options import Compute, JsonFile, at_least, check_compute, parse, set_up
from .refusals import Refusal

Positive = Annotated[int, tyro.conf.arg(metavar="N")]


@dataclass(frozen=True, kw_only=True)
class BenchOptions(Compute):
    """Time operators, networks or blocks on this machine, each beside its twin.

    Prints a table with median and spread. A few minutes on two quiet cores; other work on the machine shows.
    """

    name: Annotated[
        tyro.conf.Positional[Literal["ops", "r2n2", "mesh-rcnn", "dynamic"]], tyro.conf.arg(metavar="NAME")
    ]
    """ops: the operators on meshes, points and voxels. r2n2: training and reconstruction with 3D-R2N2. mesh-rcnn:
    the same with Mesh R-CNN's variants, beside its plain one. dynamic: residual blocks that skip positions, beside
    the same blocks at every position."""
    repeats: Positive = 15
    """Runs of each call; those that take seconds run fewer times."""
    variants: Annotated[tuple[str, ...], tyro.conf.arg(metavar="VARIANT...")] = ()
    """Networks to measure; of mesh-rcnn the first is what the others are compared with, and -folded may follow. Those
    of the published tables when not given."""
    width: Annotated[float, tyro.conf.arg(metavar="FACTOR")] = 1.0
    """r2n2: multiplies the channels of the networks."""
    size: Positive = 127
    """r2n2: pixels a side of the pictures."""
    batch: Positive = 4
    """r2n2: samples of a training step."""
    views: Annotated[tuple[int, ...], tyro.conf.arg(metavar="N...")] = (1, 2, 4, 8)
    """r2n2: numbers of pictures of a reconstruction."""
    recipe: Literal["best", "pretty", "small", "tiny"] = "best"
    """mesh-rcnn: whose networks."""
    batches: Annotated[tuple[int, ...], tyro.conf.arg(metavar="N...")] = (1, 16)
    """mesh-rcnn: numbers of pictures at once."""
    json: JsonFile = None
    """Write all numbers, versions and hardware as JSON; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words, then measure."""
    options = parse(BenchOptions, words, "bench")
    _check(options)
    console = Console(options.quiet, options.json)
    with console.stdout_for_numbers():
        device = set_up(options)
        from ..bench import dynamic, mesh_rcnn, ops, r2n2

        how = (device, options.threads, options.repeats)
        if options.name == "ops":
            result, show = ops.run(*how), ops.table
        elif options.name == "dynamic":
            result, show = dynamic.run(*how), dynamic.table
        elif options.name == "r2n2":
            variants = options.variants or r2n2.VARIANTS
            size, batch, views = options.size, options.batch, options.views
            result, show = r2n2.run(*how, variants, options.width, size, batch, views), r2n2.table
        else:
            networks = options.variants or mesh_rcnn.NETWORKS
            result = mesh_rcnn.run(*how, options.recipe, options.batches, networks)
            show = mesh_rcnn.table
        console.write_json(result)
    for line in show(result).splitlines():
        console.say(line)


def _check(options: BenchOptions) -> None:
    check_compute(options)
    at_least(1, repeats=options.repeats, size=options.size, batch=options.batch)
    known = MESH_RCNN if options.name == "mesh-rcnn" else VARIANTS
    for variant in options.variants:
        if variant.removesuffix("-folded" if options.name == "mesh-rcnn" else "") not in known:
            raise Refusal(f"--variants {variant}: known are {', '.join(known)}")
    if not options.views or not options.batches:
        raise Refusal("--views and --batches need at least one each")
    at_least(1, views=min(options.views), batches=min(options.batches))
    if not 0 < options.width <= 4:
        raise Refusal(f"--width {options.width}: use a factor above 0, at most 4")
