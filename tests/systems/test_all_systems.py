"""One test over all systems: forward, backward, save, load, describe."""

import subprocess
import sys
from dataclasses import fields
from inspect import signature

import pytest
import torch
from torch import Tensor, nn

import maquette
from maquette.cli.reconstruct import Reconstruct
from maquette.data.scenes_config import ScenesConfig
from maquette.io import BadInput
from maquette.metrics.protocols import PROTOCOLS
from maquette.structures.views import Views
from maquette.systems import NAMES, about_system, system_class, system_recipes
from maquette.systems.face import (
    Exports,
    Generates,
    Mixes,
    Projects,
    Reconstructs,
    Relights,
    Remembers,
    System,
    Turns,
)
from maquette.systems.frustum.config import NetworkConfig as FrustumConfig
from maquette.systems.frustum.network import FrustumNetwork
from maquette.systems.frustum.recipes import best
from maquette.systems.mesh_rcnn.config import NetworkConfig as MeshRCNNNetworkConfig
from maquette.systems.mesh_rcnn.detect.config import DetectConfig
from maquette.systems.mesh_rcnn.detect.network import DetectNetwork
from maquette.systems.mesh_rcnn.detect.system import DetectSystem
from maquette.systems.mesh_rcnn.network import MeshRCNN
from maquette.systems.r2n2.config import NetworkConfig
from maquette.systems.r2n2.network import R2N2Network
from maquette.systems.segment.config import NetworkConfig as SegmentNetworkConfig
from maquette.systems.segment.network import made as made_mask_net
from maquette.systems.segment.system import SegmentSystem
from maquette.systems.stylegan2.config import NetworkConfig as StyleGAN2NetworkConfig
from maquette.systems.stylegan2.network import StyleGAN2Network
from maquette.systems.unsup3d.config import NetworkConfig as Unsup3DConfig
from maquette.systems.unsup3d.network import Unsup3DNetwork
from maquette.systems.viewpoint.config import NetworkConfig as ViewpointNetworkConfig
from maquette.systems.viewpoint.network import ViewpointNetwork
from tiny_mem3d import tiny_mem3d


def small_r2n2(variant: str):
    config = NetworkConfig(variant=variant, width=0.0625, size=32, norm="group")
    return system_class("r2n2")(R2N2Network(config))


def small_frustum(variant: str):
    config = FrustumConfig(variant=variant, width=0.25)
    return system_class("frustum")(FrustumNetwork(config), best(variant).views)


def small_detect():
    config = DetectConfig(
        classes=("chair",), backbone="resnet18", norm="running", freeze=False, channels=8, hidden=8, head=8, convs=1,
        anchors=(8, 16, 32, 48, 64), proposals=(16, 8, 8), most=2, voxels=8, stages=1, features=8,
    )  # fmt: skip
    network = DetectNetwork(config)
    nn.init.constant_(network.boxes.box_predictor.cls_score.bias[1:], 9.0)  # whatever it looks at is a chair
    return DetectSystem(network, ScenesConfig(("chair",), (48,), 48, 64))


def small_mesh_rcnn(variant: str):
    if variant == "detect":
        return small_detect()
    config = MeshRCNNNetworkConfig(
        variant, size=64, backbone="resnet18", voxels=8, width=8, hidden=8, channels=16, folded=True
    )
    return system_class("mesh_rcnn")(MeshRCNN(config))


def small_mem3d(variant: str):
    return system_class("mem3d")(tiny_mem3d(variant))


def small_unsup3d(variant: str):
    return system_class("unsup3d")(Unsup3DNetwork(Unsup3DConfig(variant, size=32, width=8)))


def small_segment(variant: str):
    config = SegmentNetworkConfig(variant, size=64, width=8, frozen=False)
    return SegmentSystem(made_mask_net(config), config)


def small_stylegan2(variant: str):
    config = StyleGAN2NetworkConfig(variant, size=16, width=0.005, channel_max=8, z_dim=8, w_dim=8)
    return system_class("stylegan2")(StyleGAN2Network(config))


def small_viewpoint(variant: str):
    return system_class("viewpoint")(ViewpointNetwork(ViewpointNetworkConfig(variant, size=32, width=8)))


SMALL = {
    "r2n2": small_r2n2,
    "frustum": small_frustum,
    "mesh_rcnn": small_mesh_rcnn,
    "mem3d": small_mem3d,
    "unsup3d": small_unsup3d,
    "segment": small_segment,
    "stylegan2": small_stylegan2,
    "viewpoint": small_viewpoint,
}
EACH = [(name, variant) for name in NAMES for variant in system_class(name).variants]


