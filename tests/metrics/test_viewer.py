"""Protocol `viewer`: the true shape scores best wherever a system puts it."""

from dataclasses import dataclass

import pytest
import torch

from maquette.data.drawn_views import DrawnViews
from maquette.data.open import pack_families
from maquette.metrics.protocols.face import Case, Clock
from maquette.metrics.protocols.viewer import VIEWER
from maquette.metrics.protocols.viewer_baselines import BASELINES, box_of, hull_of, mesh_of_grid
from maquette.ops.voxelize import voxelize
from maquette.renderer.mesh.rasterizer import MeshRasterizer, RasterizationSettings
from maquette.structures import Meshes
from maquette.structures.cameras import PerspectiveCameras
from maquette.structures.reconstruction import Reconstruction
from maquette.structures.views import Views
from maquette.systems.frustum.recipes import best
from maquette.utils import ico_sphere


@dataclass
class Oracle:
    """Knows the shapes, in one frame or the other, at a size and a distance of its own."""

    meshes: list[Meshes]
    frame: str = "camera"
    scale: float = 1.0
    turn: float = 0.0

    def reconstruct(self, pictures: Views) -> list[Reconstruction]:
        mesh = self.meshes.pop(0)
        verts = mesh.verts_packed()
        if self.frame == "camera":
            seen = verts @ pictures.cameras.R[0] + pictures.cameras.T[0]
            return [Reconstruction(mesh.update_padded((self.scale * seen)[None]), "camera")]
        angle = torch.tensor(self.turn).deg2rad()
        x, z = verts[:, 0], verts[:, 2]
        turned = [angle.cos() * x + angle.sin() * z, verts[:, 1], angle.cos() * z - angle.sin() * x]
        return [Reconstruction(mesh.update_padded(torch.stack(turned, 1)[None]), "object")]


@pytest.fixture(scope="module")
def source() -> DrawnViews:
    return DrawnViews(pack_families(2, 3), best().views, truth=VIEWER.needs)


def scores(source: DrawnViews, meshes: list[Meshes] | None = None, **how) -> dict[str, float]:
    """Means over two shapes."""
    system = Oracle([source.pack.meshes([i])[0] for i in range(2)] if meshes is None else meshes, **how)
    rows = VIEWER.rows(system, source.held_batch([0, 1], 1), source.entries, (1,), 0, Clock("cpu"))
    assert [row.entry for row in rows] == list(source.entries)
    return {m.name: sum(row.values[m.name] for row in rows) / 2 for m in VIEWER.measures}


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_the_truth_in_the_camera_frame(source, scale: float) -> None:
    found = scores(source, scale=scale)
    assert found["iou"] > 0.9
    assert found["f5"] > 0.98
    assert found["chamfer"] < 0.02
    assert found["outline"] > 0.9
    assert found["outlines"] > 0.95


def test_the_truth_in_the_object_frame_turned(source) -> None:
    found = scores(source, frame="object", turn=90.0)
    assert found["iou_best"] > 0.95
    assert found["iou_unfitted"] < 0.8


def test_a_ball_for_everything_scores_low(source) -> None:
    ball = ico_sphere(2)
    assert scores(source, [ball.update_padded(ball.verts_padded() * 0.3)] * 2)["iou"] < 0.6


def test_a_case_has_pictures_of_both_sides(source) -> None:
    batch = source.held_batch([0], 1)
    made = VIEWER.predict(Oracle([source.pack.meshes([0])[0]]), batch)
    pictures = VIEWER.pictures(Case("best", source.entries[0], 1.0, batch, made))
    assert [name for name, _ in pictures] == [
        "predicted",
        "target",
        "predicted, from behind",
        "target, from behind",
    ]
    for (_, ours), (_, theirs) in zip(pictures[::2], pictures[1::2], strict=True):
        assert (ours - theirs).abs().mean() < 0.02


def test_guesses_are_scored_on_the_same_samples(source) -> None:
    system = Oracle([source.pack.meshes([i])[0] for i in range(2)])
    rows = VIEWER.rows(system, source.held_batch([0, 1], 1), source.entries, (1,), 0, Clock("cpu"))
    found = VIEWER.beyond(rows, source, "test", 0)
    assert set(found["baselines"]) <= set(BASELINES)
    assert 0.1 < found["baselines"]["box"]["IoU"] < 0.9
    assert 0.1 < found["baselines"]["hull"]["IoU"] < 0.9
    assert VIEWER.remarks(found)[0].startswith("the true bounding box: IoU 0.")
    (section,) = VIEWER.sections(found)
    assert [row[0] for row in section.rows] == [BASELINES[name] for name in found["baselines"]]


def test_the_box_of_a_mesh_holds_it() -> None:
    ball = ico_sphere(2)
    box = box_of(ball.update_padded(ball.verts_padded() * torch.tensor([1.0, 0.5, 0.25])))
    a, b, c = box.verts_packed()[box.faces_packed()].unbind(1)
    volume = (a * torch.linalg.cross(b, c)).sum() / 6
    assert abs(volume - 2 * 1 * 0.5) < 0.05  # outwards, and as large as the box


def test_the_extruded_mask_of_a_ball_holds_the_ball() -> None:
    size = 64
    camera = PerspectiveCameras(
        focal_length=((80.0, 80.0),),
        principal_point=((size / 2, size / 2),),
        T=torch.tensor([[0.0, 0.0, 1.5]]),
        in_ndc=False,
        image_size=((size, size),),
    )
    ball = ico_sphere(3)
    ball = ball.update_padded(ball.verts_padded() * 0.4)
    covered = MeshRasterizer(camera, RasterizationSettings(image_size=size))(ball).pix_to_face[0, ..., 0] >= 0
    hull = voxelize(hull_of(covered, camera), 32).occupancy
    solid = voxelize(ball, 32).occupancy
    assert (hull & solid).sum() > 0.97 * solid.sum()
    assert hull.sum() < 2 * solid.sum()
    assert hull_of(torch.zeros_like(covered), camera) is None


def test_the_surface_of_a_grid_is_where_its_cells_are() -> None:
    grid = torch.zeros(16, 16, 16)
    grid[2:6, 4:10, 8:15] = 1
    mesh = mesh_of_grid(grid, 2.0, 0.5)
    low, high = mesh.verts_packed().amin(0), mesh.verts_packed().amax(0)
    assert torch.allclose(low, torch.tensor([2.0, 4, 8]) / 8 - 1, atol=0.01)
    assert torch.allclose(high, torch.tensor([6.0, 10, 15]) / 8 - 1, atol=0.01)
    assert mesh_of_grid(grid, 2.0, 1.5) is None
