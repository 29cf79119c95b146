import pytest
import torch

from maquette.ops.utils import (
    convert_pointclouds_to_tensor,
    eyes,
    get_point_covariances,
    is_pointclouds,
    masked_gather,
    wmean,
)
from maquette.structures import Pointclouds
from operator_contract import OperatorContract


class TestMaskedGather(OperatorContract):
    refused = {
        "batch dimension": lambda: masked_gather(torch.rand(2, 5, 3), torch.zeros(1, 3).long()),
        "not supported": lambda: masked_gather(torch.rand(2, 5, 3), torch.zeros(2).long()),
    }
    degenerate = {"no points": lambda: (torch.zeros(2, 0, 3), torch.full((2, 3), -1))}

    def arguments(self, batch, dtype):
        return torch.randn(batch, 5, 3, dtype=dtype), torch.randint(-1, 5, (batch, 4))

    def call(self, points, idx):
        return masked_gather(points, idx)

    def shapes(self, batch):
        return [(batch, 4, 3)]


class TestWeightedMean(OperatorContract):
    refused = {"not compatible": lambda: wmean(torch.rand(4, 6, 3), torch.rand(4, 5))}
    degenerate = {"no weight": lambda: (torch.rand(2, 6, 3), torch.zeros(2, 6))}

    def arguments(self, batch, dtype):
        return torch.randn(batch, 6, 3, dtype=dtype), torch.rand(batch, 6, dtype=dtype)

    def call(self, x, weight):
        return wmean(x, weight)

    def shapes(self, batch):
        return [(batch, 1, 3)]


def test_masked_gather():
    points = torch.rand(2, 5, 3, requires_grad=True)
    idx = torch.tensor([[0, -1, 4], [2, 2, -1]])
    flat = masked_gather(points, idx)
    assert torch.equal(flat[1, 0], points[1, 2])
    assert not flat[0, 1].any()
    assert torch.equal(masked_gather(points, idx[:, :, None]), flat[:, :, None])
    assert torch.autograd.grad(flat.sum(), points)[0].sum() == 12
    with pytest.raises(ValueError, match="batch dimension"):
        masked_gather(points, idx[:1])
    with pytest.raises(ValueError, match="not supported"):
        masked_gather(points, idx[:, 0])


def test_weighted_mean():
    x, weight = torch.rand(4, 6, 3), torch.rand(4, 6)
    expected = torch.einsum("bpd,bp->bd", x, weight) / weight.sum(1, keepdim=True)
    torch.testing.assert_close(wmean(x, weight), expected[:, None])
    torch.testing.assert_close(wmean(x, weight, keepdim=False), expected)
    torch.testing.assert_close(wmean(x, dim=(0, 1)), x.mean((0, 1), keepdim=True))
    assert not wmean(x, torch.zeros(1, 6)).any()
    with pytest.raises(ValueError, match="not compatible"):
        wmean(x, torch.rand(4, 5))


def test_identities():
    assert torch.equal(eyes(3, 2, dtype=torch.float64), torch.eye(3, dtype=torch.float64).expand(2, 3, 3))


def test_clouds_as_tensors():
    clouds = Pointclouds([torch.rand(3, 3), torch.rand(5, 3)])
    padded, count = convert_pointclouds_to_tensor(clouds)
    assert padded.shape == (2, 5, 3)
    assert count.tolist() == [3, 5]
    assert convert_pointclouds_to_tensor(padded)[1].tolist() == [5, 5]
    assert is_pointclouds(clouds)
    assert not is_pointclouds(padded)
    with pytest.raises(ValueError, match="Pointclouds objects or tensors"):
        convert_pointclouds_to_tensor([1.0])


def test_covariance_of_all_points():
    points = torch.rand(1, 9, 3)
    covariances, neighbours = get_point_covariances(points, torch.tensor([9]), 9)
    assert neighbours.shape == (1, 9, 9, 3)
    torch.testing.assert_close(covariances[0, 4], torch.cov(points[0].T, correction=0))
