"""`maquette reconstruct` of a system that takes a picture of a face apart: files, films, boxes, what is refused."""

import json
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

from drawn_face import pasted
from maquette.io import load_mesh, save_image
from maquette.systems import NAMES, shipped_weights
from maquette.systems.sweeps import parse_sweep
from maquette.systems.unsup3d.config import NetworkConfig
from maquette.systems.unsup3d.network import Unsup3DNetwork
from maquette.systems.unsup3d.system import Unsup3DSystem

MAPS = ("input", "depth", "normals", "albedo", "shading", "canonical", "confidence")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    Unsup3DSystem(Unsup3DNetwork(NetworkConfig(size=32, width=8))).save(path)
    return path


@pytest.fixture(autouse=True)
def _few_frames(monkeypatch):
    few = lambda text, reach: replace(parse_sweep(text, reach), frames=4)  # noqa: E731
    monkeypatch.setattr("maquette.cli.reconstruct.parse_sweep", few)


@pytest.fixture
def run(maquette, weights, tmp_path):
    """Reconstruct a picture to OUT/face.glb, with further words."""

    def reconstruct(picture, *words):
        out = tmp_path / "out" / "face.glb"
        return maquette(
            "reconstruct", picture, "--system", "unsup3d", "--weights", weights, "-o", out, *words
        )

    return reconstruct


@pytest.fixture
def portrait(tmp_path):
    path = tmp_path / "portrait.png"
    save_image(pasted((60, 40, 96)), path)
    return path


def test_a_face_and_all_that_is_known_of_it(run, portrait, tmp_path) -> None:
    ran = run(portrait, "--relight", "0:360", "--turn", "-60:60", "--json", "-")
    assert ran.code == 0, ran.err
    report = ran.json()
    out = tmp_path / "out"
    beside = {"preview.png", "report.json", *(f"{name}.png" for name in MAPS), "relight.gif", "turn.gif"}
    assert {path.name for path in out.iterdir()} == {"face.glb", *(f"face_{name}" for name in beside)}
    assert json.loads((out / "face_report.json").read_text()) == report
    assert {"azimuth", "elevation", "ambient", "diffuse"} == report["light"].keys()
    assert {"pitch", "yaw", "roll", "shift"} == report["view"].keys()
    assert list(report["maps"]) == list(MAPS)
    told = report["maps"]["depth"]
    assert (told["file"], told["bits"], told["black"], told["white"]) == ("face_depth.png", 16, 0.9, 1.1)
    with Image.open(out / "face_depth.png") as depth:
        assert depth.mode.startswith("I")
        depths = np.asarray(depth).astype(float) / 65535 * 0.2 + 0.9
    assert depths[:, 0] == pytest.approx(1.04, abs=1e-5)  # the border
    films = report["films"]
    assert (films["relight"]["frames"], films["turn"]["frames"]) == (4, 4)
    assert (films["turn"]["file"], films["turn"]["from"], films["turn"]["to"]) == ("face_turn.gif", -60, 60)
    for name in ("relight", "turn"):
        with Image.open(out / f"face_{name}.gif") as film:
            assert (film.n_frames, film.size) == (4, (256, 256))
    mesh = load_mesh(out / "face.glb")
    assert mesh.textures is not None
    assert report["verts"] == len(mesh.verts_packed())


def test_films_as_mp4(run, portrait, tmp_path) -> None:
    ran = run(portrait, "--relight", "0:360", "--turn", "-60:60", "--film", "mp4", "--json", "-")
    assert ran.code == 0, ran.err
    out = tmp_path / "out"
    assert not list(out.glob("*.gif"))
    assert {name: film["file"] for name, film in ran.json()["films"].items()} == {
        "relight": "face_relight.mp4",
        "turn": "face_turn.mp4",
    }
    for name in ("relight", "turn"):
        film = cv2.VideoCapture(str(out / f"face_{name}.mp4"))
        shown = [film.read() for _ in range(5)]
        assert [read for read, _ in shown] == [True] * 4 + [False]
        assert shown[0][1].shape == (256, 256, 3)
        assert np.abs(shown[0][1].astype(float) - shown[2][1]).mean() > 1


@pytest.mark.parametrize("name", ["L.png", "L.jpg", "CMYK.tif", "CMYK.jpg", "I;16.png", "RGBA.png", "P.png"])
def test_pictures_of_every_kind(run, portrait, tmp_path, name) -> None:
    """The face is found in the same place."""
    mode = name.split(".")[0]
    with Image.open(portrait) as opened:
        picture = opened.convert("RGB")
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    else:
        picture = picture.convert(mode)
    picture.save(tmp_path / name)
    ran = run(tmp_path / name, "--json", "-")
    assert ran.code == 0, ran.err
    assert ran.json()["cut"]["by"] == "face"
    middle = np.array(ran.json()["box"]).reshape(2, 2).mean(0)
    np.testing.assert_allclose(middle, [108, 95], atol=12)


