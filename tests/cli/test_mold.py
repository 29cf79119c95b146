"""`maquette mold` and `maquette demo`: words become options, results become files."""

import json
from functools import partial
from pathlib import Path

import pytest
import torch
from PIL import Image

from maquette.cli import mold as command
from maquette.compose import invent as composed_invention
from maquette.compose import mold_from_pictures as composed
from maquette.io import load_mesh
from maquette.systems.frustum import system as frustum_system
from maquette.systems.molding import demo, job
from maquette.systems.molding.optimise import MethodConfig, Molder
from maquette.utils import ico_sphere
from tiny_r2n2 import tiny_weights

BESIDE = {"compare.png", "loss.png", "preview.png", "report.json", "turntable.gif"}


def center(path):
    return load_mesh(path).verts_packed().mean(dim=0)


def test_a_mesh_from_points(maquette, ball, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    ran = maquette("mold", ball, "-o", out / "m.glb", "--steps", 10, "--no-remesh", "--json", "-")
    assert ran.code == 0, ran.err
    report = ran.json()
    assert report == json.loads((out / "m_report.json").read_text())
    assert report["options"]["source"] == "points"
    assert {path.name for path in out.iterdir()} == {"m.glb", *(f"m_{name}" for name in BESIDE)}
    assert torch.allclose(center(out / "m.glb"), torch.tensor([10.0, 20, -5]), atol=0.5)
    assert f"wrote {out / 'm.glb'}" in ran.err


def test_a_folder_of_views_comes_back_in_its_place(maquette, ball, tmp_path):
    words = ("--style", "sphere", "--views", 6, "--size", 48, "--quiet")
    assert maquette("render", ball, "-o", tmp_path / "views", *words).code == 0
    ran = maquette("mold", tmp_path / "views", "-o", tmp_path / "m.ply", "--steps", 60, "--held-out", "005")
    assert ran.code == 0, ran.err
    report = json.loads((tmp_path / "m_report.json").read_text())
    assert report["options"]["source"] == "silhouettes"
    assert report["views"] == 5
    assert report["silhouette_iou"] > 0.9
    assert report["silhouette_iou_held_out"] > 0.85
    assert torch.allclose(center(tmp_path / "m.ply"), torch.tensor([10.0, 20, -5]), atol=0.5)
    assert "silhouette IoU 0.9" in ran.out


def test_a_guess_from_the_pictures_is_molded(maquette, views, frustum_weights, tmp_path, monkeypatch):
    monkeypatch.setattr(frustum_system, "fuse", partial(frustum_system.fuse, cells=40))
    monkeypatch.setattr(composed, "solid_surface", partial(composed.solid_surface, cells=20))
    start = ("--init", "pictures", "--init-weights", frustum_weights)
    quick = ("--steps", 40, "--lr", 0.05, "--no-remesh")
    ran = maquette("mold", views, "-o", tmp_path / "m.ply", *start, *quick, "--json", "-")
    assert ran.code == 0, ran.err
    report = ran.json()
    assert report["start"] == "pictures"
    assert report["silhouette_iou"] > 0.9
    assert "s for the start" in ran.err
    assert torch.allclose(center(tmp_path / "m.ply"), torch.tensor([10.0, 20, -5]), atol=0.5)


@pytest.mark.parametrize(
    ("target", "words", "said"),
    [
        ("ball", ("--init", "pictures"), "--init pictures goes with a folder of views, not with a mesh"),
        ("ball", ("--init", "hull"), "--init hull goes with a folder of views, not with a mesh"),
        ("ball", ("--texture", 256), "--texture goes with a folder of views, not with a mesh"),
        ("views", ("--texture", 10), "--texture 10: use 64 to 8192 texels, or 0 for none"),
        ("views", ("--init-weights", "w.safetensors"), "--init-weights goes with --init pictures"),
    ],
)
def test_a_start_that_does_not_go_with_the_target_is_refused(
    maquette, request, tmp_path, target, words, said
):
    ran = maquette("mold", request.getfixturevalue(target), "-o", tmp_path / "m.glb", *words)
    assert (ran.code, said in ran.err) == (2, True), ran.err


def test_a_start_without_weights_is_refused(maquette, views, tmp_path, monkeypatch):
    monkeypatch.setattr("maquette.cli.weights_input.shipped_weights", lambda name: tmp_path / name)
    ran = maquette("mold", views, "-o", tmp_path / "m.glb", "--init", "pictures")
    assert ran.code == 3
    assert f"{tmp_path / 'frustum'}: no weights ship with this version; --init-weights names" in ran.err
    other = tiny_weights(tmp_path / "r2n2.safetensors")
    ran = maquette("mold", views, "-o", tmp_path / "m.glb", "--init", "pictures", "--init-weights", other)
    assert ran.code == 3
    assert f"{other}: " in ran.err
    assert not (tmp_path / "m.glb").exists()


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """What `mold` asks of the system, which takes two steps on a sphere and moves nothing."""
    calls = []

    def note(target, out, options, watch, device, root=None, stage=None):
        calls.append(options)
        sphere = ico_sphere(0)
        molder = Molder(sphere.verts_packed(), sphere.faces_packed(), MethodConfig.of("adam"))
        for step in range(2):
            watch(step, molder, {"chamfer": torch.tensor(0.5)})
        report = out.with_name(f"{out.stem}_report.json")
        report.write_text(json.dumps({"seconds": 1.0}))
        return [out, report]

    assert composed_invention.mold is not note  # it has the real one, which nothing here replaces
    for module in (job, demo):
        monkeypatch.setattr(module, "mold", note)
    return calls


def test_words_become_options(maquette, ball, tmp_path, asked):
    words = (
        "--from silhouettes --style seed002 --method adam --lr 0.01 --steps 7 --remesh --views 5 --size 64 "
        "--loss-weights edge 2 normal 0.5 --laplacian-kind cot --no-colours --seed 3"
    )
    assert maquette("mold", ball, "-o", tmp_path / "m.glb", *words.split()).code == 0
    assert asked == [
        job.MoldOptions(
            source="silhouettes",
            style="seed002",
            method="adam",
            lr=0.01,
            steps=7,
            remesh=True,
            views=5,
            size=64,
            weights=(("edge", 2.0), ("normal", 0.5)),
            laplacian_kind="cot",
            colours=False,
            seed=3,
        )
    ]


def test_without_words_the_style_decides(maquette, ball, tmp_path, asked):
    assert maquette("mold", ball, "-o", tmp_path / "m.glb").code == 0
    assert maquette("mold", ball, "-o", tmp_path / "m.glb", "--no-remesh").code == 0
    assert asked == [job.MoldOptions(), job.MoldOptions(remesh=False)]


def test_words_about_a_folder_become_options(maquette, views, tmp_path, asked):
    assert maquette("mold", views, "-o", tmp_path / "m.glb", "--init", "hull", "--texture", 256).code == 0
    assert maquette("mold", views, "-o", tmp_path / "m.glb", "--init", "sphere", "--texture", 0).code == 0
    assert [(o.init, o.texture) for o in asked] == [("hull", 256), ("sphere", 0)]


@pytest.mark.parametrize("words", [["--weights", "edge", 1], ["--weights=edge"]])
def test_the_old_name_of_the_weights_of_terms_is_refused_with_the_new_one(maquette, ball, tmp_path, words):
    ran = maquette("mold", ball, "-o", tmp_path / "m.glb", *words)
    assert (ran.code, ran.err) == (
        2,
        "maquette: --weights: terms of the loss are weighed by --loss-weights, "
        "a network is named by --init-weights\n",
    )


def test_a_term_that_is_not_there_is_refused(maquette, ball, tmp_path, asked):
    words = ("--from", "silhouettes", "--loss-weights", "quadric", 1)
    ran = maquette("mold", ball, "-o", tmp_path / "m.glb", *words)
    assert ran.code == 2
    assert "--loss-weights quadric: there is no such term here; known are " in ran.err
    assert asked == []


def test_views_to_leave_out_need_a_folder(maquette, ball, tmp_path):
    ran = maquette("mold", ball, "-o", tmp_path / "m.glb", "--skip", "a.png")
    assert ran.code == 2
    assert "--skip" in ran.err


@pytest.mark.parametrize("source", ["points", "silhouettes"])
@pytest.mark.parametrize("style", ["default", "tutorial", "seed002"])
def test_every_style_says_how_many_steps_it_takes(source, style):
    assert command._preset(source, style).steps > 0


def test_live_shows_the_mesh_and_closes_the_page_on_ctrl_c(maquette, ball, tmp_path, asked, monkeypatch):
    from maquette.cli import console, watching
    from maquette.systems.molding.live import LiveView

    monkeypatch.setattr(console, "_PLAIN_SECONDS", 0.0)
    steps = []
    show = LiveView.__call__
    monkeypatch.setattr(LiveView, "__call__", lambda self, *step: (steps.append(step[0]), show(self, *step)))

    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(watching.time, "sleep", interrupt)
    ran = maquette("mold", ball, "-o", tmp_path / "m.glb", "--steps", 2, "--live")
    assert ran.code == 0, ran.err
    assert "live at http://localhost:" in ran.out
    assert "2/2 chamfer 5.00e-01" in ran.err
    assert steps == [0, 1]


@pytest.fixture
def no_shipped_weights(monkeypatch, tmp_path):
    """Without them no picture is reconstructed, and nothing is invented."""
    for module in ("maquette.systems.weights_file", "maquette.cli.demo"):
        monkeypatch.setattr(f"{module}.shipped_weights", lambda name: tmp_path / name)


def test_demo_asks_for_the_fox(maquette, tmp_path, asked, no_shipped_weights):
    ran = maquette("demo", "-o", tmp_path / "new", "--json", tmp_path / "n.json")
    assert ran.code == 0, ran.err
    assert asked == [demo.OPTIONS]
    assert f"wrote {tmp_path / 'new' / 'fox.glb'}" in ran.out
    assert json.loads((tmp_path / "n.json").read_text()) == {
        "reconstructions": [],
        "invention": {},
        "molding": {"seconds": 1.0},
    }


def test_demo_makes_something_of_all_that_ships(maquette, tmp_path, asked, monkeypatch):
    monkeypatch.setattr(
        "maquette.cli.demo._INVENTED", ("--views", "9", "--judging", "0", "--steps", "2", "--texture", "0")
    )
    ran = maquette("demo", "-o", tmp_path / "new", "--json", "-")
    assert ran.code == 0, ran.err
    reports = ran.json()["reconstructions"]
    views = ran.json()["invention"]["invented"]["views"]
    assert sum("left_out" not in view for view in views) >= 6
    assert (tmp_path / "new" / "invented_scene" / "masks.png").is_file()
    assert load_mesh(tmp_path / "new" / "invented.glb").verts_packed().isfinite().all()
    made = {Path(report["pictures"][0]["picture"]).stem: report for report in reports}
    assert {"chair", "table", "car", "bench"} <= set(made)
    assert made["chair"]["pictures"][0]["mask"] == "alpha"
    assert made["table"]["pictures"][0]["mask"] == "plain"
    for name in made:
        assert (tmp_path / "new" / f"{name}_preview.png").is_file()
    assert (made["face"]["system"], made["face"]["cut"]["by"]) == ("unsup3d", "face")
    with Image.open(tmp_path / "new" / "face_relight.gif") as film:
        assert film.n_frames == made["face"]["films"]["relight"]["frames"] == 48
    assert load_mesh(tmp_path / "new" / "face.glb").textures is not None


def test_demo_needs_a_folder(maquette, ball):
    ran = maquette("demo", "-o", ball)
    assert ran.code == 3
    assert "is a file" in ran.err


@pytest.mark.slow
def test_demo_in_full(maquette, tmp_path):
    ran = maquette("demo", "-o", tmp_path / "demo")
    assert ran.code == 0, ran.err
    report = json.loads((tmp_path / "demo" / "fox_report.json").read_text())
    assert report["silhouette_iou"] >= 0.97
    assert report["silhouette_iou_unseen"] >= 0.94
    invented = json.loads((tmp_path / "demo" / "invented_report.json").read_text())
    assert invented["silhouette_iou"] >= 0.9
    assert invented["silhouette_iou_held_out"] >= 0.8
    assert {path.name for path in (tmp_path / "demo").iterdir()} >= {"fox.glb", *(f"fox_{n}" for n in BESIDE)}
