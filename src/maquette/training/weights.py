"""Weights files: safetensors of float16, int8 or float32 on disk, float32 in memory."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from ..io.atomic import replacing
from ..io.errors import BadInput, as_bad_input
from .weights_header import FORMAT, Precision, read_weights_header

_SCALE = ".int8_scale"


@dataclass(frozen=True)
class Weights:
    """Tensors of a network, and which network they belong to.

    Attributes:
        system: name of the system, with underscores.
        variant: of the system.
        config: settings of the network and of what it was trained on, as JSON can hold them.
        tensors: by name; floats are float32.
        path: where they came from.
    """

    system: str
    variant: str
    config: Mapping[str, Any]
    tensors: Mapping[str, Tensor]
    path: Path


def save_weights(
    path: str | PathLike[str],
    tensors: Mapping[str, Tensor],
    system: str,
    variant: str,
    config: Mapping[str, Any],
    precision: Precision = "float16",
) -> None:
    """Write a weights file; it appears whole or not at all.

    Args:
        path: the .safetensors file to write or replace.
        tensors: by name, as `state_dict` gives them.
        system: name of the system, with underscores.
        variant: of the system.
        config: what JSON can hold.
        precision: of floats on disk. "int8" stores tensors of two or more axes as whole numbers with a scale
            for each entry of their first axis (an output channel), and the rest as float32.

    Raises:
        BadInput: the file cannot be written.
        ValueError: a value that is not finite, or not within the range of float16.
    """
    stored: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        stored.update(_pack(name, tensor.detach().cpu(), precision))
    about = {"format": FORMAT, "system": system, "variant": variant, "precision": precision}
    about["config"] = json.dumps(config, allow_nan=False)
    with (
        as_bad_input(path, OSError, SafetensorError, say="cannot be written"),
        replacing(path) as file,  # `save_file` would keep everybody else from reading it
    ):
        # safetensors takes only contiguous tensors, and no two that share memory.
        apart = {name: x.clone(memory_format=torch.contiguous_format) for name, x in stored.items()}
        file.write(_sorted_metadata(save(apart, about)))


def _sorted_metadata(content: bytes) -> bytes:
    """A safetensors file with its metadata in the order of their names, which safetensors leaves to chance."""
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[start:]


def load_weights(path: str | PathLike[str], system: str | None = None) -> Weights:
    """Read a weights file.

    Args:
        path: the file, or the folder of a run.
        system: that the weights must belong to; None takes any.

    Raises:
        BadInput: missing, not safetensors, truncated, not written by maquette, or of another system.
    """
    header = read_weights_header(path, system)
    stored = read_tensors(header.file)
    scales = {name.removesuffix(_SCALE): stored.pop(name) for name in list(stored) if name.endswith(_SCALE)}
    tensors = {}
    for name, tensor in stored.items():
        if name in scales and scales[name].shape != tensor.shape[:1]:
            raise BadInput(header.file, "the scale does not fit its tensor", name)
        tensors[name] = _unpack(tensor, scales.get(name))
        if not tensors[name].isfinite().all():
            raise BadInput(header.file, "holds values that are not finite", name)
    return Weights(header.system, header.variant, header.config, tensors, header.file)


def read_tensors(file: str | PathLike[str]) -> dict[str, Tensor]:
    """Tensors of any safetensors file by name, in their own types; `BadInput` where it is not a whole one."""
    with (
        as_bad_input(file, OSError, SafetensorError, say="not a whole safetensors file"),
        safe_open(file, framework="pt") as opened,
    ):
        # Copies: results of a CPU depend on how memory is aligned, and a file's tensors lie anywhere.
        return {name: opened.get_tensor(name).clone() for name in opened.keys()}  # noqa: SIM118


def fill(module: nn.Module, weights: Weights) -> None:
    """Put the weights into a network, whose tensors become those of the weights: each name has its own.

    Args:
        module: the network; on the device "meta" it has taken no memory before, so that no file can claim any.
        weights: of all of its tensors.

    Raises:
        BadInput: tensors are missing, too many, of another shape, or whole numbers where fractions belong.
    """
    own, given = module.state_dict(), weights.tensors
    missing = [name for name in own if name not in given]
    extra = [name for name in given if name not in own]
    shared = [name for name in own if name in given]
    whole = [name for name in shared if own[name].is_floating_point() and not given[name].is_floating_point()]
    shapes = [name for name in shared if own[name].shape != given[name].shape]
    faults = ((missing, "is missing"), (extra, "is not of this network"), (whole, "holds whole numbers"))
    for names, what in faults:
        if names:
            raise BadInput(weights.path, f"{what}{_and_more(names)}", f"tensor {names[0]}")
    if shapes:
        first = shapes[0]
        found, wanted = tuple(given[first].shape), tuple(own[first].shape)
        reason = f"has shape {found}, the network needs {wanted}{_and_more(shapes)}"
        raise BadInput(weights.path, reason, f"tensor {first}")
    module.load_state_dict(dict(given), assign=True)


def rounding_error(tensors: Mapping[str, Tensor], precision: Precision) -> dict[str, float]:
    """Root mean square of what storing changes in each tensor, as a fraction of the tensor's own.

    Args:
        tensors: floats by name.
        precision: of the file.
    """
    errors = {}
    for name, tensor in tensors.items():
        packed = _pack(name, tensor.detach().cpu(), precision)
        back = _unpack(packed[name], packed.get(name + _SCALE))
        size = tensor.detach().cpu().double().norm()
        errors[name] = (
            float((back.double() - tensor.detach().cpu().double()).norm() / size) if size > 0 else 0.0
        )
    return errors


def _pack(name: str, tensor: Tensor, precision: Precision) -> dict[str, Tensor]:
    if not tensor.is_floating_point():
        return {name: tensor}
    if precision == "int8" and tensor.ndim >= 2:
        values, scale = to_int8(tensor.float())
        return {name: values, name + _SCALE: scale}
    packed = tensor.to(torch.float16 if precision == "float16" else torch.float32)
    if not packed.isfinite().all():
        raise ValueError(f"{name} holds values that are not finite as {packed.dtype}")
    return {name: packed}


def _unpack(tensor: Tensor, scale: Tensor | None) -> Tensor:
    if scale is not None:
        return tensor.float() * scale.float().view(-1, *[1] * (tensor.ndim - 1))
    return tensor.float() if tensor.is_floating_point() else tensor


def to_int8(tensor: Float[Tensor, " out *rest"]) -> tuple[Tensor, Float[Tensor, " out"]]:
    """Whole numbers from -127 to 127 and the factor of each output channel that brings them back.

    Raises:
        ValueError: a value that is not finite.
    """
    if not tensor.isfinite().all():
        raise ValueError("only finite values can be stored as int8")
    scale = tensor.flatten(1).abs().amax(1) / 127
    wide = scale.where(scale > 0, 1.0).view(-1, *[1] * (tensor.ndim - 1))
    return (tensor / wide).round().clamp(-127, 127).to(torch.int8), scale


def _and_more(names: list[str]) -> str:
    return f" (and {len(names) - 1} more)" if len(names) > 1 else ""
