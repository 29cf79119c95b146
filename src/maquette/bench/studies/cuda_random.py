"""The numbers that `torch.rand` draws on a CUDA device, on the CPU.

Some of PyTorch3D's reference pictures show colours drawn on a GPU. CUDA's generator is Philox 4x32 with ten rounds
(Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011), the seed its key; element i of a tensor is the
first word at counter (calls before, 0, i, 0), for tensors of fewer elements than a GPU has threads.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any
from unittest.mock import patch

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

_LOW = np.uint64(0xFFFFFFFF)
_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_KEY_STEPS = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)


def philox(counter: tuple[npt.ArrayLike, ...], seed: int) -> npt.NDArray[np.uint64]:
    """The first word of Philox 4x32-10 for each counter of four words (arrays broadcast), as uint64."""
    words = [np.array(word, dtype=np.uint64) for word in np.broadcast_arrays(*counter)]
    keys = [np.uint64(seed & 0xFFFFFFFF), np.uint64(seed >> 32)]
    for _ in range(10):
        first, second = words[0] * _MULTIPLIERS[0], words[2] * _MULTIPLIERS[1]
        words = [
            (second >> np.uint64(32)) ^ words[1] ^ keys[0],
            second & _LOW,
            (first >> np.uint64(32)) ^ words[3] ^ keys[1],
            first & _LOW,
        ]
        keys = [(key + step) & _LOW for key, step in zip(keys, _KEY_STEPS, strict=True)]
    return words[0]


class CudaGenerator:
    """Draws as a CUDA device does after `torch.manual_seed`."""

    def __init__(self) -> None:
        self.seed, self.calls = 0, 0

    def manual_seed(self, seed: int) -> None:
        """Start again from a seed."""
        self.seed, self.calls = seed, 0

    def rand(self, *size: Any, **options: Any) -> Tensor:
        """`torch.rand`: float32 in [0, 1)."""
        shape = options.get("size") or (size if isinstance(size[0], int) else size[0])
        elements = np.arange(prod(shape), dtype=np.uint64)
        words = philox((np.uint64(self.calls), np.uint64(0), elements, np.uint64(0)), self.seed)
        self.calls += 1
        numbers = words.astype(np.float32) * np.float32(2**-32) + np.float32(2**-33)
        return torch.from_numpy(np.where(numbers == 1, np.float32(0), numbers)).reshape(tuple(shape))

    def rand_like(self, like: Tensor, **options: object) -> Tensor:
        """`torch.rand_like`."""
        return self.rand(*like.shape)


@contextmanager
def cuda_random() -> Iterator[None]:
    """Let torch.manual_seed, torch.rand and torch.rand_like be those of a CUDA device."""
    generator = CudaGenerator()
    names = ("manual_seed", "rand", "rand_like")
    with patch.multiple(torch, **{name: getattr(generator, name) for name in names}):
        yield
