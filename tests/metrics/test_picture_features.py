"""Features of pictures: the average of the last map, picture by picture, and the network left as it was."""

import torch

from maquette.metrics.mfid import mfid
from maquette.metrics.picture_features import picture_features
from maquette.nn.backbones.backbone import backbone


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
