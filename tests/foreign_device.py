"""A device that Warp does not have, on every machine: tensors that claim to live on `meta` and compute on the CPU.

`meta` is the one other type of device whose backward passes run without a driver. As on a real device, tensors of two
devices do not mix, and none has an address that a kernel on the CPU could read.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

FOREIGN, CPU = torch.device("meta"), torch.device("cpu")


class ForeignTensor(Tensor):
    """Says that it lives on `FOREIGN`; its numbers are in `inner`."""

    inner: Tensor

    @staticmethod
    def __new__(cls, inner: Tensor) -> "ForeignTensor":
        made = Tensor._make_wrapper_subclass(
            cls, inner.shape, strides=inner.stride(), dtype=inner.dtype, device=FOREIGN
        )
        made.inner = inner
        return made

    @classmethod
    def __torch_dispatch__(
        cls, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        return _compute(func, args, kwargs or {})


class _ForeignMode(TorchDispatchMode):
    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # to be told so, torch would load its compiler, for seconds

    def __torch_dispatch__(
        self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        return _compute(func, args, kwargs or {})


class _NumbersFromTheCpu(TorchFunctionMode):
    """Moves what Python's numbers make a tensor of: torch itself would drop the numbers on their way to `meta`."""

    def __torch_function__(
        self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func is Tensor.new_tensor:
            kwargs = {"dtype": args[0].dtype, "device": args[0].device, **kwargs}
            func, args = torch.tensor, args[1:]
        if func in (torch.tensor, torch.as_tensor):
            return func(*args, **{**kwargs, "device": None}).to(kwargs.get("device") or CPU)
        if func is Tensor.__getitem__:
            index = args[1] if isinstance(args[1], tuple) else (args[1],)
            places = (torch.tensor(i).to(args[0].device) if isinstance(i, list) else i for i in index)
            args = (args[0], tuple(places))
        return func(*args, **kwargs)


@contextmanager
def foreign_device() -> Iterator[torch.device]:
    """Within it `FOREIGN` can be computed on, and has autocast, as real devices have."""
    autocast = torch.autocast

    def with_foreign(device_type: str, *args: Any, **kwargs: Any) -> AbstractContextManager:
        return nullcontext() if device_type == FOREIGN.type else autocast(device_type, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch, _ForeignMode(), _NumbersFromTheCpu():
        patch.setattr(torch, "autocast", with_foreign)
        yield FOREIGN


def _compute(func: Any, args: tuple, kwargs: dict) -> Any:
    tensors: list[Tensor] = []
    _each((args, tuple(kwargs.values())), tensors.append)
    assert all(isinstance(x, ForeignTensor) or x.device != FOREIGN for x in tensors), (
        f"{func} lost its numbers"
    )
    if len({x.device for x in tensors if x.dim()}) > 1 and "copy" not in func.__name__:
        raise RuntimeError(f"{func}: tensors of different devices")
    target = kwargs.get("device")
    if target is not None:
        kwargs = {**kwargs, "device": CPU}
    found = func(*_each(args, _inner), **{name: _each(value, _inner) for name, value in kwargs.items()})
    if func._schema.is_mutable:
        return args[0]
    foreign = target == FOREIGN if target else any(isinstance(x, ForeignTensor) for x in tensors)
    return _each(found, ForeignTensor) if foreign else found


def _inner(tensor: Tensor) -> Tensor:
    return tensor.inner if isinstance(tensor, ForeignTensor) else tensor


def _each(value: Any, change: Callable[[Tensor], Any]) -> Any:
    if isinstance(value, Tensor):
        return change(value)
    return type(value)(_each(item, change) for item in value) if isinstance(value, list | tuple) else value
