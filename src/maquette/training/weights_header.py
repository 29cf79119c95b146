"""What a weights file says about itself, read without torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from safetensors import SafetensorError, safe_open

from ..io.errors import BadInput, ParseError, as_bad_input
from ..io.files import need_file
from ..io.json_file import parse_json

FORMAT = "maquette/1"
RUN_FILE = "weights.safetensors"
Precision = Literal["float32", "float16", "int8"]


@dataclass(frozen=True)
class WeightsHeader:
    """What a weights file says about itself.

    Attributes:
        file: the file; inside of the folder of a run, where that was given.
        system: name of the system, with underscores.
        variant: of the system.
        config: settings of the network and of what it was trained on.
        precision: of the tensors in the file.
    """

    file: Path
    system: str
    variant: str
    config: Mapping[str, Any]
    precision: str


def weights_file(path: str | PathLike[str]) -> Path:
    """The weights file itself: `path`, or `weights.safetensors` in it where it is the folder of a run.

    Raises:
        BadInput: a folder without that file, or nothing there.
    """
    path = Path(path)
    file = path / RUN_FILE if path.is_dir() else path
    if not file.exists():
        raise BadInput(path, f"is a folder without {RUN_FILE}" if path.is_dir() else "no such file")
    need_file(file)
    return file


def read_weights_header(path: str | PathLike[str], system: str | None = None) -> WeightsHeader:
    """Read what a weights file says about itself, and check that its tensors are all there.

    Args:
        path: the file, or the folder of a run.
        system: that the weights must belong to; None takes any.

    Raises:
        BadInput: missing, not safetensors, truncated, not written by maquette, or of another system.
    """
    file = weights_file(path)
    with (
        as_bad_input(file, OSError, SafetensorError, say="not a whole safetensors file"),
        safe_open(file, framework="numpy") as opened,
    ):
        found = opened.metadata() or {}
    if found.get("format") != FORMAT:
        said = f"its format is {found['format']!r}" if "format" in found else "its header says no format"
        raise BadInput(file, f"not a weights file of maquette: {said}")
    header = WeightsHeader(
        file,
        found.get("system", ""),
        found.get("variant", ""),
        _config(file, found),
        found.get("precision", ""),
    )
    if system is not None and header.system != system:
        raise BadInput(file, f"these are weights of {header.system or 'no system'}, not of {system}")
    return header


def _config(file: Path, found: Mapping[str, str]) -> Mapping[str, Any]:
    with as_bad_input(file, ParseError, say="the settings in its header are broken"):
        return parse_json(found.get("config", "{}"), dict)
