"""Making data sets in R2N2's layout: read back by the public reader, splits, resuming, bad meshes, same bytes."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from maquette.data import families
from maquette.data.make import r2n2 as making
from maquette.data.make.jobs import jobs_of_families, jobs_of_folder
from maquette.data.make.r2n2 import MakeConfig, make_r2n2
from maquette.data.manifest import verify_manifest
from maquette.data.mesh_axes import MeshAxes
from maquette.data.r2n2 import read_r2n2
from maquette.io import save_mesh
from maquette.io.errors import BadInput
from maquette.ops import voxelize
from maquette.renderer.views import render_views
from maquette.structures import Meshes
from maquette.utils import ico_sphere

CONFIG = MakeConfig(views=3, size=64)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("made") / "set"
    make_r2n2(jobs_of_families(5, seed=3), root, CONFIG, threads=2)
    return root


def content(root):
    return {p.relative_to(root): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def test_the_public_reader_gives_the_object_frame_back(made):
    data = read_r2n2(made)
    assert not data.problems
    assert len(data) == 5
    for index, model in enumerate(data.models):
        name, number = model.name.rsplit("-", 1)
        mesh = families.make(name, int(number)).mesh
        seen = render_views(mesh, data.cameras(index), 64).masks
        shown = torch.stack([data.picture(index, view)[3] > 0.5 for view in range(3)])
        assert (seen & shown).sum() / (seen | shown).sum() > 0.85
        grid = data.voxels(index)
        again = voxelize(mesh, 32, grid.side).occupancy
        assert (grid.occupancy & again).sum() / (grid.occupancy | again).sum() > 0.95


def test_pictures_are_transparent_exactly_where_nothing_is(made):
    data = read_r2n2(made)
    picture = data.picture(0, 0)
    assert picture.shape == (4, 64, 64)
    assert not picture[:3, picture[3] == 0].any()
    assert picture[3].max() == 1
    border = (picture[3] > 0) & (picture[3] < 1)
    assert border.any()
    # Colours are not multiplied by alpha: the border is not darker than what it surrounds.
    assert picture[:3, border].mean() > 0.7 * picture[:3, picture[3] == 1].mean()


def test_files_are_those_of_the_original(made):
    folder = made / "ShapeNetRendering" / "chair" / "chair-000003" / "rendering"
    assert {p.name for p in folder.iterdir()} == {
        *("00.png", "01.png", "02.png"),
        *("rendering_metadata.txt", "renderings.txt"),
    }
    assert (folder / "renderings.txt").read_text().split() == ["00.png", "01.png", "02.png"]
    rows = np.loadtxt(folder / "rendering_metadata.txt")
    assert rows.shape == (3, 5)
    assert ((rows[:, 0] >= 0) & (rows[:, 0] < 360)).all()
    assert ((rows[:, 1] >= 25) & (rows[:, 1] < 30)).all()
    assert ((rows[:, 3] >= 0.65) & (rows[:, 3] < 0.95)).all()
    assert (rows[:, 2] == 0).all()
    assert (rows[:, 4] == 25).all()
    assert json.loads((made / "shapenet_all.json").read_text())["chair"] == {"id": "chair", "name": "chair"}
    assert verify_manifest(made) == []


def test_splits_are_those_of_the_jobs(made):
    wanted = {job.entry.id: job.entry.split for job in jobs_of_families(5, seed=3)}
    data = read_r2n2(made)
    found = {model.name: entry.split for model, entry in zip(data.models, data.entries, strict=True)}
    assert found == wanted


def test_an_interrupted_run_goes_on_and_gives_the_same_bytes(made, tmp_path, monkeypatch):
    root, jobs, real = tmp_path / "set", jobs_of_families(5, seed=3), making.write_model
    written = []

    def dies(root, category, model, *rest):
        if len(written) == 2:
            raise KeyboardInterrupt
        real(root, category, model, *rest)
        written.append(model)

    monkeypatch.setattr(making, "write_model", dies)
    with pytest.raises(KeyboardInterrupt):
        make_r2n2(jobs, root, CONFIG)
    assert not list(root.rglob(".*"))
    monkeypatch.setattr(making, "write_model", real)
    result = make_r2n2(jobs, root, CONFIG)
    assert sorted(result.kept) == sorted(written)
    assert len(result.made) == 3
    assert content(root) == content(made)


def test_bad_meshes_are_skipped_and_named(tmp_path):
    folder = tmp_path / "meshes"
    (folder / "ball").mkdir(parents=True)
    save_mesh(ico_sphere(1), folder / "ball" / "good.ply")
    verts = torch.tensor([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    save_mesh(Meshes([verts], [torch.tensor([[0, 1, 2], [0, 2, 3]])]), folder / "flat.ply")
    (folder / "broken.ply").write_text("ply\nnothing")
    (folder / "nan.off").write_text("OFF\n3 1 0\n0 0 0\n1 0 nan\n0 1 0\n3 0 1 2\n")
    (folder / "empty.off").write_text("OFF\n3 0 0\n0 0 0\n1 0 0\n0 1 0\n")
    (folder / "dot.off").write_text("OFF\n3 1 0\n1 1 1\n1 1 1\n1 1 1\n3 0 1 2\n")
    result = make_r2n2(jobs_of_folder(folder), tmp_path / "set", CONFIG)
    assert result.made == ("ball/good",)
    reasons = {problem.path.rsplit("/", 1)[1]: problem.reason for problem in result.skipped}
    assert set(reasons) == {"flat.ply", "broken.ply", "nan.off", "empty.off", "dot.off"}
    assert "flat" in reasons["flat.ply"]
    assert [e.id for e in read_r2n2(tmp_path / "set").entries] == ["ball/good"]
    (folder / "ball" / "good.ply").unlink()
    with pytest.raises(BadInput, match="none of 5 meshes"):
        make_r2n2(jobs_of_folder(folder), tmp_path / "nothing", CONFIG)
    assert not (tmp_path / "nothing").exists()


def test_what_a_killed_run_left_is_removed_and_broken_files_are_made_again(tmp_path):
    root, jobs = tmp_path / "set", jobs_of_families(2)
    make_r2n2(jobs, root, CONFIG)
    before = content(root)
    for tree in ("ShapeNetRendering", "ShapeNetVox32"):
        (root / tree / "chair" / ".chair-000000.0123456789ab.new" / "rendering").mkdir(parents=True)
    voxels = root / "ShapeNetVox32" / "chair" / "chair-000000" / "model.binvox"
    voxels.write_bytes(voxels.read_bytes()[:-7])
    assert make_r2n2(jobs, root, CONFIG).made == ("chair-000000",)
    assert not list(root.rglob(".*"))
    assert content(root) == before
    picture = root / "ShapeNetRendering" / "chair" / "chair-000000" / "rendering" / "02.png"
    picture.write_bytes(picture.read_bytes()[:8] + b"\0\0\0\4IHDR" + bytes(30))
    assert make_r2n2(jobs, root, CONFIG).made == ("chair-000000",)
    assert content(root) == before


def test_a_run_without_a_good_mesh_leaves_a_data_set_as_it_is(tmp_path):
    make_r2n2(jobs_of_families(1), tmp_path / "set", CONFIG)
    before = content(tmp_path / "set")
    (tmp_path / "meshes").mkdir()
    (tmp_path / "meshes" / "broken.ply").write_text("ply\nnothing")
    with pytest.raises(BadInput, match="none of 1 meshes"):
        make_r2n2(jobs_of_folder(tmp_path / "meshes"), tmp_path / "set", CONFIG)
    assert content(tmp_path / "set") == before
    assert len(make_r2n2(jobs_of_families(1), tmp_path / "set", CONFIG).kept) == 1


def test_long_names_fit_into_file_systems(tmp_path):
    place = tmp_path.joinpath("meshes", "木" * 60, *("椅子" * 40,) * 2)
    place.mkdir(parents=True)
    save_mesh(ico_sphere(0), place / "a.ply")
    assert len(make_r2n2(jobs_of_folder(tmp_path / "meshes"), tmp_path / "set", CONFIG).made) == 1


def test_meshes_that_lie_are_raised(tmp_path):
    mesh = families.make("chair", 3).mesh
    lying = mesh.update_padded(mesh.verts_padded() @ torch.tensor([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]))
    save_mesh(lying, tmp_path / "chair.ply")
    (job,) = jobs_of_folder(tmp_path, MeshAxes("+Z", "-Y"))
    torch.testing.assert_close(job.load().mesh.verts_packed(), mesh.verts_packed(), atol=1e-5, rtol=0)


def test_names_of_folders_differ_and_are_plain(tmp_path):
    folder = tmp_path / "meshes"
    (folder / "a b").mkdir(parents=True)
    for name in ("x y.ply", "x_y.ply", "plain.ply"):
        save_mesh(ico_sphere(0), folder / "a b" / name)
    save_mesh(ico_sphere(0), folder / "alone.ply")
    places = {(job.category, job.model) for job in jobs_of_folder(folder)}
    assert len(places) == 4
    assert ("object", "alone") in places
    assert ("a_b", "plain") in places
    assert all(" " not in word for place in places for word in place)


def test_other_settings_and_other_folders_are_refused(made, tmp_path):
    with pytest.raises(BadInput, match="other settings"):
        make_r2n2(jobs_of_families(1), made, MakeConfig(views=4, size=64))
    with pytest.raises(BadInput, match="other settings"):
        make_r2n2(jobs_of_families(1), made, replace(CONFIG, axes=MeshAxes("+Z", "-Y")))
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(BadInput, match="other files"):
        make_r2n2(jobs_of_families(1), tmp_path, CONFIG)
