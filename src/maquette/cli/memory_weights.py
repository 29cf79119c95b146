"""Weights with a memory, as the words of `memory` name them: judged by their header, loaded, written anew."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import tyro

from ..io.checksum import sha256_of
from ..io.errors import BadInput
from ..systems import NAMES, about_system
from ..training.weights_header import Precision, WeightsHeader, read_weights_header
from .console import Console
from .options import Compute, JsonFile, set_up
from .refusals import need_place, need_spared
from .weights_input import need_weights, usable

if TYPE_CHECKING:
    from ..systems.face import Remembers
    from ..systems.remembered import Remembered

SHIPPED = Path("shipped")
SUFFIX = ".safetensors"


@dataclass(frozen=True, kw_only=True)
class OfMemory(Compute):
    """What every word of `memory` understands."""

    weights: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="WEIGHTS")]
    """A weights file or the folder of a run, of a network with a memory; `shipped` for those that ship."""
    json: JsonFile = None
    """Write what is said as JSON; `-` is stdout."""


@dataclass(frozen=True)
class Held:
    """Weights with a memory.

    Attributes:
        weights: what to load; None loads those that ship.
        header: what the file says of itself.
    """

    weights: Path | None
    header: WeightsHeader

    def load(self, options: OfMemory) -> "Remembers":
        """The system itself, on the device that the options name."""
        device = set_up(options)
        from ..systems import system_class

        return cast("Remembers", system_class(self.header.system).load(self.weights, None, str(device)))


def need_memory(options: OfMemory) -> Held:
    """The weights that are named; refuse those that are missing, broken, or have no memory."""
    if options.weights == SHIPPED and not SHIPPED.exists():
        system = next(name for name in NAMES if about_system(name).remembers)
        weights, header = None, need_weights(system, None, "WEIGHTS")
    else:
        weights = usable(options.weights, options.quiet)
        header = read_weights_header(weights or options.weights)
    try:
        remembers = about_system(header.system).remembers
    except KeyError as error:
        raise BadInput(header.file, error.args[0]) from error
    if header.variant not in remembers:
        who = f"{header.system or 'no system'}, variant {header.variant}"
        raise BadInput(header.file, f"these are weights of {who}, which has no memory")
    return Held(weights, header)


def need_new(out: Path, options: OfMemory, *read: Path) -> None:
    """Refuse a place that the changed weights could not be written to, or where something lies that is read."""
    need_place(out, (SUFFIX,))
    weights = options.weights
    file = weights / "weights.safetensors" if weights.is_dir() else weights
    need_spared([file, *read], [out, options.json])


def write_new(system: "Remembers", held: Held, out: Path, console: Console) -> dict[str, Any]:
    """Write the weights with the precision of those that were read; how full the memory is, and the file's sum."""
    known = held.header.precision in get_args(Precision)
    system.save(out, cast("Precision", held.header.precision) if known else "float32")
    filled, slots, total = len(system.remembered()), system.slots(), sha256_of(out)
    console.say(f"wrote {out}: {filled} of {slots} slots are filled")
    console.say(f"SHA-256 {total}")
    return {"filled": filled, "slots": slots, "sha256": total}


def line_of(shape: "Remembered") -> str:
    """What is known of a shape, in a line."""
    similar = "" if shape.similarity is None else f"{shape.similarity:7.3f}  "
    id = "(unknown)" if shape.id is None else shape.id
    return f"{similar}slot {shape.slot:5}  age {shape.age:7}  cells {shape.cells:5}  {id}"
