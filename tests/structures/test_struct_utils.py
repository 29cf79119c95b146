"""List, packed and padded forms convert into one another without loss."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from maquette.structures.utils import (
    list_to_packed,
    list_to_padded,
    packed_to_list,
    padded_positions,
    padded_to_list,
    padded_to_packed,
)

sizes = st.lists(st.integers(0, 5), min_size=1, max_size=6)


def items_of(sizes: list[int]) -> list[torch.Tensor]:
    values = torch.arange(1.0, 2 * sum(sizes) + 1).view(-1, 2)
    return list(values.split(sizes))


@given(sizes)
def test_packing_and_back(sizes):
    items = items_of(sizes)
    packed, count, first, owner = list_to_packed(items)
    assert count.tolist() == sizes
    assert owner.tolist() == [i for i, n in enumerate(sizes) for _ in range(n)]
    assert first.tolist() == [sum(sizes[:i]) for i in range(len(sizes))]
    assert all(torch.equal(a, b) for a, b in zip(packed_to_list(packed, sizes), items, strict=True))


@given(sizes)
def test_padding_and_back(sizes):
    items = items_of(sizes)
    padded = list_to_padded(items, pad_value=-7.0)
    assert padded.shape == (len(sizes), max(sizes), 2)
    assert int((padded == -7).sum()) == 2 * sum(max(sizes) - n for n in sizes)
    assert all(torch.equal(a, b) for a, b in zip(padded_to_list(padded, sizes), items, strict=True))


@given(sizes)
def test_padded_to_packed_two_ways(sizes):
    items = items_of(sizes)
    padded = list_to_padded(items)
    packed = torch.cat(items)
    assert torch.equal(padded_to_packed(padded, split_size=sizes), packed)
    assert torch.equal(padded_to_packed(padded, pad_value=0.0), packed)
    where = padded_positions(sizes, max(sizes), padded.device)
    assert torch.equal(padded.reshape(-1, 2)[where], packed)


def test_padding_of_every_axis_and_empty_items():
    padded = list_to_padded([torch.ones(2, 3), torch.tensor([]), torch.ones(1, 4)], pad_value=9.0)
    assert padded.shape == (3, 2, 4)
    assert padded[1].eq(9).all()
    assert padded[0, :, 3].eq(9).all()
    pieces = padded_to_list(padded, [(2, 3), (0, 0), (1, 4)])
    assert [tuple(piece.shape) for piece in pieces] == [(2, 3), (0, 0), (1, 4)]
    assert list_to_padded([torch.ones(1, 2)], pad_size=(3, 5)).shape == (1, 3, 5)


def test_views_are_not_copied():
    x = torch.rand(2, 4, 3)
    assert padded_to_list(x)[1].data_ptr() == x[1].data_ptr()
    assert padded_to_packed(x).data_ptr() == x.data_ptr()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: list_to_padded([torch.ones(2, 3), torch.ones(2)]), "number of dimensions"),
        (lambda: list_to_padded([torch.ones(2, 3)], pad_size=(4,)), "Pad size"),
        (lambda: padded_to_list(torch.ones(2, 3, 3), [1]), "same length"),
        (lambda: list_to_packed([]), "empty"),
        (lambda: padded_to_packed(torch.ones(2, 3)), "3-dimensional"),
        (lambda: padded_to_packed(torch.ones(2, 3, 1), [1, 2], 0.0), "Only one"),
        (lambda: padded_to_packed(torch.ones(2, 3, 1), [1]), "same length"),
        (lambda: padded_to_packed(torch.ones(2, 3, 1), [[1], [2]]), "1-dimensional"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
