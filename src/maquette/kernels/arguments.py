"""What Warp is told of a tensor: where it lies, its shape and its strides.

Warp asks every argument of every launch for NumPy's array interface, which costs more than many a small kernel.
The descriptor that it makes of the answer is made here, of the kernel's signature and the tensor.
"""

import ctypes
import struct
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import torch
import warp as wp
from torch import Tensor

# Warp's array_t: where the values and their gradients are, shape and strides (of up to four axes), axes, flags
_LAYOUT = struct.Struct("@QQ4i4iHH4x")
# Warp names the torch types without a sign only where they have one byte
_UNSIGNED = {wp.uint16: torch.uint16, wp.uint32: torch.uint32, wp.uint64: torch.uint64}
_NO_AXES = ((0, 0, 0, 0), (0, 0, 0), (0, 0), (0,), ())


class _ArrayArgument(NamedTuple):
    """An array in a kernel's signature: its name, its descriptor's class, its scalars, the shape of an item."""

    name: str
    descriptor: type[ctypes.Structure]
    dtype: torch.dtype
    item_shape: tuple[int, ...]


@cache
def _signature(kernel: wp.Kernel) -> tuple[_ArrayArgument | None, ...]:
    """The arguments of a kernel after the first, None for each that is no array."""
    return tuple(_array_argument(argument.label, argument.type) for argument in kernel.adj.args[1:])


def _array_argument(name: str, kind: Any) -> _ArrayArgument | None:
    if not wp.types.is_array(kind):
        return None
    scalar = getattr(kind.dtype, "_wp_scalar_type_", kind.dtype)
    shape = tuple(getattr(kind.dtype, "_shape_", ()))
    dtype = _UNSIGNED.get(scalar) or wp.dtype_to_torch(scalar)
    return _ArrayArgument(name, type(kind.__ctype__()), dtype, shape)


def describe(kernel: wp.Kernel, inputs: Sequence[Any]) -> list[Any]:
    """Arguments of a kernel after the first, with a descriptor in place of every tensor that is an array there.

    The tensors must outlive the launch.

    Raises:
        RuntimeError: a tensor of another type than the kernel's, or whose items have another shape or gaps.
    """
    pairs = zip(_signature(kernel), inputs, strict=True)
    return [
        _described(array, value) if array and isinstance(value, Tensor) else value for array, value in pairs
    ]


def _described(array: _ArrayArgument, tensor: Tensor) -> Any:
    shape, strides, size = tuple(tensor.shape), tensor.stride(), tensor.element_size()
    inner = len(array.item_shape)
    if tensor.dtype != array.dtype or (
        inner and (shape[-inner:] != array.item_shape or not _is_dense(array.item_shape, strides[-inner:]))
    ):
        wanted = f"{array.dtype}, items of shape {array.item_shape}"
        raise RuntimeError(f"Kernel argument '{array.name}' is to be {wanted}, not {tensor.dtype} {shape}.")
    outer = len(shape) - inner
    if outer == 0:  # a single vector or matrix is an array of one
        fields = _LAYOUT.pack(tensor.data_ptr(), 0, 1, 0, 0, 0, size, 0, 0, 0, 1, 0)
    else:
        rest = _NO_AXES[outer]
        steps = [step * size for step in strides[:outer]]
        fields = _LAYOUT.pack(tensor.data_ptr(), 0, *shape[:outer], *rest, *steps, *rest, outer, 0)
    return array.descriptor.from_buffer_copy(fields)


def _is_dense(shape: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    return strides[-1] == 1 and (len(shape) == 1 or strides[-2] == shape[-1])