@pytest.mark.parametrize(("size", "at"), [((520, 180), (160, 0)), ((200, 620), (0, 300))])
def test_pictures_of_other_proportions(run, portrait, tmp_path, size, at) -> None:
    canvas = Image.new("RGB", size, (120, 130, 140))
    with Image.open(portrait) as opened:
        canvas.paste(opened.convert("RGB"), at)
    canvas.save(tmp_path / "a.png")
    ran = run(tmp_path / "a.png", "--json", "-")
    assert ran.code == 0, ran.err
    middle = np.array(ran.json()["box"]).reshape(2, 2).mean(0)
    np.testing.assert_allclose(middle, np.add(at, [108, 95]), atol=14)
    with Image.open(tmp_path / "out" / "face_input.png") as shown:
        assert shown.size == (32, 32)


def test_a_face_of_a_few_pixels(run, tmp_path) -> None:
    save_image(pasted((60, 40, 30)), tmp_path / "a.png")
    ran = run(tmp_path / "a.png")
    assert (ran.code, ran.err.count("\n")) == (3, 1)
    assert re.search(r"a\.png: the face is (\d\d) x \1; at least 32 pixels a side are needed", ran.err)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("name", "value"), [("width", 16), ("width", 0), ("size", 64), ("size", 48)])
def test_weights_that_are_not_as_their_header_says(
    maquette, portrait, weights, tmp_path, name, value
) -> None:
    with safe_open(weights, "pt") as file:
        header, tensors = file.metadata(), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    config = json.loads(header["config"])
    config["network"][name] = value
    save_file(tensors, tmp_path / "w.safetensors", {**header, "config": json.dumps(config)})
    words = ["--system", "unsup3d", "--weights", tmp_path / "w.safetensors", "-o", tmp_path / "out" / "a.glb"]
    ran = maquette("reconstruct", portrait, *words)
    assert (ran.code, ran.err.count("\n")) == (3, 1)
    assert "w.safetensors" in ran.err
    assert not (tmp_path / "out").exists()


def test_without_a_face_it_says_how_to_go_on(run, tmp_path) -> None:
    Image.fromarray(np.full((80, 90, 3), 128, np.uint8)).save(tmp_path / "a.png")
    ran = run(tmp_path / "a.png")
    assert ran.code == 3
    assert ran.err.count("\n") == 1
    assert "a.png: no face was found in the picture; --box X Y W H says where it is" in ran.err
    assert not (tmp_path / "out").exists()
    helped = run(tmp_path / "a.png", "--box", 10, 5, 60, 60, "--json", "-")
    assert helped.code == 0, helped.err
    assert (helped.json()["box"], helped.json()["cut"]["by"]) == ([10, 5, 70, 65], "box")


def test_a_box_is_in_the_pixels_of_the_file(run, tmp_path) -> None:
    """Also where the picture is made smaller while it is read."""
    pixels = np.zeros((100, 4096, 3), np.uint8)
    pixels[:, 2000:2100] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    ran = run(tmp_path / "a.png", "--box", 2000, 0, 100, 100, "--json", "-")
    assert ran.code == 0, ran.err
    assert ran.json()["box"] == [1000, 0, 1050, 50]  # of the picture as it was looked at
    with Image.open(tmp_path / "out" / "face_input.png") as shown:
        assert np.asarray(shown).min() > 230


def test_of_several_faces_the_largest(run, tmp_path) -> None:
    save_image(pasted((120, 60, 64), (10, 40, 96)), tmp_path / "a.png")
    ran = run(tmp_path / "a.png")
    assert ran.code == 0, ran.err
    assert "2 faces were found, of which the largest is shown; --box X Y W H takes another" in ran.out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--relight", "0:0"], 2, "--relight 0:0: the angles must rise"),
        (["--relight", "0:720"], 2, "--relight 0:720: the angles must rise by 1 to 360"),
        (["--relight", "360:720"], 2, "--relight 360:720: the angles must lie in [-360, 360]"),
        (["--relight", "nan:9"], 2, "--relight nan:9: use FROM:TO"),
        (["--relight", "0:inf"], 2, "--relight 0:inf: use FROM:TO"),
        (["--relight", ""], 2, "--relight : use FROM:TO"),
        (["--turn", "0:0.5"], 2, "--turn 0:0.5: the angles must rise"),
        (["--variant", "large"], 2, "--variant large: known are"),
        (["--relight", "left"], 2, "--relight left: use FROM:TO"),
        (["--turn", "60:-60"], 2, "--turn 60:-60: the angles must rise"),
        (["--turn", "-100:60"], 2, "--turn -100:60: the angles must lie in [-90, 90]"),
        (["--film", "mp4"], 2, "--film mp4: goes with --relight or --turn"),
        (["--box", "0", "0", "0", "9"], 2, "--box 0 0 0 9: use left, top"),
        (["--box", "-1", "0", "40", "40"], 2, "--box -1 0 40 40: use left, top"),
        (["--box", "0", "0", "300", "40"], 3, "the picture is 200 x 180; --box 0 0 300 40 reaches out of it"),
        (["--box", "0", "0", "20", "20"], 3, "the box is 20 x 20; at least 32 pixels"),
        (["--box", "0", "0", "99", "99", "--each"], 2, "--box is for one picture"),
    ],
)
def test_what_is_refused(run, portrait, tmp_path, words, code, message) -> None:
    ran = run(portrait, *words)
    assert (ran.code, ran.err.count("\n")) == (code, 1)
    assert message in ran.err
    assert not (tmp_path / "out").exists()


