"""The system around the network: framing, thresholds, what weights files may claim."""

import pytest
import torch

from maquette.data.views_config import ViewsConfig
from maquette.io import BadInput
from maquette.structures.reconstruction import Reconstruction
from maquette.structures.views import Views
from maquette.structures.voxels import VoxelGrid
from maquette.systems.framing import BACKGROUND, frame_views
from maquette.systems.r2n2.config import NetworkConfig
from maquette.systems.r2n2.network import R2N2Network
from maquette.systems.r2n2.system import R2N2
from maquette.training.weights import save_weights
from maquette.utils import ico_sphere

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
        ({"network": {"width": 1e308}}, "width must be positive and at most 100"),
        ({"network": {"encoder_width": 1e9}}, "encoder_width must be positive and at most 100"),
        ({"network": {"variant": "simple-gru-1", "width": 100, "size": 32}}, "the network needs"),
        ({"network": {"size": 100_000}}, "size must lie in"),
        ({"network": {"view_bins": 10**9}}, "view_bins must be 0 or lie in"),
        (
            {"network": {"variant": "simple-gru-1", "width": 0.0625, "size": 32, "view_bins": 36}},
            "is missing",
        ),
        ({"training": 5}, "training must be an object"),
        ({"network": 5}, "network must be an object"),
        ({"views": {"size": 64}}, "one size"),
        ({"threshold": 2.0}, "threshold"),
        ({"views": {"size": 32, "render_size": 10**9}}, "render_size must lie in"),
        ({"views": {"size": 32, "render_size": 16}}, "render_size must lie in"),
        ({"network": {"slope": 10**400}}, "slope must be a number, got 'one of too many digits'"),
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


def test_the_object_framing_is_that_of_training() -> None:
    config = ViewsConfig(size=16, framing="object", margin=(0.0, 0.5))
    image, mask = torch.rand(3, 40, 60), torch.zeros(1, 40, 60)
    image[:, 10:30, 20:30], mask[:, 10:30, 20:30] = 0.25, 1
    framed = frame_views(Views([image], masks=[mask]), config)[0]
    middle, corner = framed[:, 7:9, 7:9], framed[:, :2, :2]
    torch.testing.assert_close(middle, torch.full_like(middle, 0.25), rtol=0, atol=1e-4)
    torch.testing.assert_close(corner, torch.full_like(corner, BACKGROUND), rtol=0, atol=1e-4)
    with pytest.raises(ValueError, match="needs a mask"):
        frame_views(Views([image]), config)


def test_reconstruction_frames_sees_and_lifts(system: R2N2, monkeypatch) -> None:
    lifted = []

    def lift(occupancy, views, threshold, azimuths):
        assert azimuths is None
        lifted.append((occupancy, views, threshold))
        return Reconstruction(
            ico_sphere(1), frame="object", voxels=VoxelGrid(occupancy[None]), info={"level": 0.3}
        )

    monkeypatch.setattr("maquette.lift.lift_reconstruction", lift)
    plain, cut_out = torch.ones(3, 40, 50), torch.rand(4, 36, 36)
    plain[:, 12:28, 15:30] = torch.tensor([0.8, 0.2, 0.1])[:, None, None]
    cut_out[3] = 0
    cut_out[3, 8:20, 9:21] = 1
    (made,) = system.reconstruct([plain, cut_out])
    ((occupancy, views, threshold),) = lifted
    assert threshold == system.threshold
    assert views.has_masks
    assert bool(views.masks[0][0, 20, 20] > 0.5)
    assert not bool(views.masks[0][0, 2, 2] > 0.5)
    torch.testing.assert_close(occupancy, system.occupancy(system.frame(views)[None])[0])
    assert made.info["level"] == 0.3
    assert (made.info["system"], made.info["variant"], made.info["weights"]) == (
        "r2n2",
        "simple-gru-1",
        "untrained",
    )
    assert set(made.info["seconds"]) == {"network", "lift"}


def test_azimuths_are_told_where_the_network_has_the_head(system: R2N2, tmp_path) -> None:
    assert system.azimuths(torch.rand(1, 2, 3, 16, 16)) is None
    config = NetworkConfig(variant="simple-gru-1", width=0.02, size=16, view_bins=12)
    teller = R2N2(R2N2Network(config))
    images = torch.rand(2, 3, 3, 16, 16)
    told = teller.azimuths(images)
    assert told.shape == (2, 3, 12)
    torch.testing.assert_close(told.sum(dim=2), torch.ones(2, 3))
    teller.save(tmp_path / "weights.safetensors", precision="float32")
    torch.testing.assert_close(R2N2.load(tmp_path / "weights.safetensors").azimuths(images), told)


def test_a_file_that_lies_about_its_bins(tmp_path) -> None:
    config = NetworkConfig(variant="simple-gru-1", width=0.02, size=16, view_bins=12)
    system = R2N2(R2N2Network(config))
    object.__setattr__(config, "view_bins", 3600)
    system.save(tmp_path / "weights.safetensors")
    with pytest.raises(BadInput, match=r"viewpoint\.bins\.weight: has shape"):
        R2N2.load(tmp_path / "weights.safetensors")


def test_reconstruction_hands_on_what_is_told_of_each_picture(monkeypatch) -> None:
    torch.manual_seed(0)
    teller = R2N2(R2N2Network(NetworkConfig(variant="simple-gru-1", width=0.02, size=16, view_bins=12)))
    handed = []

    def lift(occupancy, views, threshold, azimuths):
        handed.append(azimuths)
        return Reconstruction(ico_sphere(1), frame="object", voxels=VoxelGrid(occupancy[None]))

    monkeypatch.setattr("maquette.lift.lift_reconstruction", lift)
    views = Views(
        [torch.rand(3, 20, 20), torch.rand(3, 24, 24)], [torch.ones(1, 20, 20), torch.ones(1, 24, 24)]
    )
    (made,) = teller.reconstruct(views)
    framed = teller.frame(views)[None]
    torch.testing.assert_close(handed[0], teller.azimuths(framed)[0])
    assert not torch.allclose(handed[0][0], handed[0][1])
    torch.testing.assert_close(made.voxels.occupancy[0], teller.occupancy(framed)[0])


def test_a_picture_without_an_object(system: R2N2) -> None:
    with pytest.raises(BadInput, match="picture 0: no object was found"):
        system.reconstruct(torch.full((3, 40, 40), 0.5))
