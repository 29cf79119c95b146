"""mfid: closed forms of Gaussians, equal and shifted sets, singular covariances, chunks."""

import pytest
import torch

from maquette.metrics import mfid as module
from maquette.metrics.mfid import Gaussian, frechet_distance, gaussian_of, mfid


def spread(size: int) -> torch.Tensor:
    """A covariance with eigenvalues over three decades."""
    turn = torch.linalg.qr(torch.randn(size, size, dtype=torch.float64)).Q
    return turn @ torch.diag(torch.logspace(-2, 1, size, dtype=torch.float64)) @ turn.T


def test_equal_covariances_leave_the_shift():
    covariance, mean = spread(20), torch.randn(20, dtype=torch.float64)
    shift = torch.randn(20, dtype=torch.float64)
    found = frechet_distance(Gaussian(mean, covariance), Gaussian(mean + shift, covariance))
    assert found.item() == pytest.approx(shift.square().sum().item(), rel=1e-12)


def test_covariances_that_commute_differ_by_their_deviations():
    turn = torch.linalg.qr(torch.randn(12, 12, dtype=torch.float64)).Q
    a, b = torch.rand(2, 12, dtype=torch.float64) * 3
    mean = torch.zeros(12, dtype=torch.float64)
    found = frechet_distance(
        Gaussian(mean, turn @ torch.diag(a) @ turn.T), Gaussian(mean, turn @ torch.diag(b) @ turn.T)
    )
    assert found.item() == pytest.approx((a.sqrt() - b.sqrt()).square().sum().item(), rel=1e-10)


def test_covariances_that_do_not_commute():
    """In two dimensions tr M^(1/2) = sqrt(tr M + 2 sqrt(det M)), here of M = S_a S_b."""
    a, b = torch.tensor([[2.0, 0.9], [0.9, 1.0]]).double(), torch.tensor([[1.0, -0.4], [-0.4, 3.0]]).double()
    root = ((a @ b).trace() + 2 * torch.linalg.det(a @ b).sqrt()).sqrt()
    mean = torch.zeros(2, dtype=torch.float64)
    found = frechet_distance(Gaussian(mean, a), Gaussian(mean, b))
    assert found.item() == pytest.approx((a.trace() + b.trace() - 2 * root).item(), rel=1e-12)


def test_from_a_point_to_a_cloud_is_its_spread():
    covariance, mean = spread(8), torch.zeros(8, dtype=torch.float64)
    found = frechet_distance(Gaussian(mean, torch.zeros_like(covariance)), Gaussian(mean, covariance))
    assert found.item() == pytest.approx(covariance.trace().item(), rel=1e-12)


@pytest.mark.parametrize("pictures", [5, 400])
def test_equal_sets_are_at_no_distance_whether_singular_or_not(pictures):
    features = torch.randn(pictures, 64) * 3 + 10
    assert 0 <= mfid(features, features.flip(0)).item() < 1e-8
    assert mfid(features, features + 0.5).item() == pytest.approx(64 * 0.25, rel=1e-5)


def test_scaled_sets_and_both_orders():
    features = torch.randn(300, 16, dtype=torch.float64)
    covariance, mean = torch.cov(features.T), features.mean(0)
    expected = 4 * mean.square().sum() + 4 * covariance.trace()
    assert mfid(features, 3 * features).item() == pytest.approx(expected.item(), rel=1e-10)
    others = torch.rand(200, 16)
    assert mfid(features, others).item() == pytest.approx(mfid(others, features).item(), rel=1e-10)


def test_the_gaussian_is_the_same_in_chunks(monkeypatch):
    features = torch.randn(50, 6) + 1000
    monkeypatch.setattr(module, "_CHUNK", 7)
    found = gaussian_of(features)
    assert found.mean.dtype == found.covariance.dtype == torch.float64
    torch.testing.assert_close(found.mean, features.double().mean(0))
    torch.testing.assert_close(found.covariance, torch.cov(features.double().T))


def test_one_picture_has_no_covariance():
    with pytest.raises(ValueError, match="2 pictures or more, got 1"):
        mfid(torch.zeros(1, 4), torch.zeros(3, 4))


def test_of_few_pictures_it_is_the_same():
    features, others = torch.randn(7, 20), 2 * torch.rand(12, 20)
    whole = frechet_distance(gaussian_of(features), gaussian_of(others))
    torch.testing.assert_close(mfid(features, others), whole, rtol=1e-6, atol=1e-6)
    with pytest.raises(ValueError, match="2 pictures or more, got 1"):
        mfid(features[:1], others)
