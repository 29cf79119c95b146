"""Previews show the whole mesh the right way up; comparisons show each view around its object."""

import numpy as np
import pytest
import torch
from PIL import Image

from maquette.renderer.views import render_views
from maquette.structures import Meshes
from maquette.structures.textures_vertex import TexturesVertex
from maquette.systems.molding.outputs import (
    _table,
    comparison,
    loss_plot,
    orbit,
    preview,
    save_figure,
    turntable,
)
from maquette.systems.molding.pictures import TargetPictures, picture_mesh

from .scenes import ellipsoid, placed, views_of

AXES = {"X": 0, "Y": 1, "Z": 2}


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_orbit_just_shows_the_whole_mesh(scale):
    mesh = placed(ellipsoid(2), scale * torch.tensor([3.0, 1.0, -2.0]), scale)
    cameras = orbit(mesh, [0.0, 40.0, 130.0], 20.0)
    seen = cameras.transform_points_ndc(mesh.verts_packed().expand(3, -1, -1))
    assert seen[..., :2].abs().max().item() == pytest.approx(0.94, abs=1e-3)


@pytest.mark.parametrize("up", ["+X", "-X", "+Y", "-Y", "+Z", "-Z"])
def test_up_is_up_and_azimuth_turns_about_it(up):
    mesh = ellipsoid(1)
    cameras = orbit(mesh, [0.0, 90.0, 180.0, 270.0], 0.0, up)
    axis = torch.zeros(3)
    axis[AXES[up[1]]] = 1.0 if up[0] == "+" else -1.0
    torch.testing.assert_close(cameras.R[:, :, 1], axis.expand(4, 3), atol=1e-5, rtol=0)
    eyes = cameras.get_camera_center()
    torch.testing.assert_close(eyes @ axis, (mesh.verts_packed() @ axis).mean().expand(4), atol=1e-3, rtol=0)
    assert (torch.nn.functional.cosine_similarity(eyes[0], eyes[2], dim=0) < -0.99).item()


def test_front_is_plus_z_where_y_is_up():
    eye = orbit(ellipsoid(1), [0.0], 0.0).get_camera_center()[0]
    torch.testing.assert_close(eye / eye.norm(), torch.tensor([0.0, 0.0, 1.0]), atol=1e-5, rtol=0)


def test_preview_and_turntable_show_something():
    row = preview(ellipsoid(2), size=24)
    assert row.shape == (3, 24, 96)
    for picture in row.split(24, dim=2):
        assert 0.1 < (picture < 0.99).any(dim=0).float().mean() < 0.95
    frames = turntable(ellipsoid(2), frames=3, size=24)
    assert frames.shape == (3, 3, 24, 24)
    assert all(float(frame.std()) > 0.04 for frame in frames)


def shown(figure) -> np.ndarray:
    """(row, column, height, width, 3) of the pictures in a table."""
    pictures = [axes.get_images()[0].get_array() for axes in figure.axes]
    return np.stack(pictures).reshape(3, -1, *pictures[0].shape)


def test_comparison_of_a_mesh_with_itself_has_no_error():
    mesh, cameras = ellipsoid(3), views_of(7)
    figure = comparison(mesh, picture_mesh(mesh, cameras, 48), ("target", "result", "error"))
    table = shown(figure)
    assert table.shape[:2] == (3, 5)
    np.testing.assert_allclose(table[0], table[1], atol=1e-6)
    assert (table[2] == table[2][..., :1]).all()  # grey
    assert [axes.get_title() for axes in figure.axes[:5]] == [f"view {i}" for i in (0, 2, 3, 4, 6)]


def test_comparison_shows_red_for_missing_and_blue_for_too_much():
    mesh, cameras = ellipsoid(3), views_of(2)
    small = Meshes([0.5 * mesh.verts_packed()], mesh.faces_list())
    pictures = picture_mesh(mesh, cameras, 48)
    error = shown(comparison(small, pictures, ("a", "b", "c")))[2]
    assert ((error[..., 0] > 0.9) & (error[..., 2] < 0.1)).mean() > 0.2
    assert not ((error[..., 2] > 0.9) & (error[..., 0] < 0.1)).any()
    wrong = TargetPictures(render_views(small, cameras, 48).masks.float(), cameras, None, pictures.names)
    error = shown(comparison(mesh, wrong, ("a", "b", "c")))[2]
    assert ((error[..., 2] > 0.9) & (error[..., 0] < 0.1)).mean() > 0.2


def test_comparison_shows_each_view_around_its_own_object():
    """Views see the object in different corners: windows of one size follow it and never leave the picture."""
    masks = torch.zeros(3, 40, 60)
    masks[0, 1:9, 0:10] = 1
    masks[1, 30:40, 50:58] = 1
    masks[2, 15:20, 30:42] = 1
    images = torch.rand(3, 3, 40, 60) * 0.5
    far = placed(ellipsoid(1), torch.tensor([0.0, 0.0, 1e4]), 1e-3)
    figure = comparison(far, TargetPictures(masks, views_of(3), images, ("a", "b", "c")), ("t", "r", "e"))
    aimed = shown(figure)[0]
    assert aimed.shape[1] < 16
    assert aimed.shape[2] < 18
    for view, mask in zip(aimed, masks, strict=True):
        inside = (view < 0.999).any(axis=-1)
        assert inside.sum() == mask.sum().item()  # nothing of the object is cut off


def test_comparison_shows_whole_pictures_where_nothing_is_covered():
    far = placed(ellipsoid(1), torch.tensor([0.0, 0.0, 1e4]), 1e-3)
    nothing = TargetPictures(torch.zeros(1, 20, 30), views_of(1), None, ("a",))
    assert shown(comparison(far, nothing, ("t", "r", "e"))).shape[2:4] == (20, 30)


def test_painted_results_are_shown_unlit_beside_pictures():
    mesh, cameras = ellipsoid(2), views_of(2)
    white = Meshes(mesh.verts_list(), mesh.faces_list(), TexturesVertex(torch.full((1, 162, 3), 0.25)))
    table = shown(comparison(white, picture_mesh(mesh, cameras, 32), ("t", "r", "e")))
    inside = table[1][(table[1] < 0.99).any(axis=-1)]
    np.testing.assert_allclose(inside, 0.25, atol=1e-5)


def test_figures_are_written_whole_and_leave_the_users_backend_alone(tmp_path):
    import matplotlib

    before = matplotlib.rcParams._get("backend")
    save_figure(loss_plot({"chamfer": [1.0, 0.1, 0.01], "edge": [0.0, 0.0, 0.0]}), tmp_path / "a.png")
    assert matplotlib.rcParams._get("backend") is before
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (840, 480)
    (tmp_path / "b.png").mkdir()
    with pytest.raises(IsADirectoryError):
        save_figure(loss_plot({"a": [1.0]}), tmp_path / "b.png")
    assert {path.name for path in tmp_path.iterdir()} == {"a.png", "b.png"}


def test_views_of_any_name_are_drawn(tmp_path):
    """Names between dollars are no TeX: a molding must not fail behind its last step."""
    rows = [torch.zeros(3, 3, 4, 4)] * 3
    figure = _table(rows, ("target", "result", "error"), ("$\\frac{$", "\x1b[31m\n", "x" * 242))
    save_figure(figure, tmp_path / "a.png")
    save_figure(loss_plot({"$\\frac{$": [1.0, 0.5]}), tmp_path / "b.png")
    assert [axes.get_title() for axes in figure.axes[:2]] == ["\\$\\frac{\\$", "\\x1b[31m\\n"]
