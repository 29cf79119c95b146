"""`maquette invent`: a shape that nobody has seen, from a generator of pictures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import tyro

from ..io.errors import BadInput
from ..systems.about import About
from ..systems.molding.result_names import result_names
from ..systems.project_options import ProjectOptions
from .console import Console
from .generate_views import need_view_codes
from .generator_input import need_able, need_backbone, read_generator
from .mold import need_texture_size, show_result
from .mold_photos import scene_of
from .options import Compute, JsonFile, Out, at_least, check_compute, option_of, set_up
from .photo_input import need_free_folder, need_unchanged, stages
from .picture_input import need_picture
from .refusals import MESH_OUT_SUFFIXES, Refusal, need_place, need_spared
from .view_codes import need_teller
from .watching import Watch

if TYPE_CHECKING:
    from torch import Tensor

KINDS = ("car",)  # whose weights are looked for where none are given
_FEWEST, _MOST = 6, 100
_SHEETS = ("generated.png", "masks.png", "photo.png", "projected.png")


@dataclass(frozen=True, kw_only=True)
class Invent(Compute):
    """Invent an object: pictures of it from all around, and a mesh that looks like them.

    A generator makes the views, by its view codes; the object is cut out of each, their cameras are found, and the
    visual hull is molded to the outlines and coloured. Of some views that are not molded it is told how well they
    fit. Views, masks and cameras go into <stem>_scene, which can be corrected and molded again (`maquette mold`);
    beside OUT appear the files of `maquette mold`.
    """

    kind: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="KIND")]
    """What is invented: car; with --weights whatever these show."""
    out: Out
    """The mesh to write: .glb, .obj, .ply, .off or .stl."""
    seed: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    """Which one: the same number is always the same object."""
    project: Annotated[Path | None, tyro.conf.arg(metavar="PHOTO")] = None
    """Instead of --seed: one that resembles the object in this photograph."""
    project_steps: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Of --project: of looking for it, as --steps of `maquette generate --project`."""
    encoder: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Of --project: an encoder of `maquette encoder`, whose guess is the start."""
    backbone: Annotated[str | None, tyro.conf.arg(metavar="FILE|torchvision|none")] = None
    """Of --project: first weights of the network in whose features pictures are compared."""
    weights: Annotated[Path | None, tyro.conf.arg(metavar="FILE|RUN")] = None
    """Of the generator; those that ship when not given."""
    viewpoint: Annotated[Path | None, tyro.conf.arg(metavar="FILE|RUN")] = None
    """Of the network that tells viewpoints; those that ship when not given."""
    view_codes: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """The generator's view codes; those beside its weights when not given."""
    views: Annotated[int, tyro.conf.arg(metavar="N")] = 16
    """How many views are molded."""
    judging: Annotated[int, tyro.conf.arg(metavar="N")] = 8
    """How many others only judge."""
    holes: bool = False
    """Keep holes of outlines, of what one can look through; else they are filled, as of cars."""
    steps: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Of molding, as in `maquette mold`."""
    texture: Annotated[int | None, tyro.conf.arg(metavar="SIZE")] = None
    """Texels along the longer side of the texture; 0 colours vertices."""
    json: JsonFile = None
    """Write the report there too; `-` is stdout."""


class Asked(NamedTuple):
    """What is to be made, and with what."""

    options: Invent
    about: About
    own: Any
    teller: tuple[str, Path | None]
    codes: Path


def run(words: Sequence[str]) -> None:
    """Read the words, then invent."""
    asked = read_asked(words)
    options = asked.options
    console = Console(options.quiet, options.json)
    with console.stdout_for_numbers():
        console.write_json(make(asked, console))


def read_asked(words: Sequence[str]) -> Asked:
    """What the words ask for; refuses what cannot be made of them."""
    said = read_generator(words, Invent, "invent")
    options: Invent = said.options
    need_kind(options.kind, option_of(words, "--weights") is not None)
    _check(options)
    need_able(said.about, "orbit", "maquette invent", "seen from several sides")
    need_place(options.out, MESH_OUT_SUFFIXES)
    scene = scene_of(options.out)
    need_free_folder(scene, [] if options.project is None else [options.project], _SHEETS)
    need_unchanged(scene)
    codes, teller = need_view_codes(options), need_teller(options.viewpoint, options.quiet)
    if options.project is not None:
        need_able(said.about, "project", "--project", "projected")
        need_picture(options.project)
    backbone = need_backbone(options.backbone)
    read = (options.weights, options.viewpoint, codes, options.project, options.encoder, backbone)
    need_spared(read, (*result_names(options.out), options.json))
    return Asked(options, said.about, said.own, teller, codes)


def need_kind(kind: str, has_weights: bool) -> None:
    """Refuse a kind whose weights are unknown, where none are given."""
    if kind not in KINDS and not has_weights:
        raise Refusal(f"{kind}: known are {', '.join(KINDS)}; anything else needs --weights")


def _check(options: Invent) -> None:
    check_compute(options)
    if not _FEWEST <= options.views <= _MOST:
        raise Refusal(f"--views {options.views}: use {_FEWEST} to {_MOST}")
    at_least(0, seed=options.seed, judging=options.judging, project_steps=options.project_steps)
    at_least(1, steps=options.steps)
    if options.seed >= 2**32:
        raise Refusal(f"--seed {options.seed}: use a number up to {2**32 - 1}")
    need_texture_size(options.texture)
    for flag in ("project_steps", "encoder", "backbone"):
        if getattr(options, flag) is not None and options.project is None:
            raise Refusal(f"--{flag.replace('_', '-')} goes with --project")
    if options.encoder is not None and not options.encoder.is_file():
        raise BadInput(options.encoder, "no such file")


def make(asked: Asked, console: Console) -> dict[str, Any]:
    """Invent it, write what belongs to it and show it; returns the report."""
    options = asked.options
    device = set_up(options)
    from ..compose.invent import InventOptions, invent
    from ..systems import system_class
    from ..systems.molding.job import silhouettes_preset

    generator: Any = system_class(asked.about.name).load(options.weights, device=device)
    teller: Any = system_class(asked.teller[0]).load(asked.teller[1], device=device)
    how = InventOptions(
        options.views, options.judging, steps=options.steps, texture=options.texture, holes=options.holes
    )
    steps = silhouettes_preset("default", near=True).steps if options.steps is None else options.steps
    scene = scene_of(options.out)
    objects, before = _objects(asked, generator, console)
    with stages(console) as watch:
        molding = Watch(lambda done, note: watch("molding", done, steps, note))
        made = invent(
            objects, options.out, generator, teller, asked.codes, scene, how, asked.own, before,
            watch, molding, str(device),
        )  # fmt: skip
    left_out = sum("left_out" in view for view in made.report["views"])
    console.say(f"{len(made.report['views']) - left_out} of {len(made.report['views'])} views are in {scene}")
    report = show_result(made.files, console)
    return {**report, "invented": made.report}


def _objects(
    asked: Asked, generator: Any, console: Console
) -> "tuple[int | Mapping[str, Tensor], dict[str, Tensor]]":
    """The seed, or what resembles the photograph, and pictures of how it came about."""
    options = asked.options
    if options.project is None:
        return options.seed, {}
    from ..compose.drawn_look import drawn_look
    from ..io import load_image

    wanted = drawn_look(load_image(options.project, 3), str(options.project))
    how = ProjectOptions(options.project_steps, options.seed, options.backbone or "auto", options.encoder)
    with console.progress("projecting", how.count) as advance:
        try:
            found = generator.project(wanted, how, asked.own, advance)
        except ValueError as error:
            raise Refusal(f"--{error}") from error
    console.say(f"resembles the photograph to {found.numbers['pixels']:.3f} in pixels")
    return found.latents, {"photo.png": wanted, "projected.png": found.progress}
