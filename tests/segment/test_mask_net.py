"""The mask network: its shapes, what of it learns, and masks of pictures of any size."""

import pytest
import torch

from maquette.io.errors import BadInput
from maquette.segment.mask_net import STRIDES, MaskNet
from maquette.segment.network_mask import network_masks, read_mask_net
from maquette.systems.segment.config import NetworkConfig
from maquette.systems.segment.system import SegmentSystem


@pytest.fixture(scope="module")
def network() -> MaskNet:
    torch.manual_seed(0)
    return MaskNet(width=8).eval()


def test_half_the_resolution_for_any_multiple_of_32(network: MaskNet) -> None:
    for height, width in ((32, 64), (96, 32)):
        assert network(torch.rand(2, 3, height, width)).shape == (2, 1, height // 2, width // 2)


def test_a_frozen_backbone_keeps_its_weights_and_the_decoder_learns() -> None:
    for frozen in (True, False):
        network = MaskNet(width=8, frozen=frozen)
        network(torch.rand(2, 3, 64, 64)).mean().backward()
        assert all((p.grad is None) == frozen for p in network.backbone.parameters())
        own = [p for name, p in network.named_parameters() if not name.startswith("backbone.")]
        assert all(p.grad is not None for p in own)


def test_every_level_and_the_whole_picture_count() -> None:
    network = MaskNet(width=32).eval()
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            torch.nn.init.ones_(layer.bias)  # so that no ReLU is closed
    maps = dict(network.features(torch.rand(1, 3, 64, 64)))
    told = network.decode(maps)
    for stride in STRIDES:
        changed = {**maps, stride: maps[stride] + 1}
        assert not torch.equal(network.decode(changed), told)
    far = {**maps, 32: maps[32].clone()}
    far[32][..., -1, -1] += 10 * torch.randn(far[32].shape[1])
    assert not torch.equal(network.decode(far)[..., 0, 0], told[..., 0, 0])


@pytest.mark.parametrize("size", [(40, 300), (33, 33), (500, 200)])
def test_masks_have_the_size_of_their_pictures(network: MaskNet, size: tuple[int, int]) -> None:
    told = network_masks(network, torch.rand(2, 3, *size))
    assert told.shape == (2, 1, *size)
    assert bool(((told >= 0) & (told <= 1)).all())


def test_a_mask_is_found_where_the_object_is_at_any_size() -> None:
    """A network that tells how red a place is: its mask lies on the red part, whatever the proportions."""

    class Red(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = torch.nn.Parameter(torch.tensor(20.0))

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.avg_pool2d(self.scale * (images[:, :1] - 0.5), 2)

    image = torch.zeros(1, 3, 90, 200)
    image[:, 0, 20:70, 120:180] = 1
    told = network_masks(Red(), image)[0, 0] > 0.5
    true = image[0, 0] > 0.5
    assert (told & true).sum() / (told | true).sum() > 0.93


def test_weights_are_read_back_and_others_refused(tmp_path) -> None:
    config = NetworkConfig(size=64, width=8)
    system = SegmentSystem(MaskNet(8), config)
    system.save(tmp_path / "w.safetensors", "float32")
    image = torch.rand(1, 3, 64, 96)
    back = read_mask_net(tmp_path / "w.safetensors")
    assert torch.equal(network_masks(back, image), system.masks(image))
    assert not any(p.requires_grad for p in back.parameters())
    with pytest.raises(BadInput):
        read_mask_net(tmp_path / "none.safetensors")
