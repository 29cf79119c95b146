"""Stored values of Mesh R-CNN's released code, and the weights and inputs that they were computed with.

`ramp(n, k)[i] = 2 ((j^2 524287 + j 7919 + k 104729) mod 1000003) / 1000003 - 1` with j = i mod 1000003. A weight
of key (k, scale, base) is base + scale ramp, in C order; an input of key k is ramp alone. A scalar behind gradients
is the sum of output times ramp.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

_FOLDER = Path(__file__).parent / "golden" / "mesh_rcnn"
_MODULUS = 1_000_003


def stored(name: str) -> dict[str, np.ndarray]:
    """Arrays of a file."""
    with np.load(_FOLDER / f"{name}.npz") as file:
        return dict(file)


def tensors(arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    """Those that are numbers."""
    return {key: torch.from_numpy(value) for key, value in arrays.items() if value.dtype.kind not in "US"}


def part(arrays: Mapping[str, np.ndarray], name: str) -> dict[str, np.ndarray]:
    """What lies behind `name/`."""
    return {key.removeprefix(f"{name}/"): x for key, x in arrays.items() if key.startswith(f"{name}/")}


def ramp(shape: Sequence[int], k: int) -> Tensor:
    """Numbers in [-1, 1), float32, of a shape."""
    j = np.arange(int(np.prod(shape)), dtype=np.int64) % _MODULUS
    values = 2 * ((j * j * 524287 + j * 7919 + k * 104729) % _MODULUS) / _MODULUS - 1
    return torch.from_numpy(values.astype(np.float32).reshape(tuple(map(int, shape))))


def fill(
    network: nn.Module, arrays: Mapping[str, np.ndarray], rename: Callable[[str], str] = lambda name: name
) -> nn.Module:
    """Give a network the weights that the arrays tell; `rename` makes our names of theirs."""
    state = {}
    keys = (arrays[f"weights_{what}"] for what in ("names", "k", "scale", "base", "shapes"))
    for name, k, scale, base, shape in zip(*keys, strict=True):
        sides = [int(side) for side in str(shape).split("x") if side]
        j = np.arange(int(np.prod(sides)), dtype=np.int64) % _MODULUS
        values = 2 * ((j * j * 524287 + j * 7919 + int(k) * 104729) % _MODULUS) / _MODULUS - 1
        state[rename(str(name))] = torch.from_numpy((base + scale * values).astype(np.float32)).view(sides)
    own = network.state_dict()
    assert set(state) == {name for name in own if not name.endswith("num_batches_tracked")}
    network.load_state_dict(state, strict=False)
    return network


def far(found: Tensor, wanted: Tensor | np.ndarray) -> float:
    """Largest difference, in the largest of the numbers that are wanted."""
    wanted = torch.as_tensor(wanted).detach().double()
    assert found.shape == wanted.shape, (found.shape, wanted.shape)
    return float((found.detach().double() - wanted).abs().max() / wanted.abs().max().clamp_min(1e-30))


def gradients_far(
    network: nn.Module,
    arrays: Mapping[str, np.ndarray],
    rename: Callable[[str], str] = lambda name: name,
) -> float:
    """Largest relative difference of the norm, a product and the first entries of every parameter's gradient."""
    own, worst = dict(network.named_parameters()), 0.0
    keys = (arrays[f"grad_{what}"] for what in ("names", "norm", "dot", "head"))
    for index, (name, norm, dot, head) in enumerate(zip(*keys, strict=True)):
        gradient = own[rename(str(name))].grad
        assert gradient is not None
        flat = gradient.flatten().double()
        scale = max(float(norm), 1e-12)
        product = (flat * ramp(flat.shape, 900_000 + index).double()).sum()
        first = flat[:8] - torch.from_numpy(head[: len(flat[:8])])
        apart = [float(flat.norm()) - float(norm), float(product) - float(dot), float(first.abs().max())]
        worst = max(worst, *(abs(one) / scale for one in apart))
    return worst
