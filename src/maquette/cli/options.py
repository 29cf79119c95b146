"""Options that several commands share, and what is done with them before the work starts."""

import inspect
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields, make_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, get_type_hints

import tyro

from ..training.place import is_first
from .refusals import Refusal
from .words import HELP

if TYPE_CHECKING:
    import torch

    from ..data.mesh_axes import MeshAxes

Parsed = TypeVar("Parsed")
Out = Annotated[Path, tyro.conf.arg(aliases=("-o",), metavar="PATH")]
JsonFile = Annotated[Path | None, tyro.conf.arg(metavar="FILE")]
_DEVICE = re.compile(r"auto|(cpu|cuda|mps|xpu)(:\d+)?")
_LARGEST_SIDE = 4096
_MARKERS = (tyro.conf.FlagCreatePairsOff, tyro.conf.OmitArgPrefixes, tyro.conf.HelptextFromCommentsOff)


@dataclass(frozen=True, kw_only=True)
class Common:
    """What every command that works understands."""

    quiet: bool = False
    """Say nothing but what goes wrong."""


@dataclass(frozen=True, kw_only=True)
class Compute(Common):
    """What every command that computes understands."""

    device: Annotated[str, tyro.conf.arg(metavar="auto|cpu|cuda[:N]|...")] = "auto"
    """Where to compute; auto is CUDA where there is a GPU for it, else the CPU."""
    threads: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """CPU threads; as many as torch takes by itself when not given."""


@dataclass(frozen=True, kw_only=True)
class Root:
    """What every command understands that reads a mesh or a cameras.json."""

    root: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER")] = None
    """A folder that names of textures, buffers and pictures in the file may lead into; its own alone when not
    given."""


@dataclass(frozen=True, kw_only=True)
class Axes:
    """Where up and the front are in the files of a folder of meshes."""

    up: Annotated[str, tyro.conf.arg(metavar="AXIS")] = "+Y"
    """Which way is up in the mesh files: +X, -X, +Y, -Y, +Z or -Z (write --up=-Z). Columns `up`
    and `front` of MANIFEST.csv go before."""
    front: Annotated[str, tyro.conf.arg(metavar="AXIS")] = "+Z"
    """Where their front is. Files of Blender and most CAD programs: --up=+Z --front=-Y."""


def mesh_axes(options: Axes) -> "MeshAxes":
    """The axes of --up and --front; refuses what are none."""
    from ..data.mesh_axes import parse_axes

    try:
        return parse_axes(options.up, options.front)
    except ValueError as error:
        raise Refusal(f"--up={options.up} --front={options.front}: {error}") from error


def parse(options: type[Parsed], words: Sequence[str], command: str) -> Parsed:
    """Read a command's words into its options; the class's docstring is the command's description.

    Ends the process (`SystemExit`) with code 0 after `--help`, and with 2 where a word is wrong.
    """
    args = ["--help" if word in HELP else word for word in words]
    return tyro.cli(options, prog=f"maquette {command}", args=args, config=_MARKERS)


def option_of(words: Sequence[str], name: str) -> str | None:
    """What an option says, before the words are read as a whole: it decides which other options there are.

    Of several the last, as in that reading; None where it is not there.
    """
    found = None
    for i, word in enumerate(words):
        if word == name:
            found = words[i + 1] if i + 1 < len(words) else found
        elif word.startswith(f"{name}="):
            found = word.partition("=")[2]
    return found


def words_named(words: Sequence[str]) -> frozenset[str]:
    """Names of the options among words, with underscores."""
    return frozenset(
        word.partition("=")[0].removeprefix("--").replace("-", "_") for word in words if word.startswith("--")
    )


def parse_short(options: type[Any], first: Sequence[str], program: str) -> None:
    """Print the help of the options that come first, in their order, and end; --help-all has the others."""
    types = get_type_hints(options, include_extras=True)
    hidden: list[Any] = [
        (field.name, tyro.conf.Suppress[types[field.name]], field)  # type: ignore[misc]
        for field in fields(options)
        if field.name not in first
    ]
    shown = make_dataclass(options.__name__, hidden, bases=(options,), kw_only=True, frozen=True)
    shown.__doc__ = f"{inspect.cleandoc(options.__doc__ or '')}\n\n--help-all lists every option."
    tyro.cli(shown, prog=program, args=["--help"], config=_MARKERS)


def check_compute(options: Compute) -> None:
    """Refuse a device or a number of threads that makes no sense, before torch is imported."""
    if not _DEVICE.fullmatch(options.device):
        raise Refusal(f"--device {options.device}: not a device; use auto, cpu, cuda, cuda:1, mps or xpu")
    if options.threads is not None and options.threads < 1:
        raise Refusal(f"--threads {options.threads}: at least 1 is needed")


def set_up(options: Compute) -> "torch.device":
    """Import torch, tell it the number of threads, and give the device; refuse one that is not there.

    A GPU that nobody named is said, once: in the first process of several.
    """
    check_compute(options)
    import torch

    from ..structures.device import resolve_device

    if options.threads is not None:
        torch.set_num_threads(options.threads)
    try:
        device = torch.empty(0, device=resolve_device(options.device)).device
    except Exception as error:  # each backend raises its own
        reason = str(error).strip().splitlines()[0]
        raise Refusal(f"--device {options.device}: not available here ({reason})") from error
    if options.device == "auto" and device.type != "cpu" and is_first() and not options.quiet:
        name = torch.cuda.get_device_name(device)
        print(f"computing on {device} ({name}); --device cpu for the CPU", file=sys.stderr, flush=True)
    return device


def at_least(least: int | float, **values: int | float | None) -> None:
    """Refuse any of the named values that is below `least`, or no number of 63 bits; None passes."""
    for name, value in values.items():
        word = f"--{name.replace('_', '-')} {value}"
        if value is not None and not value >= least:
            raise Refusal(f"{word}: at least {least} is needed")
        if value is not None and value >= 2**63:
            raise Refusal(f"{word}: is too large")


def picture_size(text: str) -> tuple[int, int]:
    """(height, width) from "S" or "HxW"."""
    match = re.fullmatch(r"(\d{1,5})(?:x(\d{1,5}))?", text)
    sizes = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not all(1 <= side <= _LARGEST_SIDE for side in sizes):
        raise Refusal(f"--size {text}: not a size; use S or HEIGHTxWIDTH, 1 to {_LARGEST_SIDE} pixels a side")
    return sizes
