import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from maquette.ops import packed_to_padded, padded_to_packed
from operator_contract import OperatorContract


class TestPackedToPadded(OperatorContract):
    degenerate = {"nothing": lambda: (torch.zeros(0, 2), torch.tensor([0, 0]))}

    def arguments(self, batch, dtype):
        return torch.randn(3 * batch, 2, dtype=dtype), 3 * torch.arange(batch)

    def item(self, arguments, i):
        return arguments[0][3 * i : 3 * i + 3], torch.tensor([0])

    def call(self, packed, first):
        return packed_to_padded(packed, first, 4)

    def shapes(self, batch):
        return [(batch, 4, 2)]


class TestPaddedToPacked(OperatorContract):
    def arguments(self, batch, dtype):
        return torch.randn(batch, 4, 2, dtype=dtype), 3 * torch.arange(batch)

    def item(self, arguments, i):
        return arguments[0][i : i + 1], torch.tensor([0])

    def call(self, padded, first):
        return padded_to_packed(padded, first, 3 * len(padded))

    def shapes(self, batch):
        return [(3 * batch, 2)]


@given(sizes=st.lists(st.integers(0, 6), min_size=1, max_size=6), rest=st.sampled_from([(), (2,), (2, 3)]))
def test_there_and_back(sizes, rest):
    packed = torch.randn(sum(sizes), *rest, dtype=torch.float64, requires_grad=True)
    first = torch.tensor(sizes).cumsum(0) - torch.tensor(sizes)
    padded = packed_to_padded(packed, first, max(sizes))
    assert padded.shape == (len(sizes), max(sizes), *rest)
    for row, begin, size in zip(padded, first.tolist(), sizes, strict=True):
        assert torch.equal(row[:size], packed[begin : begin + size])
        assert not row[size:].any()
    back = padded_to_packed(padded, first, sum(sizes))
    assert torch.equal(back, packed)
    weight = torch.randn_like(back)
    assert torch.equal(torch.autograd.grad((back * weight).sum(), packed)[0], weight)


def test_another_padded_dimension():
    padded = torch.randn(2, 5, 4)
    packed = padded_to_packed(padded, torch.tensor([0, 3]), 7, max_size_dim=2)
    assert torch.equal(packed, torch.cat([padded[0].T[:3], padded[1].T[:4]]))


@pytest.mark.parametrize("width", [0, 2])
def test_rows_too_short_are_cut(width):
    padded = packed_to_padded(torch.arange(5.0), torch.tensor([0, 1]), width)
    assert padded.tolist() == [[0.0, 0.0], [1.0, 2.0]] if width else padded.shape == (2, 0)
