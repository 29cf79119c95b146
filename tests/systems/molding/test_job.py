"""From files to files: what appears, what it says, and that a failure leaves nothing."""

import json
from dataclasses import replace
from functools import partial

import pytest
import torch

from maquette.io import (
    BadInput,
    CameraFile,
    load_image,
    load_mesh,
    read_cameras,
    save_image,
    save_mesh,
    write_cameras,
)
from maquette.io.errors import LeftOut
from maquette.structures import Meshes
from maquette.structures.textures_uv import TexturesUV
from maquette.structures.textures_vertex import TexturesVertex
from maquette.systems.molding import colours, job, points, result_files
from maquette.systems.molding.hull import surface_of
from maquette.systems.molding.job import MoldOptions, Start, mold, silhouettes_preset
from maquette.systems.molding.pictures import load_pictures, picture_mesh
from maquette.systems.molding.result_files import Molded
from maquette.systems.molding.silhouettes import SilhouettesConfig, mold_to_silhouettes

from .scenes import AXES, ellipsoid, placed, quick, views_of, write_folder

SHIFT, SCALE = torch.tensor([5.0, -2.0, 1.0]), 3.0
FILES = {"m.glb", "m_preview.png", "m_loss.png", "m_compare.png", "m_turntable.gif", "m_report.json"}
QUICK = MoldOptions("silhouettes", steps=12, size=32, remesh=False, colours=False)


@pytest.fixture(autouse=True)
def _few_pictures(monkeypatch):
    """Two frames of a turntable, figures without layout and ticks, few points and little paint do for a test."""
    turntable, preview, save_figure = result_files.turntable, result_files.preview, result_files.save_figure

    def sketch(figure, path):
        figure.set(layout_engine="none", dpi=20)
        for axes in figure.axes:
            axes.set_axis_off()
        save_figure(figure, path)

    monkeypatch.setattr(result_files, "save_figure", sketch)
    monkeypatch.setattr(result_files, "preview", lambda mesh, up: preview(mesh, 48, up))
    monkeypatch.setattr(result_files, "turntable", lambda mesh, up: turntable(mesh, 2, 32, up))
    monkeypatch.setattr(colours, "refine", partial(colours.refine, verts=600))
    monkeypatch.setattr(job, "copy_colours", partial(colours.copy_colours, points=20_000))
    for module in (job, points):
        monkeypatch.setattr(module, "score_points", partial(points.score_points, points=2000))
    few = replace(job._POINTS["default"](), points=1000, pool=20_000, level=3)
    monkeypatch.setitem(job._POINTS, "default", lambda: few)


@pytest.fixture
def folder(tmp_path):
    cameras = views_of(8, SHIFT, SCALE)
    write_folder(tmp_path / "views", placed(ellipsoid(), SHIFT, SCALE), cameras, (32, 40))
    return tmp_path / "views"


def report_of(out):
    return json.loads(out.with_name(f"{out.stem}_report.json").read_text())


def local_extent(mesh):
    return ((mesh.verts_packed() - SHIFT) / SCALE).abs().amax(dim=0)


def test_a_folder_is_molded_to_where_the_mesh_was(folder, tmp_path):
    out = tmp_path / "out" / "m.glb"
    out.parent.mkdir()
    kept = {"held_out": ("03", "07"), "skip": ("05.png",), "texture": 0}
    options = replace(QUICK, steps=40, lr=0.06, colours=True, **kept)
    written = mold(folder, out, options)
    assert written[0] == out
    assert {path.name for path in written} == FILES == {path.name for path in out.parent.iterdir()}
    report = report_of(out)
    assert (report["views"], report["held_out_views"], report["target"]) == (5, 2, "views")
    assert report["silhouette_iou"] > 0.88
    assert report["silhouette_iou_held_out"] > 0.85
    assert set(report["losses"]) == {"silhouette"}
    assert {"seconds", "seconds_in_all", "vertices", "faces", "maquette", "options"} <= set(report)
    mesh = load_mesh(out)
    torch.testing.assert_close(local_extent(mesh), torch.tensor(AXES), atol=0.1, rtol=0)
    seen, x = mesh.textures.verts_features_packed(), mesh.verts_packed()[:, 0] - SHIFT[0]
    assert (seen[x < -0.5][:, 0] > seen[x < -0.5][:, 2]).float().mean() > 0.95
    assert (seen[x > 0.5][:, 2] > seen[x > 0.5][:, 0]).float().mean() > 0.95
    assert load_image(out.with_name("m_preview.png")).shape == (3, 48, 192)


