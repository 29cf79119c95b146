"""`maquette generate --views`: what a generator invents, each object from several sides."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from ..io.errors import BadInput
from ..systems.about import About
from ..systems.orbit_options import MOST, view_codes_beside
from .console import Console
from .generator_input import need_able
from .refusals import Refusal

if TYPE_CHECKING:
    from ..systems.face import Orbits


MOST_PICTURES = 1024  # of all objects and views


@dataclass(frozen=True, kw_only=True)
class Views:
    """Options of several sides."""

    views: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Of each of --seeds so many pictures of the same object from all around, by the view codes of the weights."""
    view_codes: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """Of --views: a file of `maquette view-codes`; the one beside the weights when not given."""


def check_views(options: Any, about: About, seeds: int) -> None:
    """Refuse words that do not go together, too many pictures, and view codes that are not there or would be lost.

    Args:
        options: of `maquette generate`.
        about: the generator's system.
        seeds: how many objects are asked for.
    """
    if options.views is None:
        if options.view_codes is not None:
            raise Refusal("--view-codes goes with --views")
        return
    for flag in ("mix", "project", "latents"):
        if getattr(options, flag) is not None:
            raise Refusal(f"--views and --{flag}: one of the two")
    need_able(about, "orbit", "--views", "seen from several sides")
    if not 1 <= options.views <= MOST:
        raise Refusal(f"--views {options.views}: use 1 to {MOST}")
    if seeds * options.views > MOST_PICTURES:
        raise Refusal(f"--views {options.views}: {seeds} objects; at most {MOST_PICTURES} pictures in all")
    file = need_view_codes(options)
    if file.resolve().is_relative_to(options.out.resolve()):
        raise BadInput(file, f"lies in {options.out}, which is replaced; give -o another folder")


def need_view_codes(options: Any) -> Path:
    """The file of view codes that is meant; refuses one that is not there."""
    file: Path = options.view_codes or view_codes_beside(options.weights)
    if not file.is_file():
        hint = "" if options.view_codes else f"; `maquette view-codes {options.weights}` makes it"
        raise BadInput(file, f"no such file of view codes{hint}")
    return file


def write_views(
    system: "Orbits", options: Any, seeds: tuple[int, ...], own: Any, folder: Path, console: Console
) -> list[dict[str, Any]]:
    """A file of each view of each seed, and all of them in views.png, a row a seed."""
    import torch

    from ..io import save_image

    codes, rows, lines = need_view_codes(options), [], []
    with console.progress("generating", len(seeds)) as advance:
        for seed in seeds:
            seen = system.orbit([seed], options.views, codes, own)
            lines.append(torch.cat(list(seen.images[0]), 2))
            for i, picture in enumerate(seen.images[0]):
                name = f"seed{seed:04d}_view{i:02d}.png"
                save_image(picture, folder / name)
                azimuth, elevation = round(float(seen.azimuth[i]), 1), round(float(seen.elevation[i]), 1)
                rows.append({"file": name, "seed": seed, "azimuth": azimuth, "elevation": elevation})
            advance(len(lines), "")
    save_image(torch.cat(lines, 1), folder / "views.png")
    return [*rows, {"file": "views.png"}]
