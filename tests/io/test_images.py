"""Pictures: kinds of pixels, orientation, bad files."""

import shutil
import struct
import subprocess
import sys
import time
import tracemalloc
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from maquette.io import BadInput, load_image, load_mask, save_image
from maquette.io.errors import ParseError
from maquette.io.image_files import decode_image, decode_texture, image_fov, png_bytes, read_pixels
from maquette.io.images import image_size, save_deep_image
from maquette.io.png_rows import holds_rows


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp", ".bmp", ".jpg"])
def test_round_trip(tmp_path, suffix, channels):
    image = torch.randint(0, 256, (channels, 6, 9)).float() / 255
    path = tmp_path / f"p{suffix}"
    if suffix in (".jpg", ".webp", ".bmp"):  # lossy, or without an alpha channel
        image = torch.linspace(0.2, 0.8, 9).expand(channels, 6, 9).clone()
        image[3:] = 1
    save_image(image, path)
    exact = suffix in (".png", ".tif")
    back = load_image(path, channels=channels if exact else 3)
    wanted = image if exact else image[:3].expand(3, -1, -1)
    assert torch.allclose(back, wanted, atol=1e-6 if exact else 0.05)
    assert image_size(path) == (9, 6)


def test_kinds_of_pixels(tmp_path):
    path = tmp_path / "p.png"
    Image.fromarray(np.array([[0, 65535, 32768]], np.uint16)).save(path)
    assert torch.allclose(load_image(path), torch.tensor([[[0.0, 1.0, 32768 / 65535]]]))
    Image.fromarray(np.array([[True, False]])).save(path)
    assert load_image(path).tolist() == [[[1.0, 0.0]]]
    palette = Image.new("P", (2, 1))
    palette.putpalette([255, 0, 0, 0, 0, 255])
    palette.putpixel((1, 0), 1)
    palette.save(path)
    assert load_image(path)[:, 0].T.tolist() == [[1, 0, 0], [0, 0, 1]]
    palette.save(path, transparency=0)
    assert load_image(path)[:, 0].T.tolist() == [[1, 0, 0, 0], [0, 0, 1, 1]]
    assert load_image(path, channels=3, background=0.5)[:, 0, 0].tolist() == [0.5, 0.5, 0.5]
    Image.new("LA", (1, 1), (255, 0)).save(path)
    assert load_image(path).shape == (4, 1, 1)
    Image.new("CMYK", (1, 1)).save(tmp_path / "p.jpg")
    assert load_image(tmp_path / "p.jpg").shape == (3, 1, 1)
    assert load_image(tmp_path / "p.jpg", channels=4)[3].item() == 1
    assert load_image(tmp_path / "p.jpg", channels=1).shape == (1, 1, 1)


def test_exif_orientation_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the first row is on the right
    picture = Image.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3))
    picture.save(tmp_path / "p.png", exif=exif)
    found = (load_image(tmp_path / "p.png")[0] * 255).round().int()
    assert found.tolist() == [[3, 0], [4, 1], [5, 2]]
    assert image_size(tmp_path / "p.png") == (2, 3)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bomb(width, height):
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(8001, 8000), (12_000, 12_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_by_its_header(tmp_path, size):
    path = tmp_path / "bomb.png"
    path.write_bytes(bomb(*size))
    start = time.perf_counter()
    with pytest.raises(BadInput, match="megapixels"):
        load_image(path)
    assert time.perf_counter() - start < 1


def test_bad_pictures(tmp_path):
    path = tmp_path / "p.png"
    save_image(torch.rand(3, 40, 40), path)
    good = path.read_bytes()
    for content in (b"", b"nonsense", good[:60], good[: len(good) // 2], good[:100] + bytes(200)):
        path.write_bytes(content)
        with pytest.raises(BadInput, match=r"p\.png") as caught:
            load_image(path)
        assert "\n" not in str(caught.value)
    for missing in (tmp_path / "no.png", tmp_path):
        with pytest.raises(BadInput):
            load_image(missing)


def encoded(kind):
    file = BytesIO()
    Image.new("RGB", (8, 8)).save(file, kind)
    return file.getvalue()


PNG, BMP, TIFF = map(encoded, ("PNG", "BMP", "TIFF"))
BROKEN_HEADERS = {
    "short.png": PNG[:8] + chunk(b"IHDR", bytes(4)) + chunk(b"IEND", b""),
    "text.png": PNG[:33] + chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 23))) + PNG[33:],
    "header.bmp": BMP[:14] + struct.pack("<I", 7) + BMP[18:],
    "stream.webp": b"RIFF\x20\0\0\0WEBPVP8 " + bytes(20),
    "box.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: a b\n" + bytes(50),
}