def test_enough_views_start_from_their_hull_and_become_a_texture(folder, tmp_path):
    out = tmp_path / "m.glb"
    options = MoldOptions("silhouettes", steps=2, size=32, held_out=("03",), texture=64)
    mold(folder, out, options)
    report = report_of(out)
    assert (report["start"], report["views"]) == ("hull", 7)
    assert report["silhouette_iou"] > 0.9
    assert report["seconds_of_start"] > 0
    mesh = load_mesh(out)
    assert isinstance(mesh.textures, TexturesUV)
    assert max(mesh.textures.maps_padded().shape[1:3]) == 64
    torch.testing.assert_close(local_extent(mesh), torch.tensor(AXES), atol=0.1, rtol=0)
    assert min(report["psnr"], report["psnr_held_out"]) > 15
    mold(folder, out, replace(options, init="sphere", colours=False))
    assert report_of(out)["start"] == "sphere"
    assert "psnr" not in report_of(out)


def test_without_xatlas_vertices_are_coloured_and_that_is_said(folder, tmp_path, monkeypatch, recwarn):
    monkeypatch.setattr(colours, "can_unwrap", lambda: False)
    coloured = replace(QUICK, steps=1, colours=True, init="sphere")
    mold(folder, tmp_path / "m.glb", coloured)
    assert not [warned for warned in recwarn if warned.category is LeftOut]  # nobody asked
    with pytest.warns(LeftOut, match=r"the texture, which needs xatlas \(pip install xatlas\)"):
        mold(folder, tmp_path / "m.glb", replace(coloured, texture=512))
    assert isinstance(load_mesh(tmp_path / "m.glb").textures, TexturesVertex)


def test_what_the_hull_is_carved_to_is_molded(folder, tmp_path, monkeypatch):
    def carved(images, masks, cameras, hull, watch):
        watch(1, len(masks))
        return surface_of(hull)

    monkeypatch.setattr(job, "carved_hull", carved)
    seen = []
    options = replace(QUICK, init="carved", colours=True, texture=0)
    mold(folder, tmp_path / "m.glb", options, stage=lambda *said: seen.append(said))
    assert report_of(tmp_path / "m.glb")["start"] == "carved hull"
    assert seen == [("reading", 0, 1), ("the start", 0, 1), ("carving the hull", 1, 8), ("colours", 0, 1)]


def test_carving_needs_colours(folder, tmp_path):
    file = read_cameras(folder / "cameras.json")
    masked = tuple(replace(view, image=None) for view in file.views)
    write_cameras(replace(file, views=masked), folder / "cameras.json")
    with pytest.raises(BadInput, match="carved by colours"):
        mold(folder, tmp_path / "m.glb", replace(QUICK, init="carved"))


def test_a_hull_of_masks_that_do_not_meet_is_refused(folder, tmp_path):
    mask = torch.zeros(1, 32, 40)
    mask[:, :3, :3] = 1.0
    save_image(mask, folder / "00_mask.png")
    with pytest.raises(BadInput, match=r"cameras\.json.*no place in common"):
        mold(folder, tmp_path / "m.glb", replace(QUICK, init="hull"))
    assert not (tmp_path / "m.glb").exists()


@pytest.mark.parametrize("source", ["points", "silhouettes"])
def test_a_mesh_is_molded_to_where_it_is(tmp_path, source):
    save_mesh(placed(ellipsoid(2), SHIFT, SCALE), tmp_path / "t.ply")
    options = MoldOptions(source, steps=25, views=4, size=32, lr=0.06, remesh=False)
    mold(tmp_path / "t.ply", tmp_path / "m.glb", options)
    report = report_of(tmp_path / "m.glb")
    expected = {"chamfer", "f1", "silhouette_iou", "silhouette_iou_unseen", "seconds", "losses"}
    assert expected <= set(report)
    assert 0.7 < report["silhouette_iou"] <= 1
    assert 0.7 < report["silhouette_iou_unseen"] <= 1
    assert 0 < report["chamfer"] < 0.05
    mesh = load_mesh(tmp_path / "m.glb")
    torch.testing.assert_close(local_extent(mesh), torch.tensor(AXES), atol=0.15, rtol=0)
    assert mesh.textures is not None


@pytest.mark.parametrize("source", ["points", "silhouettes"])
def test_same_seed_same_file(tmp_path, source):
    save_mesh(ellipsoid(2), tmp_path / "t.ply")
    options = MoldOptions(source, steps=3, views=2, size=24, seed=4)
    for name in ("a", "b"):
        torch.rand(7)
        mold(tmp_path / "t.ply", tmp_path / f"{name}.glb", options)
    assert (tmp_path / "a.glb").read_bytes() == (tmp_path / "b.glb").read_bytes()


def test_conventions_give_the_same_mesh(tmp_path):
    found = []
    for convention in ("opencv", "opengl", "pytorch3d"):
        folder = tmp_path / convention
        write_folder(folder, ellipsoid(), views_of(4), (24, 30), convention)
        pictures = load_pictures(folder)
        result = mold_to_silhouettes(pictures.masks, pictures.cameras, quick(8))
        found.append(result.mesh.verts_packed())
    torch.testing.assert_close(found[1], found[0], atol=1e-5, rtol=0)
    torch.testing.assert_close(found[2], found[0], atol=1e-5, rtol=0)


