"""The encoder: learns from generated pictures, is kept in a file, and is refused for any other generator."""

from dataclasses import replace

import pytest
import torch

from maquette.io import BadInput
from maquette.systems.stylegan2.config import NetworkConfig
from maquette.systems.stylegan2.encoder import (
    Encoder,
    EncoderConfig,
    fingerprint,
    load_encoder,
    save_encoder,
    train_encoder,
)
from maquette.systems.stylegan2.network import fresh_network
from maquette.training.weights import load_weights, save_weights

TINY = NetworkConfig(size=16, width=0.01, channel_max=16, z_dim=4, w_dim=4)


@pytest.fixture(scope="module")
def generator():
    return fresh_network(TINY, 3).generator.eval()


@pytest.fixture(scope="module")
def draw(generator):
    @torch.no_grad()
    def some(count: int, numbers: torch.Generator) -> torch.Tensor:
        return generator.mapping(torch.randn(count, TINY.z_dim, generator=numbers))

    return some


def error_of_w(encoder: Encoder, generator, draw) -> float:
    """Mean square in deviations, of pictures that it has not seen: 1 for who tells the mean."""
    w = draw(64, torch.Generator().manual_seed(99))
    with torch.no_grad():
        images = (generator.synthesis(w[:, None].expand(-1, TINY.styles, -1), "const") + 1) / 2
        return float(((encoder(images.clamp(0, 1)) - w) / encoder.deviation).square().mean())


def test_it_learns_w_of_new_pictures(generator, draw):
    told = []
    before = [parameter.clone() for parameter in generator.parameters()]
    encoder = train_encoder(generator, draw, 150, watch=lambda step, words: told.append(words))
    assert error_of_w(encoder, generator, draw) < 0.7
    assert len(told) == 150
    assert told[-1].startswith("w 0.")
    assert all(torch.equal(a, b) for a, b in zip(before, generator.parameters(), strict=True))
    assert all(parameter.grad is None for parameter in generator.parameters())
    again = train_encoder(generator, draw, 1)
    other = train_encoder(generator, draw, 1)
    assert all(
        torch.equal(a, b)
        for a, b in zip(again.state_dict().values(), other.state_dict().values(), strict=True)
    )


def test_a_file_of_its_own_generator_alone(generator, tmp_path):
    encoder = Encoder(EncoderConfig(16, 4, fingerprint(generator))).eval()
    path = tmp_path / "e.safetensors"
    save_encoder(path, encoder, "drawn64")
    images = torch.rand(2, 3, 16, 16)
    assert torch.equal(load_encoder(path, generator)(images), encoder(images))
    larger = fresh_network(replace(TINY, size=32), 3).generator
    with pytest.raises(BadInput, match="is an encoder for 16 pixels and w of 4; these weights have 32 and 4"):
        load_encoder(path, larger)
    with pytest.raises(BadInput, match="is an encoder for other weights of this size"):
        load_encoder(path, fresh_network(TINY, 4).generator)
    with pytest.raises(BadInput, match="no such file"):
        load_encoder(tmp_path / "none", generator)
    content = load_weights(path)
    broken = tmp_path / "broken.safetensors"
    save_weights(broken, content.tensors, "stylegan2_encoder", "x", {"size": 17, "w_dim": 4}, "float32")
    with pytest.raises(BadInput, match="the settings in its header: there is no generator of 17 pixels"):
        load_encoder(broken, generator)
    lacking = {name: tensor for name, tensor in content.tensors.items() if name != "last.bias"}
    save_weights(broken, lacking, "stylegan2_encoder", "x", dict(content.config), "float32")
    with pytest.raises(BadInput, match=r"last\.bias: is missing"):
        load_encoder(broken, generator)


def test_sizes():
    for size in (8, 64, 256):
        assert Encoder(EncoderConfig(size, 6))(torch.rand(2, 3, size, size)).shape == (2, 6)
    encoder = Encoder(EncoderConfig(64, 64))
    assert sum(parameter.numel() for parameter in encoder.parameters()) == 520_448