@pytest.mark.parametrize("name", BROKEN_HEADERS)
def test_whatever_a_decoder_raises_at_a_header_is_bad_input(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(BROKEN_HEADERS[name])
    with pytest.raises(BadInput, match="the picture cannot be decoded"):
        image_size(path)


def test_decoders_print_nothing(tmp_path):
    bits, samples = struct.pack("<HHI", 258, 3, 3), struct.pack("<HHIH", 277, 3, 1, 3)
    assert (TIFF.count(bits), TIFF.count(samples)) == (1, 1)
    (tmp_path / "warned.tif").write_bytes(TIFF.replace(bits, struct.pack("<HHI", 258, 3, 30_000)))
    (tmp_path / "logged.tif").write_bytes(TIFF.replace(samples, struct.pack("<HHIH", 277, 3, 1, 4000)))
    code = (
        "import sys; from maquette.io.errors import BadInput; from maquette.io.image_files import image_size\n"
        "for path in sys.argv[1:]:\n    try: image_size(path)\n    except BadInput: print(path)"
    )
    paths = [str(path) for path in sorted(tmp_path.iterdir())]
    ran = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True)
    assert (ran.stdout.split(), ran.stderr) == (paths, "")


def test_programs_that_draw_pictures_are_not_run(tmp_path):
    path = tmp_path / "p.png"
    path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")
    with pytest.raises(BadInput, match="not a picture in a known format"):
        load_image(path)


def test_masks(tmp_path):
    path = tmp_path / "m.png"
    save_image(torch.tensor([[0.0, 1.0]]), path)
    assert load_mask(path).tolist() == [[[False, True]]]
    save_image(torch.tensor([[[1.0, 1]], [[1, 1]], [[1, 1]], [[0, 1]]]), path)
    assert load_mask(path).tolist() == [[[False, True]]]
    save_image(torch.tensor([[[0.0, 1]], [[0, 1]], [[0, 1]], [[0.99, 1]]]), path)  # its alpha says nothing
    assert load_mask(path).tolist() == [[[False, True]]]
    save_image(torch.zeros(3, 4, 4), path)
    with pytest.raises(BadInput, match="all black"):
        load_mask(path)


def test_saving_refuses(tmp_path):
    with pytest.raises(ValueError, match="channels"):
        save_image(torch.rand(2, 3, 3), tmp_path / "p.png")
    with pytest.raises(BadInput, match="unknown kind"):
        save_image(torch.rand(3, 3, 3), tmp_path / "p.xyz")
    with pytest.raises(BadInput, match="cannot be written"):
        save_image(torch.rand(3, 3, 3), "/dev/null/p.png")
    save_image(torch.rand(3, 2, 2), tmp_path / "p.png")
    with pytest.raises(ValueError, match="1, 3 or 4"):
        load_image(tmp_path / "p.png", channels=2)
    assert [p.name for p in tmp_path.iterdir()] == ["p.png"]


@pytest.mark.parametrize("kind", ["L", "RGB", "RGBA", "P", "I;16", "CMYK"])
def test_large_pictures_are_reduced_while_they_are_read(tmp_path, kind):
    """Left half dark, right half bright, turned by a quarter: the dark half must end up on top."""
    grey = np.full((40, 100), 40, np.uint8)
    grey[:, 50:] = 200
    picture = (
        Image.fromarray(grey.astype(np.uint16) * 257)
        if kind == "I;16"
        else Image.fromarray(grey).convert(kind)
    )
    exif = picture.getexif()
    exif[0x0112] = 6
    path = tmp_path / ("p.tif" if kind == "CMYK" else "p.png")
    picture.save(path, exif=exif)
    array = decode_image(path.read_bytes(), largest=30)
    assert array.shape[:2] == (30, 12)
    np.testing.assert_allclose(array[:14, :, 0], 40 / 255, atol=0.01)
    np.testing.assert_allclose(array[16:, :, 0], 200 / 255, atol=0.01)


@pytest.mark.parametrize(
    ("size", "degrees"), [((36, 24), 65.47), ((24, 36), 65.47), ((40, 30), 63.4), ((30, 30), 57.3)]
)
def test_a_lens_of_28_mm_has_its_field_of_view(tmp_path, size, degrees):
    """The diagonal's is 75.4 degrees in any proportions."""
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA405] = 28
    Image.new("RGB", size).save(tmp_path / "p.jpg", exif=exif)
    assert image_fov(tmp_path / "p.jpg") == pytest.approx(degrees, abs=0.1)


@pytest.mark.parametrize("focal", [None, 0, 1, 10_000])
def test_pictures_without_a_focal_length_have_no_field_of_view(tmp_path, focal):
    exif = Image.Exif()
    if focal is not None:
        exif.get_ifd(0x8769)[0xA405] = focal
    Image.new("RGB", (8, 8)).save(tmp_path / "p.jpg", exif=exif)
    assert image_fov(tmp_path / "p.jpg") is None


