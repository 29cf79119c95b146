"""`maquette reconstruct`: files, words, and what is refused."""

import json
import struct
import subprocess
import sys
import time
import zlib
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from maquette.cli.picture_input import need_picture, picture_files
from maquette.io import load_mesh
from maquette.reconstruct import find_objects
from maquette.systems.frustum import system as frustum_system
from tiny_r2n2 import VARIANT, tiny_weights

SIZE = 48


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return tiny_weights(tmp_path_factory.mktemp("weights") / "tiny.safetensors")


def pixels(size: int = SIZE) -> np.ndarray:
    array = np.full((size, size, 3), 240, np.uint8)
    array[size // 4 : size // 2, size // 4 : 3 * size // 4] = (180, 60, 30)
    return array


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "chair.jpg"
    Image.fromarray(pixels()).save(path)
    return path


def outputs(folder):
    return {path.name for path in folder.iterdir()} - {"chair.jpg", "in"}


def test_one_picture(maquette, picture, weights, tmp_path):
    ran = maquette("reconstruct", picture, "-o", tmp_path / "chair.glb", "--weights", weights, "--json", "-")
    assert ran.code == 0, ran.err
    report = ran.json()
    assert report["variant"] == VARIANT
    assert (
        report["pictures"][0]["mask"] == "network"
    )  # JPEG's blocks make the plain background's mask doubtful
    assert report["faces"] > 0
    assert outputs(tmp_path) == {"chair.glb", "chair_preview.png", "chair_report.json"}
    assert json.loads((tmp_path / "chair_report.json").read_text()) == report


def test_each(maquette, weights, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a.webp", "a.jpg"):
        Image.fromarray(pixels()).save(folder / name)
    (folder / "broken.png").write_bytes(b"nothing")
    out = tmp_path / "out"
    ran = maquette("reconstruct", folder, "--each", "-o", out, "--weights", weights)
    assert ran.code == 0, ran.err
    meshes = sorted(path.name for path in out.glob("*.glb"))
    assert meshes == ["a.glb", "a_2.glb"]
    assert "broken.png: not a picture" in ran.out
    assert "2 pictures reconstructed, 1 skipped" in ran.out


def test_each_with_a_mask_that_is_not_there(maquette, picture, weights, tmp_path):
    mask, out = tmp_path / "in", tmp_path / "out"
    Image.fromarray(pixels()[..., 0] < 200).save(mask, format="PNG")
    words = ["--mask", tmp_path / "none.png", mask]
    ran = maquette("reconstruct", picture, picture, "--each", "-o", out, "--weights", weights, *words)
    assert ran.code == 0, ran.err
    assert "none.png: No such file" in ran.out
    assert [path.name for path in out.glob("*.glb")] == ["chair_2.glb"]


def test_neither_are_masks_nor_other_pictures_written_over(maquette, weights, tmp_path):
    for name in ("chair.png", "chair_preview.png"):
        Image.fromarray(pixels()).save(tmp_path / name)
    Image.fromarray(pixels()[..., 0] < 200).save(tmp_path / "table_preview.png")
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    chair, mask, places = tmp_path / "chair.png", tmp_path / "table_preview.png", ("--weights", weights)
    ran = maquette("reconstruct", chair, "--mask", mask, "-o", tmp_path / "table.glb", *places)
    assert (ran.code, "table_preview.png: is one of the pictures" in ran.err) == (3, True)
    files = (chair, tmp_path / "chair_preview.png")
    ran = maquette("reconstruct", *files, "--each", "-o", tmp_path, *places)
    assert "skipped " + str(files[1]) + ": is one of the pictures" in ran.out
    assert {file: file.read_bytes() for file in before} == before
    assert (tmp_path / "chair_preview.glb").is_file()


def test_a_picture_is_not_written_over(maquette, weights, tmp_path):
    path = tmp_path / "chair_preview.png"
    Image.fromarray(pixels()).save(path)
    before = path.read_bytes()
    ran = maquette("reconstruct", path, "-o", tmp_path / "chair.glb", "--weights", weights)
    assert (ran.code, "is one of the pictures" in ran.err) == (3, True)
    assert path.read_bytes() == before
    assert outputs(tmp_path) == {path.name}


def test_several_pictures_of_one_object_with_masks(maquette, picture, weights, tmp_path):
    mask = tmp_path / "in"
    Image.fromarray(pixels()[..., 0] < 200).save(mask, format="PNG")
    out = tmp_path / "chair.ply"
    ran = maquette("reconstruct", picture, picture, "-o", out, "--weights", weights, "--mask", mask, mask, "--quiet",
                   "--threshold", 0.45, "--threads", 1)  # fmt: skip
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    report = json.loads((tmp_path / "chair_report.json").read_text())
    assert [entry["mask"] for entry in report["pictures"]] == ["given", "given"]
    assert report["threshold"] == 0.45


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--system", "mold3d"], "there is no system 'mold3d'; known are r2n2"),
        (["--threshold", "2"], "use a number between 0 and 1"),
        (["--mask", "a.png", "b.png"], "2 masks for 1 pictures"),
        (["--device", "tpu"], "not a device"),
        (["--threads", "0"], "at least 1"),
        (["--seed", "-1"], "at least 0"),
    ],
)
def test_wrong_words(maquette, picture, weights, tmp_path, words, reason):
    ran = maquette("reconstruct", picture, "-o", tmp_path / "x.glb", "--weights", weights, *words)
    assert ran.code == 2
    assert reason in ran.err
    assert outputs(tmp_path) == set()


