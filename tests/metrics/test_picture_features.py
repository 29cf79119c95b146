"""Features of pictures: the average of the last map, picture by picture, and the network left as it was."""

import pytest
import torch

from maquette.io import BadInput
from maquette.metrics.mfid import mfid
from maquette.metrics.picture_features import feature_network, picture_features
from maquette.nn.backbones.backbone import backbone
from maquette.training.weights import save_weights


def test_the_average_of_the_last_map():
    network = backbone("mobilenet_v2", width=0.25, taps=(16, 32), norm="running").train()
    images = torch.rand(35, 3, 48, 40)
    found = picture_features(network, images)
    assert found.shape == (35, 1280)
    assert network.training
    assert not found.requires_grad
    expected = network.eval()(images[33:34])[32].mean((2, 3))
    torch.testing.assert_close(found[33:34], expected.detach(), atol=1e-5, rtol=1e-4)


def test_noise_is_further_from_flat_pictures_than_from_noise():
    network = backbone("mobilenet_v2", width=0.25, taps=(32,))
    noise, more, flat = torch.rand(16, 3, 32, 32), torch.rand(16, 3, 32, 32), torch.rand(16, 3, 1, 1)
    seen = [picture_features(network, images) for images in (noise, more, flat.expand(-1, -1, 32, 32))]
    assert mfid(seen[0], seen[1]) < mfid(seen[0], seen[2])


def test_drawn_weights_are_always_the_same_and_of_use():
    torch.manual_seed(5)
    drawn, again = feature_network("none"), feature_network("none")
    assert torch.equal(torch.rand(1), torch.rand(2, generator=torch.Generator().manual_seed(5))[:1])
    images = torch.rand(3, 3, 32, 32)
    found = picture_features(drawn.network, images)
    assert torch.equal(found, picture_features(again.network, images))
    assert 0.05 < float(found.std()) < 50
    assert drawn.words == "mobilenet_v2, weights drawn at random (seed 0)"


def test_weights_of_a_file_are_named(tmp_path):
    network = backbone("mobilenet_v2", taps=(32,))
    tensors = {f"features.{name}": tensor for name, tensor in network.body.state_dict().items()}
    save_weights(
        tmp_path / "first.safetensors", tensors, "backbone", "mobilenet_v2", {"width": 1.0}, "float32"
    )
    found = feature_network(str(tmp_path / "first.safetensors"))
    assert found.words.startswith("mobilenet_v2, weights of first.safetensors, SHA-256 ")
    images = torch.rand(2, 3, 32, 32)
    assert torch.equal(picture_features(found.network, images), picture_features(network, images))


def test_without_a_network_they_are_drawn_and_said(monkeypatch):
    def missing(*_):
        raise BadInput("https://somewhere", "cannot be had: no network")

    monkeypatch.setattr("maquette.nn.backbones.backbone.pretrained", missing)
    with pytest.warns(UserWarning, match="cannot be had: no network; features are those of weights drawn"):
        assert "at random" in feature_network().words
    with pytest.raises(BadInput, match="cannot be had"):
        feature_network("torchvision")