def test_bounds_give_the_working_frame(folder):
    pictures = load_pictures(folder)
    low, high = SHIFT - SCALE, SHIFT + SCALE * torch.tensor([1.0, 0.5, 2.0])
    frame = job._frame(replace(pictures, bounds=(tuple(low.tolist()), tuple(high.tolist()))))
    torch.testing.assert_close(frame.shift, (low + high) / 2)
    assert frame.scale == pytest.approx(1.5 * SCALE)
    found = job._frame(pictures)
    torch.testing.assert_close(found.shift, SHIFT, atol=0.2 * SCALE, rtol=0)


def names(folder, **choices):
    rest, judges = job._split(load_pictures(folder), replace(QUICK, **choices), folder / "cameras.json")
    return [[name[:2] for name in part.names] for part in (rest, judges)]


def test_another_start_is_made_of_the_views_that_are_fitted_and_told(folder, tmp_path):
    """Not moved at all, what is written is the start."""
    first, seen = placed(ellipsoid(2), SHIFT, SCALE), []

    def make(pictures):
        seen.extend(pictures.names)
        return first

    options = replace(QUICK, steps=1, lr=1e-9, held_out=("00",))
    mold(folder, tmp_path / "m.ply", options, start=Start("mine", make))
    report = report_of(tmp_path / "m.ply")
    assert (report["start"], report["seconds_of_start"] >= 0) == ("mine", True)
    assert len(seen) == 7
    made = load_mesh(tmp_path / "m.ply")
    assert torch.equal(made.faces_packed(), first.faces_packed())
    assert torch.allclose(made.verts_packed(), first.verts_packed(), atol=1e-3)


def test_a_mesh_has_no_other_start(tmp_path):
    save_mesh(ellipsoid(), tmp_path / "target.ply")
    start = Start("mine", lambda seen: ellipsoid())
    with pytest.raises(ValueError, match="a start goes with a folder of views"):
        mold(tmp_path / "target.ply", tmp_path / "m.ply", QUICK, start=start)


def test_a_near_start_has_settings_of_its_own_unless_a_style_is_named():
    assert silhouettes_preset("default", near=True) == SilhouettesConfig.near()
    assert silhouettes_preset("default") == SilhouettesConfig.default()
    assert silhouettes_preset("tutorial", near=True) == SilhouettesConfig.tutorial()


def test_which_views_fit_and_which_judge(folder):
    everything = [f"{i:02}" for i in range(8)]
    assert names(folder) == [everything, []]
    assert names(folder, held_out=("01", "06.png")) == [["00", "02", "03", "04", "05", "07"], ["01", "06"]]
    assert names(folder, held_out=("01", "02"), skip=("02",)) == [["00", *everything[3:]], ["01"]]
    assert names(folder, views=2) == [["00", "04"], ["01", "02", "03", "05", "06", "07"]]
    assert names(folder, views=3, skip=("00", "01")) == [["02", "04", "06"], ["03", "05", "07"]]
    assert names(folder, views=50) == [everything, []]


def test_refused_choices_of_views(folder):
    with pytest.raises(BadInput, match="no view's name contains 'nothing'"):
        names(folder, skip=("nothing",))
    with pytest.raises(BadInput, match="no view is left to fit"):
        names(folder, held_out=("png",))


def refused(target, out, match, options=QUICK):
    before = {path: path.read_bytes() for path in out.parent.iterdir() if path.is_file()}
    with pytest.raises(BadInput, match=match):
        mold(target, out, options)
    assert {path: path.read_bytes() for path in out.parent.iterdir() if path.is_file()} == before


def test_refusals_leave_everything_as_it_was(folder, tmp_path):
    out = tmp_path / "m.glb"
    out.write_bytes(b"old")
    refused(folder, out, "is a folder", replace(QUICK, source="points"))
    refused(tmp_path / "none.obj", out, "none.obj")
    refused(tmp_path, out, "cameras.json")
    refused(folder, tmp_path / "m.jpg", "unknown kind of mesh file")
    (tmp_path / "m_loss.png").mkdir()
    refused(folder, out, "m_loss.png: cannot be written: is a folder")
    with pytest.raises(BadInput, match="cannot be written"):
        mold(folder, out / "m.glb", QUICK)


def test_cameras_that_contradict_the_masks_are_bad_input(folder, tmp_path):
    views = write_folder(folder, ellipsoid(), views_of(8), (32, 40))
    apart = [replace(view, t=view.t + 40 * i * torch.tensor([1.0, -1, 0.3])) for i, view in enumerate(views)]
    write_cameras(CameraFile(tuple(apart)), folder / "cameras.json")
    refused(folder, tmp_path / "m.glb", "cameras.json: the masks do not meet")


