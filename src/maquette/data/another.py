"""A sample that can be read: of the picture that is wanted, or of another one."""

import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import numpy as np

from ..io.errors import BadInput

SampleT = TypeVar("SampleT")
_TRIED = 100


def or_another(
    read: Callable[[int], SampleT], index: int, others: Sequence[int], rng: np.random.Generator
) -> SampleT:
    """What is read of a picture; of another one, and with a warning, where it cannot be.

    Args:
        read: gives the sample of a picture.
        index: of the picture.
        others: that may take its place.
        rng: draws their order.

    Raises:
        BadInput: a hundred others cannot be read either.
    """
    try:
        return read(index)
    except BadInput as error:
        problem = error
    for other in rng.permutation(len(others))[:_TRIED]:
        with suppress(BadInput):
            sample = read(others[other])
            warnings.warn(f"{problem}; another picture is used", stacklevel=3)
            return sample
    raise problem
