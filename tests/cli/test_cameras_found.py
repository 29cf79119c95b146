"""From drawn pictures to their cameras, where pycolmap is installed."""

import importlib.util
import json

import numpy as np
import pytest
import torch
from scipy import ndimage

from maquette.io import BadInput, load_image, read_any_cameras, read_cameras, save_image, views_from_cameras
from maquette.renderer import TexturesVertex, look_at_view_transform
from maquette.renderer.views import render_views
from maquette.structures.cameras import FoVPerspectiveCameras
from maquette.utils import ico_sphere

needs_pycolmap = pytest.mark.skipif(
    importlib.util.find_spec("pycolmap") is None, reason="pycolmap is not installed"
)
FOV, SIZE, VIEWS = 40.0, 320, 8


def textured():
    """A stretched ball with speckles of many sizes."""
    mesh = ico_sphere(6)
    verts = mesh.verts_packed()
    rng = np.random.default_rng(0)
    volume = sum(
        ndimage.zoom(rng.normal(size=(n, n, n, 3)), (96 / n, 96 / n, 96 / n, 1), order=1)
        for n in (12, 24, 48)
    )
    cells = ((verts.numpy() + 1) / 2 * 95).astype(int)
    colours = 1 / (1 + np.exp(-1.5 * volume[cells[:, 0], cells[:, 1], cells[:, 2]]))
    mesh.textures = TexturesVertex(torch.from_numpy(colours).float()[None])
    return mesh.update_padded(mesh.verts_padded() * torch.tensor([0.5, 0.35, 0.42]))


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Transparent pictures of a ball on half a ring, and the true views."""
    folder = tmp_path_factory.mktemp("drawn")
    R, T = look_at_view_transform(2.0, 25.0, torch.linspace(-60, 60, VIEWS))
    cameras = FoVPerspectiveCameras(R=R, T=T, fov=FOV)
    mesh = textured()
    files = []
    for i in range(VIEWS):
        seen = render_views(mesh, cameras[[i]], (SIZE, SIZE), antialias=2, lit=False)
        files.append(folder / f"{i}.png")
        save_image(torch.cat([seen.images[0], seen.masks[0][None].float()]), files[-1])
    return folder, views_from_cameras(cameras, torch.tensor([[SIZE, SIZE]]))


def turn_errors(found, true):
    """Degrees between turns, up to one turn of the world."""
    between = sum(old.R.T @ new.R for new, old in zip(found, true, strict=True)).numpy()
    u, _, v = np.linalg.svd(between)
    world = u @ np.diag([1, 1, np.linalg.det(u @ v)]) @ v
    traces = [np.trace(old.R.numpy() @ world @ new.R.numpy().T) for new, old in zip(found, true, strict=True)]
    return np.degrees(np.arccos(np.clip((np.array(traces) - 1) / 2, -1, 1)))


@needs_pycolmap
@pytest.mark.slow
def test_a_textured_ball_is_placed(maquette, drawn, tmp_path):
    folder, true = drawn
    out = tmp_path / "scene"
    words = ("--lens", "none", "--threads", 1, "--json", tmp_path / "report.json")
    ran = maquette("cameras", folder, "-o", out, *words)
    assert ran.code == 0, ran.err
    assert f"placed {VIEWS} of {VIEWS} pictures" in ran.out
    report = json.loads((tmp_path / "report.json").read_text())
    assert json.loads((out / "report.json").read_text()) == report
    assert (report["placed"], report["not_placed"], report["on_object"]) == (VIEWS, [], True)
    assert report["error_px"] < 1
    assert report["focal_px"] == pytest.approx(SIZE / 2 / np.tan(np.radians(FOV / 2)), rel=0.1)
    found = read_cameras(out / "cameras.json")
    assert turn_errors(found.views, true).max() < 2
    places = torch.stack([-view.R.T @ view.t for view in found.views])
    assert places.norm(dim=1).mean() == pytest.approx(2.7, rel=1e-6)
    assert (places[:, 1] > 0).all(), "the cameras were above"
    assert abs(float(places[0, 0])) < 0.1 < float(places[0, 2]), "the first is in front"
    assert load_image(found.views[0].image).shape == (4, SIZE, SIZE)
    for name in ("points.ply", "cameras.png", "cameras.html"):
        assert (out / name).stat().st_size > 1000
    again = maquette("cameras", folder, "-o", tmp_path / "again", *words[:4], "--to", "colmap", "--quiet")
    assert (again.code, again.out) == (0, "")
    for new, old in zip(read_any_cameras(tmp_path / "again").views, found.views, strict=True):
        assert torch.allclose(new.R, old.R, atol=1e-9)
        assert torch.allclose(new.t, old.t, atol=1e-9)


@needs_pycolmap
def test_pictures_without_anything_in_common_are_refused(maquette, tmp_path):
    (tmp_path / "p").mkdir()
    for i, shade in enumerate((0.2, 0.8)):
        save_image(torch.full((3, 64, 64), shade), tmp_path / "p" / f"{i}.png")
    ran = maquette("cameras", tmp_path / "p", "-o", tmp_path / "out", "--quiet")
    assert ran.code == 3
    assert "no two of the pictures have enough points in common" in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@needs_pycolmap
def test_pairs_are_few_where_pictures_are_many():
    from maquette.poses.sfm import chosen_pairs

    assert chosen_pairs(3) == [(0, 1), (0, 2), (1, 2)]
    assert len(chosen_pairs(45)) == 45 * 44 // 2
    pairs = chosen_pairs(200)
    assert len(set(pairs)) == len(pairs) < 200 * 26
    assert all((i, i + 1) in set(pairs) for i in range(199))


@needs_pycolmap
def test_one_picture_is_too_few(drawn, tmp_path):
    from maquette.poses.find import find_cameras

    with pytest.raises(BadInput, match="2 pictures or more"):
        find_cameras([drawn[0] / "0.png"], [None], tmp_path)
