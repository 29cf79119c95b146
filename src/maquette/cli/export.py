"""`maquette export`: a system's network as an ONNX file."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from .console import Console
from .extras import need_extra
from .options import Common, JsonFile, Out, at_least, parse
from .refusals import Refusal, need_place, need_spared
from .weights_input import usable

if TYPE_CHECKING:
    from ..export import Exported


@dataclass(frozen=True, kw_only=True)
class Export(Common):
    """The network of a system as an ONNX file, which runs without maquette and torch.

    From framed pictures to what is said of them: docs/systems.md tells how to feed it. The settings that this needs
    are in the file's metadata. The file is written when its results on noise are those of torch.
    """

    system: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="SYSTEM")]
    """Which system, such as r2n2."""
    out: Out
    """The .onnx file to write."""
    weights: Annotated[Path | None, tyro.conf.arg(metavar="FILE|RUN")] = None
    """A weights file or the folder of a run; those that ship when not given."""
    variant: Annotated[str | None, tyro.conf.arg(metavar="V")] = None
    """That the weights must be of."""
    tolerance: Annotated[float, tyro.conf.arg(metavar="X")] = 1e-4
    """Largest difference from torch's results that is allowed."""
    json: JsonFile = None
    """Write inputs, outputs and differences as JSON; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words, judge them, then export."""
    options = parse(Export, words, "export")
    options = replace(options, weights=usable(options.weights, options.quiet))
    _check(options)
    console = Console(options.quiet, options.json)
    with console.stdout_for_numbers():
        console.write_json(_export(options, console))


def _check(options: Export) -> None:
    from ..systems import about_system

    try:
        about = about_system(options.system)
    except KeyError as error:
        raise Refusal(error.args[0]) from error
    if "export" not in about.abilities:
        raise Refusal(f"{options.system}: its network is no use without the system")
    if options.variant is not None and options.variant not in about.variants:
        raise Refusal(f"--variant {options.variant}: known are {', '.join(about.variants)}")
    at_least(0, tolerance=options.tolerance)
    need_place(options.out, (".onnx",))
    need_spared([options.weights], [options.out, options.json])
    if options.weights is not None:
        from ..training.weights_header import read_weights_header

        read_weights_header(options.weights, about.name)
    need_extra("export", "export")


def _export(options: Export, console: Console) -> dict[str, Any]:
    from ..export import export_onnx
    from ..systems import system_class

    kind: Any = system_class(options.system)
    system = kind.load(options.weights, options.variant, "cpu")
    made = export_onnx(system, options.out, options.tolerance)
    about = {"system": system.about.name, "variant": system.variant, "weights": system.weights}
    parts = {str(file): _told(file, part, system.variant, console) for file, part in made.parts.items()}
    numbers = {**about, **_told(options.out, made, system.variant, console)}
    return {**numbers, "parts": parts} if parts else numbers


def _told(file: Path, made: "Exported", variant: str, console: Console) -> dict[str, Any]:
    """What is in a file, said and as numbers."""
    from ..io.checksum import sha256_of

    size, total = file.stat().st_size, sha256_of(file)
    console.say(f"wrote {file}: {size / 1e6:.1f} MB, {variant}, opset {made.opset}")
    for way, shapes in (("in", made.inputs), ("out", made.outputs)):
        for name, shape in shapes.items():
            apart = f", within {made.difference[name]:.2g} of torch's" if way == "out" else ""
            console.say(f"  {way:<5}{name}: {' x '.join(map(str, shape))}{apart}")
    console.say(f"SHA-256 {total}")
    return {
        "opset": made.opset,
        "inputs": made.inputs,
        "outputs": made.outputs,
        "max_difference": made.difference,
        "bytes": size,
        "sha256": total,
    }
