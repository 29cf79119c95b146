"""frustum's surface goes through Mesh R-CNN's stages and comes back to its place, frame and unit."""

from pathlib import Path

import pytest
import torch

from maquette.compose.refined_frustum import RefinedFrustum
from maquette.io import BadInput
from maquette.ops import simplify
from maquette.reconstruct import reconstruct
from maquette.structures import Meshes
from maquette.structures.cameras import FoVPerspectiveCameras
from maquette.structures.views import Views
from maquette.systems.frustum.about import FrustumOptions
from maquette.systems.frustum.grid import Frustum
from maquette.systems.lens import Lens
from maquette.systems.mesh_rcnn.camera import project
from maquette.systems.mesh_rcnn.config import NetworkConfig
from maquette.systems.mesh_rcnn.framing import frame
from maquette.systems.mesh_rcnn.network import MeshRCNN
from maquette.systems.mesh_rcnn.system import MeshRCNNSystem
from maquette.utils import ico_sphere
from tiny_frustum import tiny_frustum

SIZE = (60, 80)


def stages(variant: str = "light") -> MeshRCNNSystem:
    torch.manual_seed(0)
    config = NetworkConfig(
        variant, size=64, backbone="resnet18", voxels=8, width=8, hidden=8, channels=16, folded=True
    )
    return MeshRCNNSystem(MeshRCNN(config).requires_grad_(False))


def round_surface(field: torch.Tensor, mask: torch.Tensor, frustum: Frustum, threshold: float) -> Meshes:
    """A ball that fills the frustum, in place of marching cubes, which take seconds."""
    sphere = ico_sphere(3)
    return Meshes([frustum.points(0.5 + 0.4 * sphere.verts_padded())[0]], sphere.faces_list())


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> RefinedFrustum:
    monkeypatch.setattr("maquette.systems.frustum.system.surface_of", round_surface)
    return RefinedFrustum(tiny_frustum(), stages(), faces=400)


def ball(size: tuple[int, int] = SIZE, cameras: FoVPerspectiveCameras | None = None) -> Views:
    """A picture of an ellipse off the middle."""
    y, x = torch.meshgrid(torch.arange(size[0]), torch.arange(size[1]), indexing="ij")
    mask = (((x - 46) / 20) ** 2 + ((y - 30) / 14) ** 2 < 1).float()[None]
    colours = torch.rand(3, *size, generator=torch.Generator().manual_seed(0))
    return Views([colours * mask + (1 - mask)], [mask], cameras)


def simplified(both: RefinedFrustum, views: Views, options: FrustumOptions | None = None) -> Meshes:
    return simplify(both.surfaces.reconstruct(views, options)[0].mesh, both.faces)


R2N2 = FoVPerspectiveCameras(fov=49.134, T=torch.tensor([[0.0, 0.0, 1.4]]))


@pytest.mark.parametrize(
    ("views", "options"),
    [(ball(), None), (ball(), FrustumOptions(fov=80.0)), (ball((96, 96), R2N2), None)],
    ids=["unknown lens", "told", "R2N2's camera"],
)
def test_offsets_of_zero_leave_the_surface_where_it_was(
    both: RefinedFrustum, views: Views, options: FrustumOptions | None
) -> None:
    (plain,) = both.surfaces.reconstruct(views, options)
    start = simplified(both, views, options)
    (made,) = both.reconstruct(views, options)
    assert len(made.mesh.faces_packed()) < len(plain.mesh.faces_packed()) / 2
    assert torch.equal(made.mesh.faces_packed(), start.faces_packed())
    assert (made.mesh.verts_packed() - start.verts_packed()).abs().max() < 1e-5
    assert made.mesh.textures is not None
    assert (made.frame, made.facts, made.remarks) == (plain.frame, plain.facts, plain.remarks)
    assert made.info["system"] == "refined_frustum"


def test_stages_look_where_the_picture_shows_the_vertices(
    both: RefinedFrustum, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = []
    refine = MeshRCNN.refine

    def spy(network: MeshRCNN, maps: list[torch.Tensor], meshes: Meshes) -> list[Meshes]:
        starts.append(meshes)
        return refine(network, maps, meshes)

    monkeypatch.setattr(MeshRCNN, "refine", spy)
    views, lens = ball(), Lens.of_fov(50.0, SIZE)
    both.reconstruct(views)
    framed = frame(views.images[0], views.masks[0], lens, 64)
    x, y = project(starts[0].verts_packed())[:, :2].unbind(1)
    column, row = framed.left + (x + 1) / 2 * framed.side, framed.top + (1 - y) / 2 * framed.side
    want = framed.camera.transform_points_screen(simplified(both, views).verts_packed())[:, :2]
    assert (torch.stack([column, row], 1) - want).abs().max() < 1e-2


def test_stages_move_vertices_and_keep_faces(both: RefinedFrustum) -> None:
    start = simplified(both, ball())
    for stage in both.stages.network.refinement.stages:
        stage.offset.bias.copy_(torch.tensor([0.05, 0.0, 0.0]))  # to the right in camera space
    (made,) = reconstruct(ball(), both)
    assert torch.equal(made.mesh.faces_packed(), start.faces_packed())
    moved = made.mesh.verts_packed() - start.verts_packed()
    assert bool((moved[:, 0] < -0.05).all())  # +X is left
    assert moved[:, 1:].abs().max() < 1e-5


def test_what_cannot_be_refined_is_named(both: RefinedFrustum, tmp_path: Path) -> None:
    several = Views(ball().images * 2, ball().masks * 2)
    with pytest.raises(BadInput, match="one picture at a time, not 2"):
        both.reconstruct(several)
    with pytest.raises(BadInput, match="one picture at a time, not 2"):
        both.stages.refine(several, simplified(both, ball()))
    with pytest.raises(BadInput, match="variant voxel-only has no stages"):
        RefinedFrustum(both.surfaces, stages("voxel-only")).reconstruct(ball())


def test_both_are_loaded_from_files(both: RefinedFrustum, tmp_path: Path) -> None:
    both.surfaces.save(tmp_path / "a.safetensors")
    both.stages.save(tmp_path / "b.safetensors")
    found = RefinedFrustum.load(tmp_path / "b.safetensors", tmp_path / "a.safetensors", device="cpu")
    assert found.weights == f"{tmp_path / 'a.safetensors'} and {tmp_path / 'b.safetensors'}"
    assert found.variant == f"{both.surfaces.variant} and light"
    assert found.views_config.size == 64
    assert found.facts()
