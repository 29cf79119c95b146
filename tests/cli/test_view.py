"""`maquette view`: starts, shows the file, stops."""

import pytest

from maquette.io import read_cameras
from maquette.structures import Meshes


@pytest.fixture
def shown(monkeypatch):
    """What reaches the page."""
    from maquette.cli.viewer import Viewer

    seen = []
    for name in ("show_mesh", "show_cameras", "show_box"):
        original = getattr(Viewer, name)

        def note(self, *args, name=name, original=original):
            seen.append((name, args))
            original(self, *args)

        monkeypatch.setattr(Viewer, name, note)
    return seen


def test_a_mesh(maquette, ball, shown):
    ran = maquette("view", ball, "--check")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"{ball} is shown at http://localhost:")
    ((name, (mesh,)),) = shown
    assert name == "show_mesh"
    assert isinstance(mesh, Meshes)


def test_a_grid_is_shown_where_it_is(maquette, ball, shown, tmp_path):
    assert maquette("voxelize", ball, "-o", tmp_path / "grid.binvox", "--resolution", 8).code == 0
    assert maquette("view", tmp_path / "grid.binvox", "--check", "--quiet").code == 0
    ((_, (mesh,)),) = shown
    box = mesh.get_bounding_boxes()[0]
    assert box.flatten().tolist() == pytest.approx([7, 13, 17, 23, -8, -2], abs=0.1)


def test_a_folder_of_views(maquette, ball, shown, tmp_path):
    assert maquette("render", ball, "-o", tmp_path / "views", "--views", 2, "--size", 8).code == 0
    assert maquette("view", tmp_path / "views", "--check").code == 0
    assert maquette("view", tmp_path / "views" / "cameras.json", "--check").code == 0
    assert [name for name, _ in shown] == ["show_cameras", "show_box"] * 2
    views = read_cameras(tmp_path / "views" / "cameras.json").views
    assert len(shown[0][1][0]) == len(views) == 2


@pytest.mark.parametrize("to", ["colmap", "nerf"])
def test_views_in_another_format(maquette, ball, shown, tmp_path, to):
    assert maquette("render", ball, "-o", tmp_path / "views", "--views", 2, "--size", 8).code == 0
    assert maquette("cameras", tmp_path / "views", "-o", tmp_path / "other", "--to", to).code == 0
    assert maquette("view", tmp_path / "other", "--check").code == 0
    (name, (views, _)), *_ = shown
    assert (name, len(views)) == ("show_cameras", 2)


def test_a_folder_without_cameras_is_refused(maquette, tmp_path):
    ran = maquette("view", tmp_path, "--check")
    assert (ran.code, "has no cameras" in ran.err) == (3, True)


def test_other_files_are_refused(maquette, tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    ran = maquette("view", tmp_path / "notes.txt", "--check")
    assert ran.code == 3
    assert "unknown kind of file" in ran.err


def test_ctrl_c_closes_the_page(maquette, ball, monkeypatch):
    from maquette.cli.viewer import Viewer

    stopped = []
    stop = Viewer.stop

    def interrupt(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(Viewer, "serve", interrupt)
    monkeypatch.setattr(Viewer, "stop", lambda self: (stopped.append(True), stop(self)))
    ran = maquette("view", ball)
    assert ran.code == 130
    assert stopped == [True]
