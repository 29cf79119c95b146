"""Projection: schedules and the noise's cost by closed forms, a generated picture found again, nothing changed."""

import math

import numpy as np
import pytest
import torch

from maquette.metrics.picture_features import feature_network
from maquette.systems.stylegan2.config import NetworkConfig
from maquette.systems.stylegan2.network import fresh_network
from maquette.systems.stylegan2.projection import (
    TAPS,
    Styles,
    framed,
    fresh_noise,
    jitter_at,
    look,
    made_of,
    noise_autocorrelation,
    project,
    rate_at,
    style_statistics,
)

TINY = NetworkConfig(size=16, width=0.01, channel_max=16, z_dim=6, w_dim=5)


@pytest.fixture(scope="module")
def generator():
    made = fresh_network(TINY, 3).generator.eval().requires_grad_(False)
    for name, parameter in made.named_parameters():
        if name.endswith(("noise_strength", "torgb.bias")):
            parameter.data.fill_(0.1)
    return made


@pytest.fixture(scope="module")
def network():
    return feature_network("none", TAPS).network.requires_grad_(False)


def draw_of(generator):
    return lambda count, numbers: generator.mapping(torch.randn(count, TINY.z_dim, generator=numbers))


def test_schedules():
    """Up within a twentieth, down in the last quarter; the jitter ends at three quarters."""
    assert [rate_at(t) for t in (0.0, 0.025, 0.05, 0.75)] == pytest.approx([0.0, 0.05, 0.1, 0.1])
    assert rate_at(0.875) == pytest.approx(0.05)
    assert rate_at(1.0) == pytest.approx(0.0)
    assert [jitter_at(t, 2.0) for t in (0.0, 0.375, 0.75, 1.0)] == pytest.approx([0.1, 0.025, 0.0, 0.0])


def autocorrelation(levels: list[np.ndarray]) -> float:
    """Written out."""
    total = 0.0
    for level in levels:
        while True:
            total += np.mean(level * np.roll(level, 1, 1)) ** 2 + np.mean(level * np.roll(level, 1, 0)) ** 2
            if len(level) <= 8:
                break
            half = len(level) // 2
            level = level.reshape(half, 2, half, 2).mean((1, 3))
    return total


def test_noise_that_resembles_itself_costs():
    levels = [torch.randn(1, 1, size, size) for size in (4, 8, 16, 32)]
    found = noise_autocorrelation(levels)
    assert float(found) == pytest.approx(autocorrelation([level[0, 0].numpy() for level in levels]), rel=1e-4)
    flat = noise_autocorrelation([torch.ones(1, 1, 16, 16)])
    assert float(flat) == pytest.approx(4.0)
    assert found < flat


def test_statistics():
    w = torch.tensor([[1.0, 0.0], [3.0, 4.0]])
    found = style_statistics(lambda count, numbers: w, 2)
    assert found.mean.tolist() == [2.0, 2.0]
    assert found.spread == pytest.approx(math.sqrt(5))  # one number, over all of w


def test_a_look_is_of_all_scales(network):
    image = torch.rand(2, 3, 32, 32)
    seen = look(network, image)
    shifted = look(network, (image + 0.1))
    assert seen.shape[0] == 2
    assert float((shifted - seen).square().sum(1).min()) > 4 * 3 * 0.01 * 0.99  # pixels alone
    own = look(network, image[:1])
    torch.testing.assert_close(own, seen[:1], atol=1e-4, rtol=1e-3)
    large = torch.rand(1, 3, 16, 16).repeat_interleave(32, 2).repeat_interleave(32, 3)
    assert look(network, large).shape[1] > 3 * 512**2


def test_a_generated_picture_is_found_again(generator, network):
    numbers = torch.Generator().manual_seed(5)
    draw = draw_of(generator)
    target = made_of(generator, draw(1, numbers)[:, None], fresh_noise(generator, numbers)).clamp(0, 1)
    styles = style_statistics(draw, 500)
    told = []
    found = project(generator, target, network, styles, 60, watch=lambda step, words: told.append(step))
    start = project(generator, target, network, styles, 0)
    assert found.distance < 0.5 * start.distance
    assert torch.equal(start.w, styles.mean[None])
    assert told == list(range(1, 61))
    assert len(found.way) == 6
    for level in found.noise:
        assert float(level.mean()) == pytest.approx(0, abs=1e-5)
        assert float(level.square().mean()) == pytest.approx(1, abs=1e-4)
    torch.testing.assert_close(found.image, made_of(generator, found.w[:, None], found.noise))
    again = project(generator, target, network, styles, 60)
    assert again.distance == pytest.approx(found.distance, rel=0.05)  # last bits differ, and grow in 60 steps


def test_a_start_is_kept_without_jitter(generator, network):
    start = torch.full((1, 5), 0.3)
    target = torch.rand(1, 3, 16, 16)
    found = project(generator, target, network, Styles(torch.zeros(5), 1.0), 1, start=start)
    assert torch.equal(found.w, start)  # the first step has rate 0
    assert torch.equal(
        found.way[0], made_of(generator, start[:, None], fresh_noise(generator, numbers_of(0)))
    )


def numbers_of(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_middle_square():
    picture = torch.rand(3, 6, 10)
    assert torch.equal(framed(picture, 6), picture[None, :, :, 2:8])
    assert framed(picture, 16).shape == (1, 3, 16, 16)
    torch.testing.assert_close(framed(torch.full((3, 40, 40), 0.25), 8), torch.full((1, 3, 8, 8), 0.25))