def test_addresses_are_of_this_machine(maquette, picture, weights, tmp_path):
    words = ["-o", tmp_path / "x.glb", "--weights", weights]
    for given in (["https://example.org/a.png"], [picture, "--mask", "https://example.org/a.png"]):
        ran = maquette("reconstruct", *given, *words)
        assert (ran.code, ran.err.count("\n"), " is an address; download the " in ran.err) == (3, 1, True), (
            ran.err
        )
    assert [file.name for file in picture_files([Path(picture.as_uri())])] == [picture.name]


def test_no_picture(maquette, tmp_path):
    ran = maquette("reconstruct", "-o", tmp_path / "x.glb")
    assert (ran.code, "no picture is given" in ran.err) == (2, True)


def test_no_weights_ship(maquette, picture, tmp_path, monkeypatch):
    monkeypatch.setattr("maquette.cli.weights_input.shipped_weights", lambda name: tmp_path / name)
    ran = maquette("reconstruct", picture, "-o", tmp_path / "x.glb")
    assert (ran.code, "no weights ship with this version" in ran.err) == (3, True)


def png(width: int, height: int) -> bytes:
    """A PNG whose header promises a size, without pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def encoded(array: np.ndarray, kind: str = "PNG") -> bytes:
    from io import BytesIO

    with BytesIO() as file:
        Image.fromarray(array).save(file, kind)
        return file.getvalue()


NOISE = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
BAD = {
    "missing": (None, "No such file"),
    "empty": (b"", "the file is empty"),
    "text": (b"hello", "not a picture"),
    "truncated": (encoded(NOISE, "JPEG")[:900], "cannot be decoded"),
    "bomb": (png(60000, 60000), "megapixels"),
    "no pixels": (png(64, 64), "cannot be decoded"),
    "tiny": (encoded(np.zeros((2, 40, 3), np.uint8)), "at least 8 pixels"),
    "one colour": (encoded(np.full((64, 64, 3), 90, np.uint8)), "no object was found"),
    "transparent": (encoded(np.zeros((32, 32, 4), np.uint8)), "transparent everywhere"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_bad_pictures(maquette, weights, tmp_path, kind):
    content, reason = BAD[kind]
    path = tmp_path / "in"
    if content is not None:
        path.write_bytes(content)
    ran = maquette("reconstruct", path, "-o", tmp_path / "x.glb", "--weights", weights)
    assert ran.code == 3, ran.err
    assert ran.err.count("\n") == 1
    assert str(path) in ran.err
    assert reason in ran.err
    assert outputs(tmp_path) == set()


def test_other_bad_input(maquette, picture, weights, tmp_path):
    black, other = tmp_path / "in", tmp_path / "in"
    Image.new("L", (SIZE, SIZE)).save(black, format="PNG")
    common = ["reconstruct", picture, "--weights", weights]
    for words, reason in [
        (["-o", tmp_path / "x.stl"], "must end in .glb, .obj, .ply"),
        (["-o", picture / "x.glb"], "is a file"),
        (["-o", tmp_path / "x.glb", "--mask", black], "the mask is all black"),
        (["-o", picture, "--each"], "is a file"),
        (["-o", tmp_path / "b.glb", "--each"], "the output is a folder: leave .glb out"),
        (["-o", tmp_path / "x.glb", "--weights", other], "safetensors"),
        (["-o", tmp_path / "x.glb", "--weights", tmp_path / "none"], "no such file"),
        (["-o", tmp_path / "x.glb", "--variant", "residual-gru-3"], "not of residual-gru-3"),
    ]:
        ran = maquette(*common, *words)
        assert (ran.code, ran.err.count("\n")) == (3, 1), ran.err
        assert reason in ran.err
        assert outputs(tmp_path) == set()


def test_a_variant_that_is_none(maquette, picture, weights, tmp_path):
    words = ["reconstruct", picture, "--weights", weights, "-o", tmp_path / "x.glb", "--variant", "wide"]
    ran = maquette(*words)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "--variant wide: known are simple-gru-1, " in ran.err


def test_a_folder_without_pictures_and_one_where_none_can_be_used(maquette, weights, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    ran = maquette("reconstruct", folder, "-o", tmp_path / "x.glb", "--weights", weights)
    assert (ran.code, "no picture in it" in ran.err) == (3, True)
    for name in ("a.png", "b.png"):
        (folder / name).write_bytes(b"nothing")
    ran = maquette("reconstruct", folder, "--each", "-o", tmp_path / "out", "--weights", weights)
    assert (ran.code, "none of the 2 pictures" in ran.err) == (3, True)
    assert outputs(tmp_path) == set()


def kinds() -> dict[str, Image.Image]:
    """The same picture in 16 bits, palette, grey, grey with alpha, CMYK, and turned by EXIF."""
    grey = pixels()[..., 0]
    alpha = np.where(grey < 200, 255, 0).astype(np.uint8)
    turned = Image.fromarray(np.ascontiguousarray(np.rot90(pixels())))
    turned.getexif()[0x0112] = 6
    return {
        "deep.png": Image.fromarray(grey.astype(np.uint16) * 257),
        "palette.png": Image.fromarray(pixels()).quantize(16),
        "grey.png": Image.fromarray(grey),
        "la.png": Image.merge("LA", (Image.fromarray(grey), Image.fromarray(alpha))),
        "cmyk.jpg": Image.fromarray(pixels()).convert("CMYK"),
        "turned.png": turned,
    }


@pytest.mark.parametrize("name", kinds())
def test_kinds_of_pixels(tmp_path, name):
    picture = kinds()[name]
    picture.save(tmp_path / name, exif=picture.getexif())
    found = find_objects([need_picture(tmp_path / name)], names=[name])
    expected = pixels()[..., 0] < 200
    solid = found.views.masks[0][0].numpy() > 0.5
    assert (solid & expected).sum() / (solid | expected).sum() > 0.9
    assert found.found[0].how == ("alpha" if name == "la.png" else "plain")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["text", "one colour", "transparent"])
def test_bad_pictures_are_refused_before_torch_is_imported(tmp_path, weights, kind):
    path = tmp_path / "in.png"
    path.write_bytes(BAD[kind][0])
    began = time.perf_counter()
    code = (
        "import sys; from maquette.cli.main import main; code = main(sys.argv[1:]); "
        "sys.exit(code + 10 * ('torch' in sys.modules))"
    )
    words = ["reconstruct", str(path), "-o", str(tmp_path / "x.glb"), "--weights", str(weights)]
    ran = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
    assert ran.returncode == 3, ran.stderr
    assert time.perf_counter() - began < 4


def test_a_folder_with_cameras_becomes_a_mesh_in_their_world(
    maquette, views, frustum_weights, tmp_path, monkeypatch
):
    monkeypatch.setattr(frustum_system, "fuse", partial(frustum_system.fuse, cells=40))
    words = ("-o", tmp_path / "m.ply", "--weights", frustum_weights, "--json", "-")
    ran = maquette("reconstruct", views, *words)
    assert ran.code == 0, ran.err
    report = ran.json()
    assert report["frame"] == "world"
    assert [picture["mask"] for picture in report["pictures"]] == ["given"] * 3
    assert report["pictures"][2]["picture"] == str(views / "images" / "002.png")
    verts = load_mesh(tmp_path / "m.ply").verts_packed()
    assert torch.allclose((verts.amax(0) + verts.amin(0)) / 2, torch.tensor([10.0, 20, -5]), atol=1.0)


@pytest.mark.parametrize("to", ["colmap", "nerf"])
def test_cameras_in_another_format_make_the_same_mesh(
    maquette, views, frustum_weights, tmp_path, monkeypatch, to
):
    monkeypatch.setattr(frustum_system, "fuse", partial(frustum_system.fuse, cells=40))
    assert maquette("cameras", views, "-o", tmp_path / "other", "--to", to).code == 0
    made = []
    for folder in (views, tmp_path / "other"):
        ran = maquette("reconstruct", folder, "-o", tmp_path / "m.ply", "--weights", frustum_weights)
        assert ran.code == 0, ran.err
        made.append(load_mesh(tmp_path / "m.ply").verts_packed())
    boxes = [torch.stack([verts.amin(0), verts.amax(0)]) for verts in made]
    assert torch.allclose(*boxes, atol=0.1)


def test_each_of_a_folder_with_cameras_is_seen_through_its_own(maquette, views, frustum_weights, tmp_path):
    words = ("--each", "--weights", frustum_weights, "--json", "-")
    ran = maquette("reconstruct", views, "-o", tmp_path / "meshes", *words)
    assert ran.code == 0, ran.err
    made = ran.json()["reconstructions"]
    assert [(one["frame"], one["fov"]) for one in made] == [("camera", 60.0)] * 3


def test_what_a_folder_with_cameras_cannot_be_used_for(maquette, views, frustum_weights, tmp_path):
    words = ("reconstruct", views, "-o", tmp_path / "m.ply", "--weights", frustum_weights)
    ran = maquette(*words, "--mask", views / "masks" / "000.png")
    assert (ran.code, "--mask: the masks are those that" in ran.err) == (2, True)
    path = views / "cameras.json"
    tree = json.loads(path.read_text())
    tree["views"][1]["image"] = None
    path.write_text(json.dumps(tree))
    ran = maquette(*words)
    assert (ran.code, f"{path}: view 1: has no picture" in ran.err) == (3, True), ran.err


def test_a_doubtful_mask_is_said(capsys):
    from maquette.cli import reconstruct as command
    from maquette.cli.console import Console

    pictures = [
        {"picture": f"{sure}.png", "mask_confidence": sure, "view": None} for sure in (0.2, 0.5, None)
    ]
    command._tell({"pictures": pictures, "faces": 4, "seconds": {}}, Console())
    doubt, _ = capsys.readouterr().out.splitlines()
    assert doubt == "0.2.png: the mask is doubtful: the object hardly stands out; --mask gives another"
