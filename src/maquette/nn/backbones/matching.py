"""Which tensor of a file is which of a network: by torchvision's names, else by order and shape."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ...io.errors import BadInput, ParseError, as_bad_input
from ...training.foreign_weights import ForeignWeights
from .names import NAMES, WITH_WIDTH
from .networks import layout

By = Literal["name", "order"]
Tensors = Mapping[str, Tensor]
Shapes = Mapping[str, torch.Size]
_COUNTER = "num_batches_tracked"
_CLASSIFIER = "fc."


@dataclass(frozen=True)
class Match:
    """What of a file belongs to a network.

    Attributes:
        name: of the network.
        tensors: float32 by the names of the network's chain, in its order; all of them, their values checked.
        by: how they were found.
        left_out: names in the file of what was not taken, such as a classifier.
    """

    name: str
    tensors: Tensors
    by: By
    left_out: tuple[str, ...]


def match(weights: ForeignWeights, name: str, width: float = 1.0) -> Match:
    """The tensors of a network's chain among those of a file; counters of batch norms are of no use and dropped.

    By name: torchvision's, all behind the same prefix, whatever it is; nothing else may stand there but the
    classifier. Else, where the file keeps an order: as many tensors as the network has, each of its shape, and
    the last words of their names (weight, bias, running_mean, running_var) the same.

    Args:
        weights: the file's tensors.
        name: of the network.
        width: factor on its channels.

    Raises:
        BadInput: something is missing, too much, of another shape, or no finite fraction.
    """
    given = _without_counters(weights)
    with as_bad_input(weights.path, ParseError):
        return _taken(given, name, *_pairs(given, layout(name, width), weights.in_order))


def recognise(weights: ForeignWeights, width: float = 1.0) -> Match:
    """The match with the network whose tensors these are; they can be no more than one's.

    Args:
        weights: the file's tensors.
        width: factor on the channels, for the network that comes in several.

    Raises:
        BadInput: they are of no known network, or not all finite fractions.
    """
    given = _without_counters(weights)
    for name in NAMES if width == 1 else (WITH_WIDTH,):
        with suppress(ParseError):
            pairs = _pairs(given, layout(name, width), weights.in_order)
            with as_bad_input(weights.path, ParseError):
                return _taken(given, name, *pairs)
    known = ", ".join(NAMES) if width == 1 else f"{WITH_WIDTH} of width {width:g}"
    raise BadInput(weights.path, f"holds no network that is known here ({known}); --name tells what is wrong")


def _without_counters(weights: ForeignWeights) -> Tensors:
    return {key: tensor for key, tensor in weights.tensors.items() if _last_word(key) != _COUNTER}


def _last_word(key: str) -> str:
    return key.rpartition(".")[2]


def _taken(given: Tensors, name: str, by: By, keys: Mapping[str, str]) -> Match:
    tensors = {own: _checked(given[key], key) for own, key in keys.items()}
    taken = set(keys.values())
    return Match(name, tensors, by, tuple(key for key in given if key not in taken))


def _pairs(given: Tensors, shapes: Shapes, in_order: bool) -> tuple[By, Mapping[str, str]]:
    """The file's names by the network's, and how they were found."""
    prefix = _prefix(given, shapes)
    if prefix is not None:
        return "name", _by_name(given, shapes, prefix)
    if not in_order:
        raise ParseError("its names are not torchvision's, and a safetensors file keeps no order to go by")
    return "order", _by_order(given, shapes)


def _prefix(given: Tensors, shapes: Shapes) -> str | None:
    """What stands before most of the network's names; None where the file has less than half of them."""
    first = f".{next(iter(shapes))}"
    prefixes = [key[: len(key) + 1 - len(first)] for key in given if f".{key}".endswith(first)]
    shares = {prefix: sum(prefix + own in given for own in shapes) / len(shapes) for prefix in prefixes}
    whole = [prefix for prefix, share in shares.items() if share == 1]
    if len(whole) > 1:
        raise ParseError(f"holds several such networks, behind {' and '.join(map(repr, whole))}")
    best = max(shares, key=lambda prefix: shares[prefix], default=None)
    return best if best is not None and shares[best] >= 0.5 else None


def _by_name(given: Tensors, shapes: Shapes, prefix: str) -> dict[str, str]:
    keys = {own: prefix + own for own in shapes}
    missing = [key for key in keys.values() if key not in given]
    extra = [key for key in given if key.startswith(prefix) and key.removeprefix(prefix) not in shapes]
    extra = [key for key in extra if not key.removeprefix(prefix).startswith(_CLASSIFIER)]
    for names, what in ((missing, "is missing"), (extra, "is not of this network")):
        if names:
            more = f" (and {len(names) - 1} more)" if len(names) > 1 else ""
            raise ParseError(what + more, f"tensor {names[0]}")
    for own, key in keys.items():
        if given[key].shape != shapes[own]:
            found, wanted = tuple(given[key].shape), tuple(shapes[own])
            raise ParseError(f"has shape {found}, the network needs {wanted}", f"tensor {key}")
    return keys


def _by_order(given: Tensors, shapes: Shapes) -> dict[str, str]:
    if len(given) != len(shapes):
        raise ParseError(
            f"holds {len(given)} tensors under names that are not torchvision's, not {len(shapes)}"
        )
    keys = dict(zip(shapes, given, strict=True))
    for own, key in keys.items():
        if given[key].shape != shapes[own] or _last_word(key) != _last_word(own):
            found, wanted = tuple(given[key].shape), tuple(shapes[own])
            raise ParseError(f"has shape {found} where {own} of {wanted} belongs", f"tensor {key}")
    return keys


def _checked(tensor: Tensor, key: str) -> Tensor:
    """The same numbers as float32."""
    if not tensor.is_floating_point() or tensor.layout != torch.strided or tensor.device.type != "cpu":
        raise ParseError("is no plain tensor of fractions", f"tensor {key}")
    numbers = tensor.detach().float().contiguous()
    if not numbers.isfinite().all():
        raise ParseError("holds values that are not finite", f"tensor {key}")
    if _last_word(key) == "running_var" and (numbers < 0).any():
        raise ParseError("holds a variance below 0", f"tensor {key}")
    return numbers
