"""Tensors as kernels see them: of every type of number, read where they lie."""

import numpy as np
import pytest
import torch
import warp as wp

from maquette.kernels.arguments import _array_argument, describe

NUMBERS = "int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64"


@pytest.mark.parametrize("name", NUMBERS.split())
def test_every_type_of_number_is_that_of_numpy(name):
    argument = _array_argument("values", wp.array(dtype=getattr(wp, name)))
    assert argument.dtype == getattr(torch, name)
    assert torch.empty(1, dtype=argument.dtype).numpy().dtype == np.dtype(name)


@wp.kernel
def _take(start: int, values: wp.array(dtype=wp.uint32)) -> None:
    values[start] = wp.uint32(1)


def test_another_type_is_refused():
    with pytest.raises(RuntimeError, match=r"'values' is to be torch\.uint32"):
        describe(_take, [torch.zeros(3, dtype=torch.int32)])
