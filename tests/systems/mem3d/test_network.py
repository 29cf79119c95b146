"""Sizes as published, and what the memory does to what is seen."""

import itertools

import pytest
import torch

from maquette.nn.memory import Recalled
from maquette.systems.mem3d.config import LossConfig, NetworkConfig
from maquette.systems.mem3d.prior import AttentionPrior, RecurrentPrior
from maquette.systems.mem3d.system import Mem3DSystem
from tiny_mem3d import SIZE, tiny_mem3d


def test_the_published_network_has_the_published_sizes():
    info = Mem3DSystem.describe("original")
    assert info.parameters["prior.lstm"] == 4 * 2048 * (32**3 + 2048 + 2)  # 285.2 million
    assert info.shapes["encoder"] == (1, 256 * 7 * 7)
    assert info.shapes["prior.vector"] == (1, 2048)
    widths = (1824, 512, 128, 32, 8)
    convolutions = sum(64 * a * b for a, b in itertools.pairwise(widths))
    assert info.parameters["decoder.layers"] == convolutions + 2 * sum(widths[1:])


def test_variants_without_a_memory_have_none():
    for variant in ("seed003", "none"):
        network = tiny_mem3d(variant)
        assert network.memory is None
        seen = network.decode(torch.rand(2, 32))
        assert seen.recalled is None
        assert seen.logits.shape == (2, 32, 32, 32)


@pytest.mark.parametrize("variant", ["best", "original"])
def test_what_is_remembered_changes_what_is_seen(variant):
    network = tiny_mem3d(variant).eval()
    features = torch.rand(2, 32)
    before = network.decode(features).logits
    grids = torch.rand(3, 32, 32, 32) < 0.3
    network.memory.write(torch.randn(3, network.memory.keys.shape[1]), grids)
    after = network.decode(features)
    assert not torch.equal(before, after.logits)
    assert after.recalled.found.all()


def test_reading_and_training_mode_leave_the_memory_alone():
    network = tiny_mem3d().train()
    network.memory.write(torch.randn(3, 64), torch.rand(3, 32, 32, 32) < 0.3)
    before = [buffer.clone() for buffer in network.memory.buffers()]
    network(torch.rand(2, 1, 3, SIZE, SIZE)).sum().backward()
    assert all(torch.equal(a, b) for a, b in zip(before, network.memory.buffers(), strict=True))


def test_pictures_are_seen_in_any_order_and_counts_are_prefixes():
    network = tiny_mem3d().eval()
    images = torch.rand(2, 3, 3, SIZE, SIZE)
    whole = network.after(images, (1, 3))
    torch.testing.assert_close(whole[1], network(images.flip(1)))
    torch.testing.assert_close(whole[0], network(images[:, :1]))


def test_the_attentive_prior_is_a_weighted_mean_and_the_most_similar_shape():
    grids = torch.zeros(1, 3, 32, 32, 32)
    grids[0, 0, 0], grids[0, 1, 1], grids[0, 2] = 1, 1, 1
    found = torch.tensor([[True, True, False]])
    prior = AttentionPrior()
    cells = prior(
        Recalled(torch.tensor([[0.3, 0.2, -1.0]]), torch.zeros(1, 3, dtype=torch.long), grids, found)
    ).cells
    odds = torch.exp(prior.sharpness * 0.1)
    torch.testing.assert_close(cells[0, 0, 0, 0, 0] / cells[0, 0, 1, 0, 0], odds)
    torch.testing.assert_close(cells[0, 0, 0, 0, 0] + cells[0, 0, 1, 0, 0], torch.tensor(1.0))
    assert not cells[0, 0, 2].any()
    assert torch.equal(cells[0, 1], grids[0, 0])
    assert (cells[0, 2] == 0.3).all()


def test_the_recurrent_prior_ends_at_the_last_shape_that_was_found_and_is_zero_without_one():
    torch.manual_seed(0)
    prior = RecurrentPrior(4)
    grids = (torch.rand(3, 2, 32, 32, 32) < 0.2).float()
    found = torch.tensor([[True, True], [True, False], [False, False]])
    similarity, slot = torch.zeros(3, 2), torch.zeros(3, 2, dtype=torch.long)
    vector = prior(Recalled(similarity, slot, grids, found)).vector
    states, _ = prior.lstm(grids.flatten(2))
    torch.testing.assert_close(vector[0], states[0, 1])
    torch.testing.assert_close(vector[1], states[1, 0])
    assert not vector[2].any()


def test_settings_that_cannot_be_are_refused():
    for wrong in (
        {"variant": "lstm"},
        {"tap": 4},
        {"kernel": 2},
        {"slots": 0},
        {"beta": 2.0},
        {"pools": 3, "size": 32},
    ):
        with pytest.raises(ValueError, match=r"must|leave nothing"):
            NetworkConfig(**wrong)
    for wrong in ({"cross_entropy": -1.0}, {"cross_entropy": 0.0}, {"alpha": 3.0}, {"pair": "farthest"}):
        with pytest.raises(ValueError, match="must"):
            LossConfig(**wrong)
