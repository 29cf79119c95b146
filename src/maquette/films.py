"""Films of a reconstruction, by any system that can: in turning light, or turning itself."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from jaxtyping import Float
from torch import Tensor

from .io.gif import save_gif
from .io.mp4 import save_mp4
from .structures.reconstruction import Reconstruction
from .systems.sweeps import FILMS, Sweep

FRAME_MS = 60  # milliseconds that a frame is shown for


@dataclass(frozen=True)
class Film:
    """Moving pictures, whose last is followed by the first.

    Attributes:
        frames: RGB in [0, 1].
        sweep: angles that they go through.
    """

    frames: Float[Tensor, "frame 3 height width"]
    sweep: Sweep


def film(system: Any, made: Reconstruction, kind: str, sweep: Sweep) -> Film:
    """What a system reconstructed, as a film.

    Args:
        system: that made it, and is able to (`systems.face.Relights`, `Turns`).
        made: the reconstruction.
        kind: "relight" or "turn".
        sweep: where the light, or the object, goes: round a circle, else there and back.

    Raises:
        ValueError: a kind that the system does not make.
    """
    if kind not in FILMS or kind not in system.about.abilities:
        raise ValueError(f"{system.about.name} makes no film of kind {kind!r}")
    show = system.relight if kind == "relight" else system.turn
    return Film(show(made, sweep.angles())[sweep.order()], sweep)


def save_film(film: Film, path: str | PathLike[str]) -> None:
    """Write a film, as MP4 where the path ends with .mp4 and as an endless GIF elsewhere (`save_mp4`, `save_gif`)."""
    save = save_mp4 if Path(path).suffix.lower() == ".mp4" else save_gif
    save(film.frames, path, FRAME_MS)
