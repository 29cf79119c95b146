"""A memory in a weights file: its shapes compressed, and what they are called."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor
from torch.nn.functional import normalize

from ...data.views_config import ViewsConfig
from ...io.errors import BadInput, as_bad_input
from ...io.typed import typed
from ...nn.memory import EMPTY
from ...training.weights import Weights, fill
from ...training.weights_header import Precision
from ..weights_file import write_weights
from .about import ABOUT
from .config import SIDE, NetworkConfig
from .network import Mem3DNetwork

_KEYS, _VALUES, _AGES, _SHAPES = (f"memory.{name}" for name in ("keys", "values", "ages", "shapes"))
_BYTES = SIDE**3 // 8


@dataclass(frozen=True)
class _MemorySettings:
    """What a file's header says of its memory: names of shapes, which `memory.shapes` counts."""

    ids: tuple[str, ...] = ()


def write_mem3d(
    path: str | PathLike[str],
    network: Mem3DNetwork,
    views: ViewsConfig,
    threshold: float,
    training: Mapping[str, Any],
    precision: Precision,
) -> None:
    """Write a weights file that `Mem3DSystem.load` reads (`write_weights`); of ids it keeps those of shapes there."""
    tensors, more = dict(network.state_dict()), {}
    if network.memory is not None:
        ids = network.memory.ids
        number = tensors[_SHAPES].cpu()
        kept = number[(number >= 0) & (number < len(ids))].unique()
        renumbered = torch.full_like(number, EMPTY)
        for new, old in enumerate(kept.tolist()):
            renumbered[number == old] = new
        tensors[_SHAPES] = renumbered
        tensors[_VALUES] = _packed(tensors[_VALUES])
        if network.config.has_shape_keys:  # mostly 0; features of pictures would not become smaller
            tensors[_KEYS] = _packed(tensors[_KEYS])
        more = {"memory": {"ids": [ids[old] for old in kept.tolist()]}}
    write_weights(
        path, ABOUT.name, network, network.config, views, threshold, training, precision, tensors, more
    )


def _packed(tensor: Tensor) -> UInt8[Tensor, " byte"]:
    """Its bytes, compressed."""
    return torch.from_numpy(np.frombuffer(zlib.compress(tensor.cpu().numpy().tobytes(), 9), np.uint8).copy())


def fill_mem3d(network: Mem3DNetwork, weights: Weights) -> None:
    """Put the weights and the memory of a file into a network on the device "meta" (`training.weights.fill`).

    Raises:
        BadInput: also a memory that is broken.
    """
    ids = _ids(weights)
    memory = network.memory
    fill(
        network,
        weights if memory is None else _unpacked(weights, len(ids), memory.keys.shape, network.config),
    )
    if memory is not None:
        memory.ids = ids


def _ids(weights: Weights) -> tuple[str, ...]:
    """Names of the shapes that the memory of a file counts."""
    with as_bad_input(weights.path, ValueError, say="the settings in its header"):
        return typed(_MemorySettings, weights.config.get("memory", {}), "memory").ids


def _unpacked(weights: Weights, ids: int, size: tuple[int, ...], config: NetworkConfig) -> Weights:
    """Weights with the memory as the network holds it, which has keys of that size."""
    tensors = dict(weights.tensors)
    keys, values, ages, shapes = (tensors.get(name) for name in (_KEYS, _VALUES, _AGES, _SHAPES))
    if keys is None or ages is None or shapes is None or values is None:
        raise BadInput(weights.path, "holds no memory, or but a part of one", "tensor memory")
    slots = size[0]
    if ages.shape != (slots,) or shapes.shape != (slots,):
        raise BadInput(weights.path, "sizes that its memory does not have", "tensor memory.ages")
    whole = ages.dtype == shapes.dtype == torch.int64
    if not whole or ages.min() < EMPTY or shapes.min() < EMPTY or shapes.max() >= ids:
        raise BadInput(weights.path, "ages or names that no memory has", "tensor memory.ages")
    if config.has_shape_keys:
        keys = _unzipped(weights, _KEYS, slots * size[1] * 4).view(torch.float32).view(size)
    if keys.shape != size or not keys.is_floating_point() or not keys.isfinite().all():
        raise BadInput(weights.path, "keys that its memory does not have", "tensor memory.keys")
    tensors[_KEYS] = normalize(keys.float())
    tensors[_VALUES] = _unzipped(weights, _VALUES, slots * _BYTES).view(slots, _BYTES)
    return replace(weights, tensors=tensors)


def _unzipped(weights: Weights, name: str, size: int) -> UInt8[Tensor, " byte"]:
    """The bytes of a compressed tensor, which must be so many."""
    values = weights.tensors[name]
    found, reader = b"", zlib.decompressobj()
    if values.dtype == torch.uint8 and values.ndim == 1:
        with as_bad_input(weights.path, zlib.error, say=f"tensor {name} is broken"):
            found = reader.decompress(values.numpy().tobytes(), size + 1)
    if len(found) != size or not reader.eof or reader.unused_data:
        raise BadInput(weights.path, "does not fit the memory", f"tensor {name}")
    return torch.from_numpy(np.frombuffer(found, np.uint8).copy())
