"""Losses of StyleGAN2 in closed form."""

import math

import pytest
import torch

from maquette.systems.stylegan2.judging import diversity, sliced_wasserstein
from maquette.systems.stylegan2.loss import (
    average_decay,
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    hinge_discriminator_loss,
    hinge_generator_loss,
    mixed_styles,
    path_lengths,
    path_penalty,
)
from maquette.systems.stylegan2.mapping import Mapping
from maquette.systems.stylegan2.sheet import tiled


def test_logistic_losses():
    logits, zero = torch.tensor([[0.0], [30.0], [-30.0]]), torch.zeros(3, 1)
    torch.testing.assert_close(generator_loss(logits), torch.tensor([[math.log(2)], [0.0], [30.0]]))
    wanted = torch.tensor([[2 * math.log(2)], [30 + math.log(2)], [math.log(2)]])
    torch.testing.assert_close(discriminator_loss(logits, zero), wanted)


def test_hinge_losses():
    fake, real = torch.tensor([[-2.0, 0.5, 0.0]]), torch.tensor([[3.0, 0.5, -1.0]])
    torch.testing.assert_close(hinge_generator_loss(fake), torch.tensor([[2.0, -0.5, 0.0]]))
    torch.testing.assert_close(hinge_discriminator_loss(fake, real), torch.tensor([[0.0, 2.0, 3.0]]))


def test_gradient_penalty_of_a_linear_discriminator():
    weight = torch.randn(3 * 4 * 4, dtype=torch.float64, requires_grad=True)
    images = torch.randn(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    penalty = gradient_penalty(images, images.flatten(1) @ weight[:, None])
    torch.testing.assert_close(penalty, weight.square().sum().expand(2))
    (gradient,) = torch.autograd.grad(penalty.sum(), weight)
    torch.testing.assert_close(gradient, 4 * weight)


def test_path_lengths_of_a_linear_generator():
    """Pictures that are a matrix times each layer's style: the length is that of the matrix times the noise."""
    matrix = torch.randn(12, 5, dtype=torch.float64)
    styles = torch.randn(2, 4, 5, dtype=torch.float64, requires_grad=True)
    images = (styles @ matrix.T).sum(1).view(2, 3, 2, 2)
    noise = torch.randn_like(images)
    lengths = path_lengths(images, styles, noise)
    torch.testing.assert_close(lengths, (noise.flatten(1) @ matrix).norm(dim=1))


def test_the_mean_length_moves_before_the_penalty_and_keeps_its_gradient():
    lengths = torch.tensor([1.0, 3.0], dtype=torch.float64, requires_grad=True)
    penalty, mean = path_penalty(lengths, torch.tensor(1.0, dtype=torch.float64), decay=0.5)
    assert float(mean) == 1.5  # halfway from 1 to 2
    torch.testing.assert_close(penalty, torch.tensor([0.25, 2.25], dtype=torch.float64))
    (gradient,) = torch.autograd.grad(penalty.sum(), lengths)
    # d/dl_i sum (l - m)^2 with dm/dl_i = 1/4: 2 (l_i - m) - 2 (sum l - 2 m) / 4
    torch.testing.assert_close(gradient, torch.tensor([-1.5, 2.5], dtype=torch.float64))


def test_mixing_has_one_cut():
    torch.manual_seed(0)
    mapping = Mapping(4, 0, 3, 2)
    z = torch.randn(2, 4)
    plain, w = mixed_styles(mapping, z, 6, 0.0)
    torch.testing.assert_close(plain, w[:, None].expand(-1, 6, -1))
    cuts = set()
    for _ in range(60):
        styles, w = mixed_styles(mapping, z, 6, 1.0)
        own = (styles == w[:, None]).all(2)
        assert torch.equal(own[0], own[1])
        cut = int(own[0].sum())
        assert own[0].tolist() == [True] * cut + [False] * (6 - cut)
        torch.testing.assert_close(styles[:, cut:], styles[:, -1:].expand(-1, 6 - cut, -1))
        cuts.add(cut)
    assert cuts == {1, 2, 3, 4, 5}


def test_averages_start_with_the_weights_and_grow_slow():
    full = 0.5 ** (32 / 10_000)
    assert average_decay(0, 32, full, 0.05) == 0.0
    assert average_decay(12_800, 32, full, 0.05) == pytest.approx(0.5 ** (32 / 640))
    assert average_decay(10**7, 32, full, 0.05) == full
    assert average_decay(0, 32, full, 0.0) == full


def test_distance_of_sets():
    torch.manual_seed(0)
    some = torch.rand(32, 3, 32, 32)
    assert float(sliced_wasserstein(some, some.flip(0))) == 0.0
    near, far = (float(sliced_wasserstein(some, some + change)) for change in (0.01, 0.1))
    assert 0 < near < far
    assert far == pytest.approx(10 * near, rel=1e-3)


def test_variety():
    some = torch.rand(16, 3, 8, 8)
    assert float(diversity(some, some)) == 1.0
    assert float(diversity(some[:1].expand(16, -1, -1, -1), some)) == 0.0


def test_pictures_in_rows():
    images = torch.stack([torch.full((1, 2, 2), k / 4) for k in range(3)])
    sheet = tiled(images, 2)
    assert sheet.shape == (3, 4, 4)
    assert (sheet[0, ::2, ::2].tolist()) == [[0.0, 0.25], [0.5, 1.0]]
