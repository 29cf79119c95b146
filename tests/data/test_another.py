"""A picture that cannot be read is replaced by another one, which is said; many in turn end it."""

import warnings

import numpy as np
import pytest

from maquette.data.another import or_another
from maquette.io.errors import BadInput


def reader(broken: set[int], asked: list[int]):
    def read(index: int) -> str:
        asked.append(index)
        if index in broken:
            raise BadInput(f"{index}.png", "is broken")
        return f"picture {index}"

    return read


def test_a_picture_that_can_be_read_is_taken() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert or_another(reader(set(), []), 3, [1, 2], np.random.default_rng(0)) == "picture 3"


def test_another_one_takes_its_place_the_same_every_time() -> None:
    others, found = list(range(10, 40)), []
    for _ in range(2):
        with pytest.warns(UserWarning, match=r"3\.png: is broken; another picture is used"):
            found.append(or_another(reader({3, *range(10, 30)}, []), 3, others, np.random.default_rng(7)))
    assert found[0] == found[1]
    assert int(found[0].split()[1]) in range(30, 40)


def test_many_that_cannot_be_read_end_it() -> None:
    asked: list[int] = []
    with pytest.raises(BadInput, match=r"3\.png"):
        or_another(reader(set(range(1000)), asked), 3, range(1000), np.random.default_rng(0))
    assert len(asked) == 101
