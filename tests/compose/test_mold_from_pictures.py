"""What a network makes of pictures is molded to their silhouettes: hollows that these do not show stay."""

import json
from functools import partial

import pytest
import torch

from maquette.compose import mold_from_pictures as composed
from maquette.compose.mold_from_pictures import mold_from_pictures
from maquette.io import (
    BadInput,
    CameraFile,
    load_mesh,
    read_cameras,
    save_image,
    views_from_cameras,
    write_cameras,
)
from maquette.renderer.views import orbit_views, place_cameras, render_views
from maquette.structures import Meshes
from maquette.structures.reconstruction import Reconstruction
from maquette.systems.molding import result_files
from maquette.systems.molding.job import MoldOptions
from maquette.utils import ico_sphere

PLACE, SCALE = torch.tensor([5.0, -2.0, 1.0]), 3.0
OPTIONS = MoldOptions("silhouettes", steps=40, lr=0.05, size=48, colours=False, remesh=False)


def ball(dent: float, radius: float = 0.8) -> Meshes:
    """A ball whose top is pushed in to a height; seen from the side its lower edge hides the hollow."""
    sphere = ico_sphere(3)
    verts = radius * sphere.verts_packed()
    inside = verts[:, [0, 2]].norm(dim=1) < 0.45 * radius
    pushed = torch.where((verts[:, 1] > 0) & inside, dent, verts[:, 1])
    return Meshes([torch.stack([verts[:, 0], pushed, verts[:, 2]], dim=1)], sphere.faces_list())


def placed(mesh: Meshes) -> Meshes:
    return mesh.update_padded(mesh.verts_padded() * SCALE + PLACE)


def lowest_at_the_axis(mesh: Meshes) -> float:
    """Height of the upper side in the middle."""
    verts = (mesh.verts_packed() - PLACE) / SCALE
    return float(verts[(verts[:, [0, 2]].norm(dim=1) < 0.15) & (verts[:, 1] > -0.4), 1].min())


@pytest.fixture(scope="session", autouse=True)
def _optimisers_are_loaded():
    """The first optimiser of a process imports torch's compiler for seconds, which are no test's own."""
    torch.optim.SGD([torch.zeros(1, requires_grad=True)])


@pytest.fixture
def folder(tmp_path):
    """Pictures of the hollow ball from the side."""
    views = place_cameras(orbit_views(4, elevation=0.0), PLACE, SCALE)
    seen = render_views(placed(ball(0.0)), views, (48, 48))
    images, masks = ([tmp_path / f"{kind}{i}.png" for i in range(4)] for kind in ("image", "mask"))
    for i in range(4):
        save_image(seen.images[i], images[i])
        save_image(seen.masks[i], masks[i])
    entries = views_from_cameras(views, torch.tensor([[48, 48]]), images, masks)
    write_cameras(CameraFile(entries), tmp_path / "cameras.json")
    return tmp_path


@pytest.fixture
def asked(monkeypatch):
    """Calls of a network that knows the hollow, but finds the ball too small; six files come down to the report."""
    calls = []

    class Guesses:
        def reconstruct(self, views):
            calls.append(views)
            return [Reconstruction(placed(ball(0.0, radius=0.7)), "world")]

    def load(system, weights, device):
        calls.append((system, weights, device))
        return Guesses()

    monkeypatch.setattr(composed, "load", load)
    monkeypatch.setattr(composed, "solid_surface", partial(composed.solid_surface, cells=20))
    for name in ("save_gif", "save_figure"):
        monkeypatch.setattr(result_files, name, lambda picture, path: path.touch())
    for name in ("preview", "turntable", "comparison"):
        monkeypatch.setattr(result_files, name, lambda *args, **words: torch.ones(3, 8, 8))
    return calls


def test_the_hollow_stays_and_the_outlines_come(folder, asked, tmp_path):
    out = tmp_path / "out" / "m.ply"
    out.parent.mkdir()
    mold_from_pictures(folder, out, OPTIONS, weights="mine")
    report = json.loads(out.with_name("m_report.json").read_text())
    assert report["start"] == "pictures"
    assert report["seconds_of_start"] >= 0
    assert report["silhouette_iou"] > 0.95
    assert abs(lowest_at_the_axis(load_mesh(out))) < 0.15
    assert asked[0] == ("frustum", "mine", "auto")
    views = asked[1]
    assert len(views) == len(views.cameras) == 4
    assert views.has_masks
    assert views.names[0] == "image0.png"


def test_the_guess_sees_the_views_that_are_fitted_alone(folder, asked, tmp_path):
    options = MoldOptions("silhouettes", steps=1, size=32, colours=False, remesh=False, held_out=("image1",))
    mold_from_pictures(folder, tmp_path / "m.ply", options)
    assert asked[1].names == ("image0.png", "image2.png", "image3.png")


def test_a_single_view_is_refused(folder, asked, tmp_path):
    options = MoldOptions("silhouettes", steps=1, skip=("image1", "image2", "image3"))
    with pytest.raises(BadInput, match="one picture does not tell how large its object is"):
        mold_from_pictures(folder, tmp_path / "m.ply", options)
    assert not (tmp_path / "m.ply").exists()


def test_views_without_pictures_are_refused(folder, asked, tmp_path):
    path = folder / "cameras.json"
    tree = json.loads(path.read_text())
    tree["views"][2]["image"] = None
    path.write_text(json.dumps(tree))
    assert len(read_cameras(path)) == 4
    with pytest.raises(BadInput, match="a view has no picture"):
        mold_from_pictures(folder, tmp_path / "m.ply", OPTIONS)