def test_every_system_is_tested() -> None:
    assert set(SMALL) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_recipes_are_read_without_torch(name: str) -> None:
    program = f"import sys, maquette.systems.{name}.recipes; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(("name", "variant"), EACH)
def test_a_saved_system_is_the_same_system(name: str, variant: str, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("maquette.lift.view._AZIMUTHS", 4)  # noise is looked at from few sides
    system = SMALL[name](variant)
    path = tmp_path / "weights.safetensors"
    system.save(path, precision="float32")
    back = maquette.load(name.replace("_", "-"), path, variant)
    assert (back.info, back.views_config) == (system.info, system.views_config)
    assert repr(back) == f"{type(system).__name__}({variant}, weights {path}, on {back.device})"
    assert (back.facts(), back.training, back.weights) == (system.facts(), system.training, str(path))
    for (key, ours), (other, theirs) in zip(
        system.network.state_dict().items(), back.network.state_dict().items(), strict=True
    ):
        assert key == other
        assert torch.equal(ours, theirs)
    mask = torch.zeros(1, 40, 50)
    mask[:, 8:32, 10:40] = 1
    views = Views([torch.rand(3, 40, 50)], masks=[mask], boxes=[(8.0, 2.0, 34.0, 34.0)])
    if isinstance(system, Reconstructs):
        ours, theirs = (one.reconstruct(views)[0].mesh for one in (system, back))
        assert torch.equal(ours.verts_packed(), theirs.verts_packed())


@pytest.mark.parametrize(("name", "variant"), EACH)
def test_every_parameter_can_be_trained(name: str, variant: str) -> None:
    system = SMALL[name](variant)
    system.network.train()
    shapes = system.info.as_dict()["shapes"]
    inputs = [
        torch.rand(shapes[name]) for name in signature(system.network.forward).parameters if name in shapes
    ]
    made = system.network(*inputs)
    parts = [part for part in made if isinstance(part, Tensor)] if isinstance(made, tuple) else [made]
    torch.stack([part.square().mean() for part in parts]).sum().backward()
    assert all(parameter.grad is not None for parameter in system.network.parameters())


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_without_torch_is_true(name: str) -> None:
    about, kind = about_system(name), system_class(name)
    assert kind.about is about
    assert about.name == name
    system = SMALL[name](about.variants[0])
    assert isinstance(system, System)
    assert isinstance(system, Reconstructs) == ("reconstruct" in about.abilities)
    assert isinstance(system, Relights) == ("relight" in about.abilities)
    assert isinstance(system, Turns) == ("turn" in about.abilities)
    assert isinstance(system, Generates) == ("generate" in about.abilities)
    assert isinstance(system, Mixes) == ("mix" in about.abilities)
    assert isinstance(system, Projects) == ("project" in about.abilities)
    assert isinstance(system, Exports) == ("export" in about.abilities)
    assert isinstance(system, Remembers) == bool(about.remembers)
    assert about.remembers <= set(about.variants)
    assert set(about.protocols) <= set(PROTOCOLS)
    assert set(system_recipes(name)) == set(kind.recipes())


@pytest.mark.parametrize("name", NAMES)
def test_a_description_adds_up(name: str) -> None:
    kind = system_class(name)
    info = kind.describe(kind.variants[-1]).as_dict()
    assert (info["system"], info["variant"]) == (name, kind.variants[-1])
    assert info["parameters"]["total"] == sum(info["parameters"]["modules"].values())
    assert info["macs"] == sum(info["module_macs"].values()) > 0
    assert all(side > 0 for shape in info["shapes"].values() for side in shape)
    with pytest.raises(ValueError, match="variant"):
        kind.describe("no such variant")


@pytest.mark.parametrize("name", NAMES)
def test_weights_of_something_else(name: str, tmp_path) -> None:
    kind = system_class(name)
    first, *others = kind.variants
    last = others[-1] if others else "another"
    path = tmp_path / "weights.safetensors"
    SMALL[name](first).save(path)
    with pytest.raises(BadInput, match=f"variant {first}, not of {last}"):
        kind.load(path, last)


@pytest.mark.parametrize("name", NAMES)
def test_options_of_a_systems_own_are_none_of_the_commands(name: str) -> None:
    own = about_system(name).options
    assert own.__dataclass_params__.frozen
    assert not {field.name for field in fields(own)} & {field.name for field in fields(Reconstruct)}


def test_names() -> None:
    with pytest.raises(KeyError, match="no system 'none'"):
        system_class("none")
    for name in NAMES:
        assert system_class(name.replace("_", "-")).name == name
