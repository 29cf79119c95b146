"""How much a network computes: multiply-accumulates, parameters and shapes, by module."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from .dynamic.blocks import executing
from .dynamic.mask_unit import Squeeze
from .unpool_conv3d import UnpoolConv3d, UnpoolSkip3d

_TRANSPOSED = (nn.ConvTranspose2d, nn.ConvTranspose3d)
_WITH_WEIGHTS = (nn.Linear, nn.Conv2d, nn.Conv3d, *_TRANSPOSED, nn.LSTM, Squeeze)


@dataclass(frozen=True)
class Cost:
    """What one call of a network takes.

    Attributes:
        macs: multiply-accumulates of convolutions and linear layers, as computed; by dotted name of the module
            that does them.
        shapes: of what each of the network's parts gives, in the order of the call; of a part that gives several
            tensors, by "part.name" of each.
    """

    macs: dict[str, int]
    shapes: dict[str, tuple[int, ...]]

    @property
    def total(self) -> int:
        """All multiply-accumulates."""
        return sum(self.macs.values())


def measure_cost(network: nn.Module, *inputs: Tensor) -> Cost:
    """Call a network once and count.

    Multiplications with the border of zeros of a convolution count, as is usual; those with the zeros of
    unpooling do not, as none of them is done. Sums, activations and normalisations do not count. Dynamic blocks
    count as if every position were active; their gates know what was done.

    Args:
        network: any network.
        inputs: what it is called with.
    """
    macs: dict[str, int] = {}
    shapes: dict[str, tuple[int, ...]] = {}

    def count(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, given: tuple[Any, ...], out: Any) -> None:
            macs[name] = macs.get(name, 0) + _macs(module, given[0], out)

        return hook

    def remember(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, given: tuple[Any, ...], out: Any) -> None:
            several = out._asdict() if hasattr(out, "_asdict") else out
            parts = (
                {f"{name}.{key}": x for key, x in several.items()}
                if isinstance(several, Mapping)
                else {name: several}
            )
            shapes.update({key: tuple(x.shape) for key, x in parts.items() if isinstance(x, Tensor)})

        return hook

    hooks = {
        name: count(name) for name, module in network.named_modules() if isinstance(module, _WITH_WEIGHTS)
    }
    children = {name: remember(name) for name, _ in network.named_children()}
    with torch.no_grad(), executing(network, "layers"), _hooked(network, hooks), _hooked(network, children):
        network(*inputs)
    return Cost(macs, shapes)


def measure_products(network: nn.Module, *inputs: Tensor, parts: Sequence[str] = ()) -> dict[str, int]:
    """Call a network once and count the multiply-accumulates within each of its parts, whoever does them.

    Differs from `measure_cost` in that all products of matrices and convolutions count, of transposed ones and of
    those by weights that no module applies itself, too.

    Args:
        network: any network.
        inputs: what it is called with.
        parts: dotted names of the parts; its children when not given.
    """
    names = parts or [name for name, _ in network.named_children()]
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(*inputs)
    counts, root = counter.get_flop_counts(), type(network).__name__
    return {name: sum(counts.get(f"{root}.{name}", {}).values()) // 2 for name in names}


def _macs(module: nn.Module, given: Tensor, made: Any) -> int:
    """Positions that a weight is used at, times the weights."""
    out: Tensor = made[0] if isinstance(made, tuple) else made
    if isinstance(module, Squeeze):
        return out.numel() * module.conv.weight.numel() + len(out) * module.fc.weight.numel()
    if isinstance(module, nn.LSTM):
        return given.numel() // given.shape[-1] * sum(w.numel() for w in module.parameters() if w.ndim == 2)
    weight = module.weight
    assert isinstance(weight, Tensor)
    if isinstance(module, (UnpoolConv3d, UnpoolSkip3d, *_TRANSPOSED)):
        return given.numel() // given.shape[1] * weight.numel()
    outputs = out.shape[-1] if isinstance(module, nn.Linear) else out.shape[1]
    return out.numel() // outputs * weight.numel()


@contextmanager
def _hooked(network: nn.Module, hooks: dict[str, Callable[..., None]]) -> Iterator[None]:
    modules = dict(network.named_modules())
    handles = [modules[name].register_forward_hook(hook) for name, hook in hooks.items()]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def count_parameters(network: nn.Module) -> dict[str, int]:
    """Numbers of parameters of a network's parts and of their parts, by dotted name."""
    counts = {}
    for name, part in network.named_children():
        inner = {f"{name}.{below}": _parameters(module) for below, module in part.named_children()}
        counts.update({key: count for key, count in inner.items() if count} or {name: _parameters(part)})
    return counts


def _parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
