"""`maquette generate`: pictures from a generator's weights."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import tyro

from ..io.errors import BadInput
from ..systems.about import About
from .console import Console
from .generate_project import Project, check_project, write_latents, write_projected
from .generate_views import Views, check_views, need_view_codes, write_views
from .generator_input import GeneratorWeights, need_able, need_backbone, read_generator
from .options import JsonFile, Out, check_compute, set_up
from .refusals import Refusal, need_place, need_spared

_RANGE = re.compile(r"(\d+)(?:-(\d+))?")
_OWN = re.compile(
    r"(seed\d+(_view\d+)?|views|row\d+_column\d+|grid|projected|target|progress|latents)\.png|latents\.safetensors"
)
_MOST_SEEDS, _LARGEST_SEED, _LARGEST_LAYER = 100_000, 2**32 - 1, 1000
_MOST_CELLS = 1024
Numbers = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Generate(Views, Project, GeneratorWeights):
    """Pictures from the weights of a generator: a folder of seed0000.png and so on.

    With --views each object from several sides, seed0000_view00.png and so on, and all of them, views.png.
    With --mix a grid, grid.png, and each of its pictures: down its left side those of the first seeds, along its top
    those of the second, in between each of the left with the styles of some layers from each of the top.
    With --project the picture that is nearest to a given one, projected.png, the given one as it was compared,
    target.png, the way there, progress.png, and what it is made of, latents.safetensors.
    """

    out: Out
    """Folder of the pictures."""
    seeds: Annotated[str, tyro.conf.arg(metavar="A-B,C,...")] = "0-15"
    """Which pictures: numbers and ranges with both ends, each number always the same picture."""
    mix: Annotated[tuple[str, str] | None, tyro.conf.arg(metavar="ROWS COLUMNS")] = None
    """Seeds of a grid's left side and of its top, instead of --seeds."""
    layers: Annotated[str | None, tyro.conf.arg(metavar="A-B,C,...")] = None
    """Of --mix: layers whose styles are those of the top, coarse first; 0-6 when not given."""
    json: JsonFile = None
    """Write which file is of which seed as JSON; `-` is stdout."""


class _Asked(NamedTuple):
    """What is to be made; seeds of rows, and of columns where they are mixed."""

    options: Generate
    about: About
    own: Any
    source: str
    rows: Numbers
    columns: Numbers
    layers: Numbers | None


def run(words: Sequence[str]) -> None:
    """Read the words, then generate."""
    asked = _read(words)
    options = asked.options
    check_compute(options)
    _need_free_folder(options.out)
    need_spared(_files_read(options), [options.json])
    console = Console(options.quiet, options.json)
    with console.stdout_for_numbers():
        console.write_json(_generate(asked, console))


def parse_numbers(text: str, flag: str, largest: int) -> Numbers:
    """Numbers of "0-3,7": of ranges with both ends, and single ones, in the order given.

    Args:
        text: what was said.
        flag: by which.
        largest: number that there may be.

    Raises:
        Refusal: anything else, or too many numbers.
    """
    found: list[int] = []
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if first > last or last > largest:
            raise Refusal(f"{flag} {text}: use numbers and rising ranges up to {largest}, such as 0-3,7")
        if len(found) + last - first >= _MOST_SEEDS:
            raise Refusal(f"{flag} {text}: at most {_MOST_SEEDS} numbers")
        found.extend(range(first, last + 1))
    return tuple(found)


def _files_read(options: Generate) -> list[Path | None]:
    codes = None if options.views is None else need_view_codes(options)
    backbone = need_backbone(options.backbone)
    return [options.weights, options.project, options.latents, options.encoder, backbone, codes]


def _read(words: Sequence[str]) -> _Asked:
    options, about, own, source = read_generator(words, Generate, "generate")
    check_project(options, about)
    rows, columns, layers = _seeds_of(options, about)
    check_views(options, about, len(rows))
    return _Asked(options, about, own, source, rows, columns, layers)


