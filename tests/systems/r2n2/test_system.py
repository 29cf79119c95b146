"""The system around the network: framing, thresholds, what weights files may claim."""

import pytest
import torch

from maquette.data.views_config import ViewsConfig
from maquette.io import BadInput
from maquette.structures.views import Views
from maquette.systems.r2n2.config import NetworkConfig
from maquette.systems.r2n2.framing import BACKGROUND, frame_views
from maquette.systems.r2n2.network import R2N2Network
from maquette.systems.r2n2.system import R2N2
from maquette.training.weights import save_weights

CONFIG = NetworkConfig(variant="simple-gru-1", width=0.0625, size=32)


@pytest.fixture(scope="module")
def system() -> R2N2:
    torch.manual_seed(0)
    return R2N2(R2N2Network(CONFIG))


def test_occupancy_is_the_softmax_whatever_the_number_of_objects(system: R2N2) -> None:
    images = torch.rand(3, 17, 3, 32, 32)
    found = system.occupancy(images)
    with torch.no_grad():
        wanted = system.network(images).softmax(1)[:, 1]
    assert not found.requires_grad
    assert found.shape == (3, 32, 32, 32)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


def test_the_camera_framing_cuts_the_middle() -> None:
    config = ViewsConfig(size=5, render_size=9)
    image = torch.rand(3, 9, 9)
    assert torch.equal(frame_views(Views([image]), config)[0], image[:, 2:7, 2:7])
    mask = torch.zeros(1, 9, 9)
    mask[:, :, 4:] = 1
    framed = frame_views(Views([image], masks=[mask]), config)[0]
    assert torch.equal(framed[:, :, 2:], image[:, 2:7, 4:7])
    assert (framed[:, :, :2] == BACKGROUND).all()


def test_the_camera_framing_takes_pictures_of_any_shape() -> None:
    config = ViewsConfig(size=20, render_size=22)
    flat = torch.full((3, 31, 57), 0.25)
    framed = frame_views(Views([flat, flat.transpose(1, 2), flat[:, :3, :3]]), config)
    assert framed.shape == (3, 3, 20, 20)
    torch.testing.assert_close(framed, torch.full_like(framed, 0.25))


def test_a_mask_without_an_object() -> None:
    views = Views([torch.rand(3, 9, 9)], masks=[torch.zeros(1, 9, 9)], names=["x.png"])
    with pytest.raises(BadInput, match=r"x\.png: the mask shows no object"):
        frame_views(views, ViewsConfig(size=5, render_size=9))


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"network": {"variant": "gru"}}, "variant must be one of"),
        ({"network": {"width": 1e9}}, "exceed"),
        ({"network": {"size": 100_000}}, "exceed"),
        ({"network": 5}, "network must be an object"),
        ({"views": {"size": 64}}, "one size"),
        ({"threshold": 2.0}, "threshold"),
        ({"network": {"depth": 3}}, "network.depth is not a setting"),
        ({"network": {"variant": "simple-gru-3", "width": 0.0625, "size": 32}}, "has shape"),
    ],
)
def test_what_a_weights_file_may_not_say(system: R2N2, tmp_path, config: dict, words: str) -> None:
    path = tmp_path / "w.safetensors"
    settings = {"network": {"variant": "simple-gru-1", "width": 0.0625, "size": 32}, **config}
    save_weights(path, system.network.state_dict(), "r2n2", "simple-gru-1", settings)
    with pytest.raises(BadInput, match=words) as caught:
        R2N2.load(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_network_and_pictures_have_one_size(system: R2N2) -> None:
    with pytest.raises(ValueError, match="one size"):
        R2N2(system.network, ViewsConfig(size=64))
