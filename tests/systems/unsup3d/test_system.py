"""Unsup3D in use: a picture to a mesh and maps, with weights of any width."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

import maquette
from drawn_face import pasted
from maquette.io import BadInput
from maquette.lift import upright
from maquette.structures.views import Views
from maquette.systems.unsup3d.config import NetworkConfig
from maquette.systems.unsup3d.network import Unsup3DNetwork
from maquette.systems.unsup3d.relief import relief
from maquette.systems.unsup3d.system import Unsup3DSystem


def tiny(**options) -> Unsup3DSystem:
    torch.manual_seed(0)
    return Unsup3DSystem(Unsup3DNetwork(NetworkConfig(size=32, width=8, **options)))


@pytest.fixture(scope="module")
def made():
    return tiny().reconstruct(pasted((60, 40, 96)))[0]


def test_a_face_becomes_a_mesh_with_what_is_known_of_it(made) -> None:
    assert made.facts.keys() == {"cut", "light", "view"}
    assert made.facts["cut"]["by"] == "face"
    assert set(made.maps) == set(Unsup3DSystem.about.maps)
    assert made.depth.shape == made.confidence.shape == (1, 32, 32)
    assert made.albedo.shape == made.normals.shape == (3, 32, 32)
    torch.testing.assert_close(made.maps["depth"].values, made.depth)
    inner = made.normals[:, 1:-1, 1:-1].norm(dim=0)
    torch.testing.assert_close(inner, torch.ones_like(inner), atol=5e-3, rtol=0)
    assert float(made.normals[2].max()) < 0  # towards the camera
    verts = upright(made).verts_packed()
    front, back = verts[: 2 * 128**2, 2].view(2, -1).mean(1)
    assert front > back  # at +Z
    assert verts[0, 0] < 0 < verts[0, 1]  # the picture's upper left corner
    assert made.preview(32).shape[0] == 3


def test_a_box_in_place_of_a_face() -> None:
    views = Views([torch.rand(3, 50, 70)], boxes=[(20.0, 4.0, 40.0, 40.0)])
    (made,) = tiny().reconstruct(views)
    assert made.box.tolist() == [20, 4, 60, 44]
    torch.testing.assert_close(made.maps["input"].values.shape, (3, 32, 32))


def test_networks_without_confidence_have_no_map_of_it() -> None:
    views = Views([torch.rand(3, 50, 70)], boxes=[(20.0, 4.0, 40.0, 40.0)])
    (made,) = tiny(confidence="none").reconstruct(views)
    assert made.confidence is None
    assert "confidence" not in made.maps


def test_its_mesh_nods_as_its_picture_says(monkeypatch: pytest.MonkeyPatch) -> None:
    nods = []

    def noted(*given):
        nods.append(given[-1])
        return relief(*given)

    monkeypatch.setattr("maquette.systems.unsup3d.system.relief", noted)
    views = Views([torch.rand(3, 50, 70)], boxes=[(20.0, 4.0, 40.0, 40.0)])
    (made,) = tiny().reconstruct(views)
    assert nods == [float(made.view[0])] != [0.0]


def test_one_picture_at_a_time() -> None:
    with pytest.raises(BadInput, match="one picture at a time, not 2"):
        tiny().reconstruct([torch.rand(3, 40, 40)] * 2)


def test_its_films(made) -> None:
    system = tiny()
    assert system.relight(made, [0.0, 90.0]).shape == (2, 3, 256, 256)
    assert system.turn(made, [-20.0]).shape == (1, 3, 256, 256)


@pytest.mark.parametrize(("size", "width"), [(32, 8), (64, 16), (32, 24)])
def test_weights_of_any_width_load_by_their_header(size: int, width: int, tmp_path) -> None:
    system = Unsup3DSystem(Unsup3DNetwork(NetworkConfig(size=size, width=width)))
    system.save(tmp_path / "w.safetensors")
    back = maquette.load("unsup3d", tmp_path / "w.safetensors")
    assert (back.network.config.size, back.network.config.width) == (size, width)
    views = Views([torch.rand(3, 80, 80)], boxes=[(0.0, 0.0, 80.0, 80.0)])
    assert back.reconstruct(views)[0].depth.shape == (1, size, size)


def test_weights_keep_what_light_and_view_and_the_depth_began_with(tmp_path) -> None:
    system = tiny(numbers_width=12, dome=0.5)
    system.save(tmp_path / "w.safetensors", "float32")
    config = maquette.load("unsup3d", tmp_path / "w.safetensors").network.config
    assert (config.numbers_width, config.dome) == (12, 0.5)


def test_weights_from_before_there_was_a_dome_have_none(tmp_path) -> None:
    system, path = tiny(), tmp_path / "w.safetensors"
    system.save(path, "float32")
    with safe_open(path, "pt") as file:
        tensors, header = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118
    kept = json.loads(header["config"])
    del kept["network"]["dome"], kept["network"]["numbers_width"]
    save_file(tensors, path, header | {"config": json.dumps(kept)})
    images = torch.rand(1, 3, 32, 32)
    old = maquette.load("unsup3d", path, device="cpu")
    torch.testing.assert_close(old.network(images), system.network(images), rtol=0, atol=0)