def _seeds_of(options: Generate, about: About) -> tuple[Numbers, Numbers, Numbers | None]:
    """Seeds of rows and columns, and layers to be mixed."""
    if options.mix is None:
        if options.layers is not None:
            raise Refusal("--layers goes with --mix")
        return parse_numbers(options.seeds, "--seeds", _LARGEST_SEED), (), None
    need_able(about, "mix", "--mix", "mixed")
    rows, columns = (parse_numbers(seeds, "--mix", _LARGEST_SEED) for seeds in options.mix)
    if len(rows) * len(columns) > _MOST_CELLS:
        raise Refusal(f"--mix: {len(rows)} x {len(columns)} pictures; at most {_MOST_CELLS} fit into a grid")
    layers = None if options.layers is None else parse_numbers(options.layers, "--layers", _LARGEST_LAYER)
    return rows, columns, layers


def _need_free_folder(path: Path) -> None:
    """Refuse a place that holds anything which this command did not write."""
    need_place(path)
    if path.exists() and not path.is_dir():
        raise BadInput(path, "is a file; the output is a folder")
    if path.is_dir() and any(not _OWN.fullmatch(entry.name) for entry in path.iterdir()):
        raise BadInput(path, "is a folder with other files in it; it will not be replaced")


def _generate(asked: _Asked, console: Console) -> dict[str, Any]:
    options = asked.options
    device = set_up(options)
    from ..io.atomic_folder import replacing_folder
    from ..systems import system_class

    system: Any = system_class(asked.about.name).load(options.weights, device=device)
    with replacing_folder(options.out) as folder:
        try:
            rows = _write(system, asked, folder, console)
        except ValueError as error:
            raise Refusal(f"--{error}") from error
    console.say(f"wrote {len(rows)} picture{'' if len(rows) == 1 else 's'} into {options.out}")
    return {"system": asked.about.name, "weights": asked.source, "pictures": rows}


def _write(system: Any, asked: _Asked, folder: Path, console: Console) -> list[dict[str, Any]]:
    """What was asked for."""
    options = asked.options
    if options.project is not None:
        return write_projected(system, options, asked.own, folder, console)
    if options.latents is not None:
        return write_latents(system, options, folder)
    if options.views is not None:
        return write_views(system, options, asked.rows, asked.own, folder, console)
    return (_write_mixed if asked.columns else _write_single)(system, asked, folder, console)


def _write_single(system: Any, asked: _Asked, folder: Path, console: Console) -> list[dict[str, Any]]:
    """A file of each seed."""
    from ..io import save_image

    rows = []
    with console.progress("generating", len(asked.rows)) as advance:
        for seed in asked.rows:
            name = f"seed{seed:04d}.png"
            save_image(system.generate(1, seed, asked.own)[0], folder / name)
            rows.append({"file": name, "seed": seed})
            advance(len(rows), "")
    return rows


def _write_mixed(system: Any, asked: _Asked, folder: Path, console: Console) -> list[dict[str, Any]]:
    """A file of each pair of seeds, and the grid of all."""
    import torch

    from ..io import save_image

    left, top = (
        torch.cat([system.generate(1, seed, asked.own) for seed in seeds])
        for seeds in (asked.rows, asked.columns)
    )
    rows, lines = [], [torch.cat([torch.ones_like(left[0]), *top], 2)]
    with console.progress("mixing", len(left)) as advance:
        for seed, own in zip(asked.rows, left, strict=True):
            (made,) = system.mix([seed], asked.columns, asked.layers, asked.own)
            lines.append(torch.cat([own, *made], 2))
            for column, picture in zip(asked.columns, made, strict=True):
                name = f"row{seed:04d}_column{column:04d}.png"
                save_image(picture, folder / name)
                rows.append({"file": name, "row": seed, "column": column})
            advance(len(lines) - 1, "")
    save_image(torch.cat(lines, 1), folder / "grid.png")
    return [*rows, {"file": "grid.png"}]
