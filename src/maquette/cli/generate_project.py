"""`maquette generate --project` and `--latents`: the picture that is nearest to a given one, back from a file."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from ..io.errors import BadInput
from ..systems.about import About
from ..systems.project_options import ProjectOptions
from .console import Console
from .generator_input import need_able, need_backbone
from .options import at_least
from .refusals import Refusal

if TYPE_CHECKING:
    from ..systems.face import Projects

LATENTS = "latents.safetensors"


@dataclass(frozen=True, kw_only=True)
class Project:
    """Options of projection."""

    project: Annotated[Path | None, tyro.conf.arg(metavar="PICTURE")] = None
    """Instead of --seeds: look for the picture that is nearest to this one, and for what it is made of."""
    steps: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Of --project: of optimisation; 1000, or none with --encoder, when not given."""
    encoder: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Of --project: an encoder of `maquette encoder`, whose guess is the start."""
    backbone: Annotated[str | None, tyro.conf.arg(metavar="FILE|torchvision|none")] = None
    """Of --project: first weights of the network in whose features pictures are compared: a file of `backbone
    import`, torchvision's of ImageNet, or none, drawn at random; torchvision's, if there are any, when not given."""
    latents: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Instead of --seeds: the picture of a latents.safetensors of --project."""


def check_project(options: Any, about: About) -> None:
    """Refuse words that do not go together, and files that would be lost with the folder that is replaced."""
    ways = [flag for flag in ("project", "latents", "mix") if getattr(options, flag) is not None]
    if len(ways) > 1:
        raise Refusal(f"--{ways[0]} and --{ways[1]}: one of the two")
    for flag in ("steps", "encoder", "backbone"):
        if getattr(options, flag) is not None and options.project is None:
            raise Refusal(f"--{flag} goes with --project")
    at_least(0, steps=options.steps)
    if options.project is not None or options.latents is not None:
        need_able(about, "project", f"--{ways[0]}", "projected")
    backbone = need_backbone(options.backbone)
    for path in filter(None, (options.project, options.latents, options.encoder, backbone, options.weights)):
        if not path.exists():
            raise BadInput(path, "no such file")
        if path.resolve().is_relative_to(options.out.resolve()):
            raise BadInput(path, f"lies in {options.out}, which is replaced; give -o another folder")


def write_projected(
    system: "Projects", options: Any, own: Any, folder: Path, console: Console
) -> list[dict[str, Any]]:
    """The nearest picture, the target, the way and the latents, and how near it is."""
    from ..io import load_image, save_image

    picture = load_image(options.project, 3)
    how = ProjectOptions(options.steps, 0, options.backbone or "auto", options.encoder)
    with console.progress("projecting", how.count) as advance:
        found = system.project(picture, how, own, advance)
    size, (height, width) = found.target.shape[-1], picture.shape[1:]
    if (height, width) != (size, size):
        square = "" if height == width else "the square in its middle, "
        console.say(f"{options.project}: {square}{min(height, width)} pixels a side, is scaled to {size}")
    for name in ("image", "target", "progress"):
        save_image(getattr(found, name), folder / f"{_FILES[name]}.png")
    system.save_latents(folder / LATENTS, found.latents)
    numbers = dict(found.numbers)
    console.say(
        f"distance {numbers['distance']:.3f}, pixels off by {numbers['pixels']:.3f}, {numbers['seconds']:.1f} s"
    )
    return [{"file": "projected.png", "of": str(options.project), "latents": LATENTS, **numbers}]


_FILES = {"image": "projected", "target": "target", "progress": "progress"}


def write_latents(system: "Projects", options: Any, folder: Path) -> list[dict[str, Any]]:
    """The picture of a file of latents."""
    from ..io import save_image

    save_image(system.picture_of(options.latents), folder / "latents.png")
    return [{"file": "latents.png", "of": str(options.latents)}]
