"""Protocol `viewer`: the true shape scores best wherever a system puts it."""

from dataclasses import dataclass

import pytest
import torch

from maquette.data.drawn_views import DrawnViews
from maquette.data.open import pack_families
from maquette.metrics.protocols.face import Case, Clock
from maquette.metrics.protocols.viewer import VIEWER
from maquette.structures import Meshes
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
