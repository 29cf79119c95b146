"""`maquette view-codes`: what shows whatever a generator invents from known sides."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from ..io.errors import BadInput
from ..systems import NAMES, about_system, shipped_weights
from ..systems.orbit_options import OrbitOptions, view_codes_beside
from ..training.weights_header import read_weights_header
from .console import Console
from .generator_input import GeneratorWeights, GeneratorWords, need_able, need_backbone, read_generator
from .options import JsonFile, check_compute, set_up
from .refusals import Refusal, need_place, need_spared
from .weights_input import usable


@dataclass(frozen=True, kw_only=True)
class ViewCodesOptions(GeneratorWeights):
    """Find view codes: styles of a generator's first layers that show any object from a known side.

    A network that tells viewpoints (system viewpoint) looks at pictures that the generator makes; no data are needed.
    `maquette generate WEIGHTS --views N` and `maquette invent` use them.
    """

    out: Annotated[Path | None, tyro.conf.arg(aliases=("-o",), metavar="PATH")] = None
    """The .safetensors file to write; beside the weights, where it is looked for, when not given."""
    viewpoint: Annotated[Path | None, tyro.conf.arg(metavar="FILE|RUN")] = None
    """Weights of the network that tells viewpoints; those that ship when not given."""
    views: Annotated[int, tyro.conf.arg(metavar="N")] = OrbitOptions.count
    """How many view codes are wanted, all around."""
    candidates: Annotated[int, tyro.conf.arg(metavar="N")] = OrbitOptions.candidates
    """How many are tried."""
    objects: Annotated[int, tyro.conf.arg(metavar="N")] = OrbitOptions.objects
    """With how many objects each; as many others judge those that are found."""
    layers: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """How many first layers carry the viewpoint; measured when not given."""
    backbone: Annotated[str, tyro.conf.arg(metavar="FILE|torchvision|none")] = OrbitOptions.backbone
    """First weights of the network that tells how alike pictures are, as of `generate --project`."""
    seed: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    """Of what is tried."""
    json: JsonFile = None
    """Write what was measured as JSON; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words, then look for view codes."""
    asked = read_generator(words, ViewCodesOptions, "view-codes")
    options = asked.options
    check_compute(options)
    need_able(asked.about, "orbit", "maquette view-codes", "seen from several sides")
    try:
        how = OrbitOptions(
            options.views, options.candidates, options.objects, options.layers, options.backbone, options.seed
        )
    except ValueError as error:
        raise Refusal(f"--{error}".replace("--count", "--views")) from error
    if asked.source == "shipped" and options.out is None:
        raise Refusal("--out is needed with the weights that ship, whose own view codes lie beside them")
    out = options.out or view_codes_beside(options.weights)
    need_place(out, (".safetensors",))
    need_spared([options.weights, options.viewpoint, need_backbone(options.backbone)], [out, options.json])
    if options.json is not None and options.json.resolve() == out.resolve():
        raise BadInput(out, "is where the JSON goes, too; give one of them another name")
    console = Console(options.quiet, options.json)
    teller = need_teller(options.viewpoint, options.quiet)
    with console.stdout_for_numbers():
        console.write_json(_find(asked, how, out, teller, console))


def need_teller(weights: Path | None, quiet: bool) -> tuple[str, Path | None]:
    """The system that tells viewpoints, and its weights; refuses those of any other, before torch is imported."""
    able = [name for name in NAMES if "viewpoint" in about_system(name).abilities]
    if weights is None:
        shipped = shipped_weights(able[0])
        if not shipped.is_file():
            raise BadInput(
                shipped, "no weights ship with this version; --viewpoint names a file or the folder of a run"
            )
        return able[0], None
    file = usable(weights, quiet) or weights
    system = read_weights_header(file).system
    if system not in able:
        raise BadInput(
            weights, f"these are weights of {system or 'no system'}; viewpoints are told by {', '.join(able)}"
        )
    return system, file


def _find(
    asked: GeneratorWords, how: OrbitOptions, out: Path, teller: tuple[str, Path | None], console: Console
) -> dict[str, Any]:
    options = asked.options
    device = set_up(options)
    from ..systems import system_class

    system: Any = system_class(asked.about.name).load(options.weights, device=device)
    telling = system_class(teller[0]).load(teller[1], device=device)
    try:
        with console.progress("generating", system.views_to_make(how)) as advance:
            measured = system.find_views(out, telling, how, asked.own, advance)
    except ValueError as error:
        raise Refusal(f"--{error}") from error
    kept = "" if measured["identity"] is None else f", {measured['identity']:.0%} of the objects known again"
    console.say(
        f"wrote {out}: {measured['codes']} view codes of {measured['layers']} first layers, largest gap "
        f"{measured['largest_gap']:.0f} degrees, {measured['usable']:.0%} of the pictures within 15 degrees{kept}"
    )
    return {"system": asked.about.name, "weights": asked.source, "file": str(out), **measured}
