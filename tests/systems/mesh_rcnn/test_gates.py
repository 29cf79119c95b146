"""Where a dynamic variant looked harder, drawn over the picture."""

from dataclasses import replace

import pytest
import torch

from maquette.io.errors import BadInput
from maquette.lift.scene import draw_scene
from maquette.nn.dynamic.mask_unit import MaskUnit
from maquette.structures.cameras_fov import FoVPerspectiveCameras
from maquette.structures.views import Views
from maquette.systems.lens import Lens
from maquette.systems.mesh_rcnn.about import MeshRCNNOptions
from maquette.systems.mesh_rcnn.config import NetworkConfig
from maquette.systems.mesh_rcnn.framing import frame
from maquette.systems.mesh_rcnn.network import MeshRCNN
from maquette.systems.mesh_rcnn.system import MeshRCNNSystem


def system(variant: str) -> MeshRCNNSystem:
    torch.manual_seed(0)
    config = NetworkConfig(
        variant, size=64, backbone="resnet18", voxels=8, width=8, hidden=8, channels=16, folded=True
    )
    return MeshRCNNSystem(MeshRCNN(config).requires_grad_(False))


def views() -> Views:
    mask = torch.zeros(1, 60, 80)
    mask[:, 20:44, 30:64] = 1
    return Views([torch.rand(3, 60, 80)], [mask])


def test_gates_are_shown_where_they_were() -> None:
    whole = system("dynamic-3")
    units = [m for m in whole.network.modules() if isinstance(m, MaskUnit)]
    assert len(units) == 3
    for unit in units:
        unit.conv.bias.fill_(50.0)  # all of the square
    (made,) = whole.reconstruct(views(), MeshRCNNOptions(show_gates=True))
    assert made.facts["active"] == 1
    assert made.attention.shape == (1, 60, 80)
    framed = frame(views().images[0], views().masks[0], Lens.of_fov(50.0, (60, 80)), 64)
    rows = slice(max(0, round(framed.top) + 1), round(framed.top + framed.side) - 1)
    columns = slice(max(0, round(framed.left) + 1), round(framed.left + framed.side) - 1)
    assert made.attention[0, rows, columns].min() > 0.5
    assert made.attention[0, :, : max(0, round(framed.left) - 6)].sum() == 0
    plain, warm = (draw_scene([one], views(), 32) for one in (whole.reconstruct(views())[0], made))
    assert plain.shape == warm.shape
    assert (plain - warm)[:, :, :32].abs().max() > 0.1
    for unit in units:
        unit.conv.bias.fill_(-50.0)
    (made,) = whole.reconstruct(views(), MeshRCNNOptions(show_gates=True))
    assert made.facts["active"] == 0
    assert made.attention.max() == 0


def test_variants_without_gates_have_none_to_show() -> None:
    with pytest.raises(BadInput, match="no gates"):
        system("light").reconstruct(views(), MeshRCNNOptions(show_gates=True))


def test_spheres_have_no_cells_for_a_threshold() -> None:
    with pytest.raises(BadInput, match="variant sphere has no cells for a threshold"):
        system("sphere").reconstruct(views(), MeshRCNNOptions(threshold=0.5))


def test_costs_are_those_of_every_position() -> None:
    whole = system("dynamic-3")
    macs = dict(whole.info.macs)
    for block in whole.network.maps.blocks:
        block.execution = "sparse"
        block.masker.conv.bias.fill_(-50.0)  # nowhere
    assert whole.info.macs == macs
    assert {block.execution for block in whole.network.maps.blocks} == {"sparse"}


def test_objects_of_a_picture_of_one_have_no_score() -> None:
    with pytest.raises(BadInput, match="variant light gives objects no score"):
        system("light").reconstruct(views(), MeshRCNNOptions(score=0.5))


@pytest.mark.parametrize(("ratio", "unit"), [((0.65, 0.95), 1.0), ((0.8, 0.8), None)])
def test_networks_that_were_trained_at_one_distance_tell_none(ratio, unit) -> None:
    one = system("light")
    one.views_config = replace(one.views_config, ratio=ratio)
    camera = FoVPerspectiveCameras(fov=49.134)
    mask = torch.zeros(1, 64, 64)
    mask[:, 20:44, 20:50] = 1
    (made,) = one.reconstruct(Views([torch.rand(3, 64, 64)], [mask], camera))
    assert made.unit == unit