def test_a_vertex_far_from_all_others_is_named_unless_no_face_has_it(tmp_path):
    ball = ellipsoid()
    verts = torch.cat((ball.verts_packed(), torch.tensor([[5000.0, 0.0, 0.0]])))
    last = len(verts) - 1
    save_mesh(
        Meshes([verts], [torch.cat((ball.faces_packed(), torch.tensor([[0, 1, last]])))]),
        tmp_path / "far.obj",
    )
    with pytest.raises(
        BadInput, match=r"far\.obj: view 0 sees nothing of it: its vertex at \(5000, 0, 0\) is \d+ t"
    ):
        mold(tmp_path / "far.obj", tmp_path / "m.glb", QUICK)
    lines = [f"v {x} {y} {z}\n" for x, y, z in verts.tolist()]
    lines += [f"f {a + 1} {b + 1} {c + 1}\n" for a, b, c in ball.faces_packed().tolist()]
    (tmp_path / "loose.obj").write_text("".join(lines))
    mold(tmp_path / "loose.obj", tmp_path / "m.ply", QUICK)
    assert load_mesh(tmp_path / "m.ply").verts_packed().abs().max() < 3


def test_what_is_too_thin_to_be_seen_is_told(tmp_path):
    sheet = torch.tensor([[-1.0, 0, -1], [1, 0, -1], [0, 0, 1]])
    save_mesh(Meshes([sheet], [torch.tensor([[0, 1, 2]])]), tmp_path / "sheet.obj")
    with pytest.raises(BadInput, match=r"sees nothing of it: it is thinner than a pixel from there"):
        mold(tmp_path / "sheet.obj", tmp_path / "m.glb", replace(QUICK, style="tutorial"))


def test_a_target_without_extent_is_bad_input(tmp_path):
    point = Meshes([torch.ones(3, 3)], [torch.tensor([[0, 1, 2]])])
    save_mesh(point, tmp_path / "t.ply")
    refused(tmp_path / "t.ply", tmp_path / "m.glb", "t.ply: .*not all in one place")


@pytest.fixture
def molded():
    cameras = views_of(2)
    pictures = picture_mesh(ellipsoid(2), cameras, 24)
    return Molded(ellipsoid(2), pictures, {"silhouette": [1.0, 0.5]}, {})


@pytest.mark.parametrize("broken", ["save_mesh", "loss_plot", "turntable", "save_gif"])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_writing_that_fails_half_way_leaves_everything_as_it_was(
    molded, tmp_path, monkeypatch, broken, error
):
    out = tmp_path / "m.glb"
    for name in ("m.glb", "m_loss.png"):
        (tmp_path / name).write_bytes(b"old")

    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(result_files, broken, fail)
    with pytest.raises(error):
        result_files.write(molded, out, {})
    assert {path.name for path in tmp_path.iterdir()} == {"m.glb", "m_loss.png"}
    assert out.read_bytes() == b"old"


def test_a_full_disk_is_bad_input(molded, tmp_path, monkeypatch):
    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(result_files, "save_gif", fail)
    with pytest.raises(BadInput, match=r"m\.glb: cannot be written: No space left"):
        result_files.write(molded, tmp_path / "m.glb", {})
    assert not list(tmp_path.iterdir())


def test_choices_reach_the_configuration():
    chosen = job._configure(
        job._POINTS["tutorial"](),
        MoldOptions(method="adam", lr=0.5, steps=7, remesh=True, laplacian_kind="cot", seed=3,
                    weights=(("quadric", 0.25), ("edge", 0.0))),
    )  # fmt: skip
    assert (chosen.method.method, chosen.method.lr, chosen.steps, chosen.seed) == ("adam", 0.5, 7, 3)
    assert chosen.remesh is not None
    assert (chosen.weights.quadric, chosen.weights.edge, chosen.weights.laplacian_kind) == (0.25, 0.0, "cot")
    assert chosen.weights.normal == 0.01  # the style's own
    default = job._configure(job._SILHOUETTES["default"](), MoldOptions("silhouettes", remesh=False))
    assert default.remesh is None
    assert default.method == job._SILHOUETTES["default"]().method


def test_styles_look_from_their_own_paths():
    centres = [job._views_of_style(style, 6, torch.device("cpu")).get_camera_center()
               for style in ("default", "tutorial", "seed002")]  # fmt: skip
    for eyes in centres:
        torch.testing.assert_close(eyes.norm(dim=1), torch.full((6,), 2.7))
    assert not torch.allclose(centres[1], centres[2])
    assert centres[2][:, 1].min() > -1e-5  # over the top, never from below
