"""Batched parameters: the base of cameras, lights and materials."""

import copy
import warnings
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from .device import Device, make_device

Values = float | Sequence[Any] | np.ndarray | Tensor
_BATCHED_TYPES = (float, int, list, tuple, Tensor, np.ndarray)


class TensorAccessor(nn.Module):
    """Reads and writes the attributes of a `TensorProperties` at one position of its batch.

    `lights[2].location = (0, 1, 0)` goes through one of these.

    Args:
        class_object: whose attributes are meant.
        index: position, or slice of positions, in the batch.
    """

    def __init__(self, class_object: "TensorProperties", index: int | slice) -> None:
        self.__dict__["class_object"] = class_object
        self.__dict__["index"] = index

    def __setattr__(self, name: str, value: Any) -> None:
        batch = getattr(self.class_object, name)
        if not torch.is_tensor(batch):
            raise AttributeError(f"Can only set values on attributes which are tensors; got {type(batch)!r}")
        value = torch.as_tensor(value, device=batch.device, dtype=batch.dtype)
        if batch.dim() > 1 and value.dim() > 1 and value.shape[1:] != batch.shape[1:]:
            raise ValueError(f"Expected value to have shape {batch.shape!r}; got {value.shape!r}")
        vars(self.class_object)[name][self.index] = value

    def __getattr__(self, name: str) -> Any:
        if name not in vars(self.class_object):
            raise AttributeError(f"Attribute {name} not found on {type(self.class_object).__name__!r}")
        return vars(self.class_object)[name][self.index]


class TensorProperties(nn.Module):
    """Holds parameters of a batch of things as tensors that share their first dimension.

    Args:
        dtype: of tensors made from numbers.
        device: where the tensors live.
        kwargs: numbers, sequences, arrays and tensors become tensors (N, ...), broadcast against each other
            in the first dimension; None, strings and flags are kept as they are; anything else is left out
            with a warning.

    Raises:
        ValueError: first dimensions that are neither 1 nor the same.
    """

    def __init__(self, dtype: torch.dtype = torch.float32, device: Device = "cpu", **kwargs: Any) -> None:
        super().__init__()
        self.device = make_device(device)
        self._N = 0
        batched = {}
        for name, value in kwargs.items():
            if value is None or isinstance(value, str | bool):
                setattr(self, name, value)
            elif isinstance(value, _BATCHED_TYPES):
                batched[name] = value
            else:
                warnings.warn(f"Arg {name} with type {type(value)!r} is not broadcastable", stacklevel=2)
        if batched:
            tensors = convert_to_tensors_and_broadcast(*batched.values(), dtype=dtype, device=self.device)
            self._N = tensors[0].shape[0]
            for name, tensor in zip(batched, tensors, strict=True):
                setattr(self, name, tensor)

    def __len__(self) -> int:
        return self._N

    def isempty(self) -> bool:
        """Whether the batch has length 0."""
        return self._N == 0

    def __getitem__(self, index: Any) -> TensorAccessor:
        """A view of the attributes at one position or slice, to read and to write.

        Raises:
            ValueError: another kind of index.
        """
        if isinstance(index, int | slice):
            return TensorAccessor(class_object=self, index=index)
        raise ValueError(f"Expected index of type int or slice; got {type(index)!r}")

    def to(self, device: Device = "cpu") -> Self:  # type: ignore[override]
        """Move this object (in place) to a device; returns itself."""
        super().to(device)
        self.device = make_device(device)
        for name, tensor in self._tensors().items():
            setattr(self, name, tensor.to(self.device))
        return self

    def cpu(self) -> Self:
        """Move this object (in place) to the CPU; returns itself."""
        return self.to("cpu")

    def cuda(self, device: int | None = None) -> Self:  # type: ignore[override]
        """Move this object (in place) to a CUDA device, by default the current one; returns itself."""
        return self.to("cuda" if device is None else f"cuda:{device}")

    def clone(self, other: Any) -> Any:
        """Write copies of all attributes of this object into `other`, and return it.

        Gradients flow from the copied tensors into those of this object.
        """
        for name, value in vars(self).items():
            setattr(other, name, value.clone() if torch.is_tensor(value) else copy.deepcopy(value))
        return other

    def gather_props(self, batch_idx: Tensor) -> Self:
        """Repeat rows (in place): attribute (N, ...) becomes attribute[batch_idx]; returns itself.

        So that each vertex of packed meshes, say, gets the light of its mesh. Attributes with one row stay.

        Args:
            batch_idx: (B,) positions in the batch, or (B, ...) to pick for each element of the attributes.

        Raises:
            ValueError: an index of more dimensions than an attribute.
        """
        for name, tensor in self._tensors().items():
            if tensor.shape[0] > 1:
                setattr(self, name, _pick_rows(tensor, batch_idx, name))
        return self

    def _tensors(self) -> dict[str, Tensor]:
        """The tensors among the attributes (parameters and buffers of the module are not)."""
        return {name: value for name, value in vars(self).items() if torch.is_tensor(value)}


def _pick_rows(tensor: Tensor, index: Tensor, name: str) -> Tensor:
    if index.dim() > tensor.dim():
        raise ValueError(
            f"batch_idx cannot have more dimensions than {name}. "
            f"got shape {index.shape!r} and {name} has shape {tensor.shape!r}"
        )
    if index.dim() == 1:
        return tensor.index_select(0, index)
    index = index.reshape(*index.shape, *(1,) * (tensor.dim() - index.dim()))
    return tensor.gather(0, index.expand(-1, *tensor.shape[1:]))


def format_tensor(input: Values, dtype: torch.dtype = torch.float32, device: Device = "cpu") -> Tensor:
    """A tensor with at least one dimension, on a device.

    Args:
        input: number, sequence, array or tensor. A tensor keeps its type of numbers.
        dtype: for anything but tensors.
        device: where the result lives.
    """
    place = make_device(device)
    tensor = input if torch.is_tensor(input) else torch.tensor(input, dtype=dtype, device=place)
    if tensor.dim() == 0:
        tensor = tensor.view(1)
    return tensor.to(place)


def convert_to_tensors_and_broadcast(
    *args: Values, dtype: torch.dtype = torch.float32, device: Device = "cpu"
) -> list[Tensor]:
    """Tensors of one batch size from numbers, sequences, arrays and tensors.

    Args:
        args: values (N, ...), (1, ...) or single numbers; dimensions but the first may be anything.
        dtype: for anything but tensors.
        device: where the results live.

    Returns:
        a tensor (N, ...) for every argument (views; nothing is copied).

    Raises:
        ValueError: first dimensions that are neither 1 nor the same.
    """
    tensors = [format_tensor(value, dtype, device) for value in args]
    sizes = [len(tensor) for tensor in tensors]
    batch = max(sizes)
    if any(size not in (1, batch) for size in sizes):
        raise ValueError(f"Got non-broadcastable sizes {sizes!r}")
    return [tensor.expand(batch, *tensor.shape[1:]) for tensor in tensors]