def test_a_picture_of_a_few_pixels(run, tmp_path) -> None:
    Image.fromarray(np.zeros((20, 60, 3), np.uint8)).save(tmp_path / "a.png")
    ran = run(tmp_path / "a.png")
    assert (ran.code, "the picture is 60 x 20; at least 32 pixels a side" in ran.err) == (3, True)


@pytest.mark.parametrize("words", [["--relight", "0:90"], ["--turn", "0:9"], ["--box", "1", "1", "40", "40"]])
def test_systems_that_cannot_say_who_can(maquette, portrait, tmp_path, words) -> None:
    ran = maquette("reconstruct", portrait, "-o", tmp_path / "a.glb", "--system", "frustum", *words)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert f"{words[0]}: not with system frustum; --system unsup3d can" in ran.err
    assert not (tmp_path / "a.glb").exists()


def test_a_picture_is_not_written_over_by_a_map(run, portrait, tmp_path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    there = out / "face_albedo.png"
    there.write_bytes(portrait.read_bytes())
    ran = run(there)
    assert (ran.code, "is one of the pictures" in ran.err) == (3, True)
    assert there.read_bytes() == portrait.read_bytes()


@pytest.mark.parametrize("kind", ["gif", "mp4"])
def test_nothing_is_left_where_a_film_cannot_be_written(run, portrait, tmp_path, monkeypatch, kind) -> None:
    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"maquette.films.save_{kind}", fail)
    ran = run(portrait, "--turn", "0:30", "--film", kind)
    assert ran.code == 3
    assert "cannot be written: No space left" in ran.err
    assert not (tmp_path / "out").exists()


def test_systems_whose_weights_do_not_ship_are_not_asked(maquette, portrait, tmp_path, monkeypatch) -> None:
    shipped = {name: shipped_weights(name) for name in NAMES} | {"unsup3d": tmp_path / "none"}
    monkeypatch.setattr("maquette.reconstruct.shipped_weights", shipped.__getitem__)
    monkeypatch.setattr("maquette.cli.reconstruct.shipped_weights", shipped.__getitem__)
    asked = []
    monkeypatch.setattr(Unsup3DSystem, "claims", classmethod(lambda cls, views: asked.append(views)))
    ran = maquette("reconstruct", portrait, "-o", tmp_path / "a.glb", "--json", "-")
    assert (ran.code, ran.json()["system"]) == (0, "frustum")
    assert asked == []


def test_every_picture_of_a_folder(maquette, weights, portrait, tmp_path) -> None:
    (tmp_path / "in").mkdir()
    portrait.rename(tmp_path / "in" / "b.png")
    Image.fromarray(np.full((80, 90, 3), 128, np.uint8)).save(tmp_path / "in" / "a.png")
    words = ["--system", "unsup3d", "--weights", weights, "--each", "-o", tmp_path / "out"]
    ran = maquette("reconstruct", tmp_path / "in", *words)
    assert ran.code == 0, ran.err
    assert "a.png: no face was found" in ran.out
    assert (tmp_path / "out" / "b_depth.png").is_file()


def test_without_a_system_named_a_face_is_taken(maquette, portrait, tmp_path) -> None:
    words = ["reconstruct", portrait, "-o", tmp_path / "a.glb"]
    ran = maquette(*words, "--json", "-")
    assert ran.code == 0, ran.err
    assert "such pictures are unsup3d's; --system says otherwise" in ran.err
    assert (ran.json()["system"], ran.json()["weights"]) == ("unsup3d", "shipped")
    named = maquette(*words, "--system", "frustum", "--json", "-")
    assert (named.code, named.json()["system"]) == (0, "frustum")
    Image.fromarray(np.full((90, 90, 3), 128, np.uint8)).save(tmp_path / "plain.png")
    other = maquette("reconstruct", tmp_path / "plain.png", "-o", tmp_path / "b.glb")
    assert "no object was found" in other.err  # the default is asked
