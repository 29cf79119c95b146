"""`maquette backbone import`: weights that others trained to a file that training starts from."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from ..io.checksum import sha256_of
from ..nn.backbones.names import Name, check_width
from ..training.foreign_kind import foreign_kind
from ..training.weights_header import read_weights_header
from .console import Console
from .options import Common, JsonFile, Out, parse
from .refusals import Refusal, need_place, need_spared

if TYPE_CHECKING:
    from ..nn.backbones.matching import Match

SUFFIX = ".safetensors"


@dataclass(frozen=True, kw_only=True)
class Import(Common):
    """First weights of a backbone (MobileNetV2, ResNet-18, -34, -50, VGG16) from a file that others published.

    Tensors are found by torchvision's names, whatever stands before them, or, in a file of torch, by order and
    shape where all of them agree; the classifier is left out. Nothing in the file is run: one that holds more than
    tensors, numbers and words is refused.
    """

    file: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="FILE")]
    """A state_dict that torch has saved (.pt, .pth), or a .safetensors file."""
    out: Out
    """The .safetensors file to write."""
    name: Name | None = None
    """Which network it is; recognised by its tensors when not given."""
    width: Annotated[float, tyro.conf.arg(metavar="X")] = 1.0
    """Factor on the channels of a MobileNetV2."""
    json: JsonFile = None
    """Write what was found as JSON; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words, then write the file."""
    options = parse(Import, words, "backbone import")
    try:
        check_width(options.name, options.width)
    except ValueError as error:
        raise Refusal(f"--width: {error}") from error
    need_place(options.out, (SUFFIX,))
    need_spared([options.file], [options.json])
    foreign_kind(options.file)
    console = Console(options.quiet, options.json)
    with console.stdout_for_numbers():
        found = _import(options)
        numbers = _numbers(options, found)
        console.write_json(numbers)
    left_out = f", {len(found.left_out)} left out" if found.left_out else ""
    console.say(
        f"wrote {options.out}: {found.name}, {numbers['tensors']} tensors by {found.by}{left_out}, "
        f"{numbers['numbers']:,} numbers"
    )
    console.say(f"SHA-256 {numbers['sha256']}")


def _import(options: Import) -> "Match":
    from ..training.foreign_weights import read_foreign_weights

    weights = read_foreign_weights(options.file)  # a hostile file is refused before torchvision is loaded
    from ..nn.backbones.importing import import_backbone

    return import_backbone(weights, options.out, options.name, options.width)


def _numbers(options: Import, found: "Match") -> dict[str, Any]:
    return {
        "name": found.name,
        "width": options.width,
        "tensors": len(found.tensors),
        "numbers": sum(tensor.numel() for tensor in found.tensors.values()),
        "matched_by": found.by,
        "left_out": found.left_out,
        "source": str(options.file),
        "source_sha256": read_weights_header(options.out).config["sha256"],
        "bytes": options.out.stat().st_size,
        "sha256": sha256_of(options.out),
    }