def test_a_broken_directory_has_no_field_of_view(tmp_path):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA405] = 28
    Image.new("RGB", (8, 8)).save(tmp_path / "p.jpg", exif=exif)
    data = (tmp_path / "p.jpg").read_bytes()
    at = data.index(b"Exif\0\0") + 6
    (tmp_path / "q.jpg").write_bytes(data[: at + 4] + b"\xff\xff\xff\x7f" + data[at + 8 :])
    assert load_image(tmp_path / "q.jpg").shape == (3, 8, 8)
    assert image_fov(tmp_path / "q.jpg") is None


def test_small_pictures_are_read_as_they_are(tmp_path):
    path = tmp_path / "p.png"
    save_image(torch.rand(3, 5, 7), path)
    data = path.read_bytes()
    np.testing.assert_array_equal(decode_image(data, largest=7), decode_image(data))


def test_pixels_become_a_png_and_come_back(tmp_path):
    pixels = np.random.default_rng(0).uniform(-0.1, 1.1, (5, 7, 3)).astype(np.float32)
    path = tmp_path / "a.png"
    path.write_bytes(png_bytes(pixels))
    assert Image.open(path).format == "PNG"
    np.testing.assert_allclose(read_pixels(path), pixels.clip(0, 1), atol=0.5 / 255 + 1e-6)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(BadInput, match=r"a\.png: the picture cannot be decoded"):
        read_pixels(path)


def png_of(width, height, kind, rows, interlaced=0):
    depth, color = {"L": (8, 0), "RGB": (8, 2), "1": (1, 0), "RGBA": (8, 6)}[kind]
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + data


@pytest.mark.parametrize(("kind", "row"), [("L", 6), ("RGB", 16), ("1", 2), ("RGBA", 21)])
def test_a_png_with_missing_rows_is_refused(tmp_path, kind, row):
    path = tmp_path / "p.png"
    path.write_bytes(png_of(5, 9, kind, bytes(9 * row)))
    assert load_image(path).shape[1:] == (9, 5)
    for left in (9 * row - 1, 8 * row, row):
        rows = bytes(i % row and 255 for i in range(left))
        path.write_bytes(png_of(5, 9, kind, rows))
        assert not holds_rows(path.read_bytes())
        with pytest.raises(
            BadInput, match=r"p\.png: the picture (has fewer rows|cannot be decoded: .*truncated)"
        ):
            load_image(path)
    shutil.copyfile(Path(__file__).parent / "cases" / "missing_rows.png", path)
    with pytest.raises(BadInput, match=r"p\.png: the picture has fewer rows than its header says"):
        load_image(path)


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (5, 7), (8, 8), (17, 9)])
def test_interlaced_black_pictures_are_whole(size):
    passes = [
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    ]
    widths = [(len(range(x, size[0], dx)), len(range(y, size[1], dy))) for x, y, dx, dy in passes]
    rows = b"".join(bytes(h * (1 + 3 * w)) for w, h in widths if w and h)
    assert decode_image(png_of(*size, "RGB", rows, 1)).shape == (size[1], size[0], 3)
    assert not holds_rows(png_of(*size, "RGB", rows[:-1], 1))


def test_a_small_file_with_very_many_rows_is_refused_before_memory_is_taken():
    tracemalloc.start()
    with pytest.raises(ParseError, match="fewer rows"):
        decode_image(png_of(20, 2_000_000, "RGB", bytes(24 * 61)))
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_pictures_are_made_floats_band_by_band(monkeypatch):
    rng = np.random.default_rng(0)
    for mode, shape in (("L", (9, 7)), ("RGB", (9, 7, 3)), ("RGBA", (9, 7, 4))):
        pixels = rng.integers(0, 256, shape, dtype=np.uint8)
        file = BytesIO()
        Image.fromarray(pixels, mode).save(file, "PNG")
        whole = decode_image(file.getvalue())
        with monkeypatch.context() as patch:
            patch.setattr("maquette.io.image_files._BAND", 15)
            assert (decode_image(file.getvalue()) == whole).all()
        assert (whole == pixels.reshape(9, 7, -1).astype(np.float32) / 255).all()
        assert (decode_texture(file.getvalue()) == (whole if mode == "L" else whole[..., :3])).all()


def test_deep_pictures_keep_sixteen_bits(tmp_path):
    image = torch.tensor([[[-1.0, 0.0, 1 / 65535, 0.5, 0.75 + 1 / 65535, 1.0, 2.0, float("nan")]]])
    save_deep_image(image, tmp_path / "a.png")
    back = load_image(tmp_path / "a.png")
    expected = torch.tensor([0, 0, 1, 32768, 49152, 65535, 65535, 0]) / 65535
    assert float((back[0, 0] - expected).abs().max()) <= 1 / 65535
    assert len(back[0, 0].unique()) == 5
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be written"):
        save_deep_image(image, tmp_path / "file" / "a.png")
