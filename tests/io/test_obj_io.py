"""`load_obj`, `load_objs_as_meshes`, `save_obj`: indices, materials, atlas, errors."""

import io
import time
import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.io import load_obj, load_objs_as_meshes, save_image, save_obj
from maquette.io.obj_parse import parse_obj
from maquette.io.texture_atlas import cell_barycentrics
from maquette.structures.textures_atlas import TexturesAtlas
from maquette.structures.textures_uv import TexturesUV

SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n"


def read(text, **options):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "No mtl file")
        return load_obj(io.StringIO(text), **options)


def test_all_forms_of_corners_in_one_file():
    text = (
        SQUARE
        + "vt 0 0\nvt 1 0\nvn 0 0 1\nvn 0 1 0\nf 1 2 3\nf 1/1 2/2 3/1\nf 1//1 2//2 3//2\nf 1/1/2 2/2/2 3/1/1\n"
    )
    _, faces, aux = read(text)
    assert faces.verts_idx.tolist() == [[0, 1, 2]] * 4
    assert faces.textures_idx.tolist() == [[-1] * 3, [0, 1, 0], [-1] * 3, [0, 1, 0]]
    assert faces.normals_idx.tolist() == [[-1] * 3, [-1] * 3, [0, 1, 1], [1, 1, 0]]
    assert aux.normals.shape == (2, 3)
    assert aux.verts_uvs.shape == (2, 2)
    assert faces.materials_idx.tolist() == [-1] * 4


@pytest.mark.parametrize("kind", [io.StringIO, lambda t: io.BytesIO(t.encode())])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_polygons_line_ends_spaces_and_streams(kind, end):
    text = "  v 0 0 0\nv\t1 0 0 # remark\nv 1 1 0 1.0\n\nv 0 1 0\nf 1 2 3 4\nl 1 2\nf 4 3 2\n".replace(
        "\n", end
    )
    with pytest.warns(UserWarning, match="No mtl file"):
        verts, faces, _ = load_obj(kind(text))
    assert verts.tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]
    assert faces.verts_idx.tolist() == [[0, 1, 2], [0, 2, 3], [3, 2, 1]]


def test_negative_indices_count_from_their_own_line():
    _, faces, _ = read("v 0 0 0\nv 1 0 0\nv 0 1 0\nf -3 -2 -1\nv 0 0 1\nf -4 -2 -1\n")
    assert faces.verts_idx.tolist() == [[0, 1, 2], [0, 2, 3]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("v 1 2", "does not have 3 values"),
        ("vn 1", "does not have 3 values"),
        ("vt 1", "does not have 2 values"),
        ("v 1 2 x", "not a number"),
        ("f 1/1/1/1 2 3", "can only have 3 properties"),
        ("f 1//1 2/1 3", "inconsistent"),
        ("f 1/1 2 3", "inconsistent"),
        ("f a b c", "invalid literal"),
        ("f /1 /2 /3", "invalid literal"),
        ("mtllib", "not specified"),
    ],
)
def test_errors_name_their_line(text, message):
    with pytest.raises(ValueError, match=message) as caught:
        read("# first\n" + text)
    assert caught.value.place == "line 2"


@pytest.mark.parametrize("face", ["1 2 9", "-9 1 2", "1/9 2/1 3/1", "1//9 2//1 3//1"])
def test_indices_out_of_range_warn(face):
    with pytest.warns(UserWarning, match="Faces have invalid indices"):
        read(SQUARE + "vt 0 0\nvn 0 0 1\nf " + face)


def test_empty_input():
    verts, faces, aux = read("")
    assert verts.shape == faces.verts_idx.shape == (0, 3)
    assert aux.normals is None
    assert aux.verts_uvs is None


def write_materials(folder):
    picture = torch.zeros(3, 4, 4)
    picture[0, :2] = 1  # the upper half is red
    picture[2, 2:] = 1  # the lower half is blue
    save_image(picture, folder / "t.png")
    (folder / "m.mtl").write_text(
        "newmtl a\nKa 0.1 0.2 0.3\nKd 0.5 0.5 0.5\nKs 0 0 0\nNs 10\nmap_Kd t.png\n\nnewmtl b\nKd 0 1 0\n"
    )
    path = folder / "m.obj"
    path.write_text(
        "mtllib m.mtl\n" + SQUARE + "vt 0.1 0.9\nvt 0.9 0.9\nvt 0.5 0.8\nf 1 2 3\nusemtl a\nf 1/1 2/2 3/3\n"
        "usemtl b\nf 1/1 2/2 4/3\nusemtl a\nf 1/1 2/2 4/3\n"
    )
    return path


def test_materials(tmp_path):
    _, faces, aux = load_obj(write_materials(tmp_path))
    assert faces.materials_idx.tolist() == [-1, 0, 1, 0]
    assert list(aux.material_colors) == ["a", "b"]
    assert torch.allclose(aux.material_colors["a"]["ambient_color"], torch.tensor([0.1, 0.2, 0.3]))
    assert aux.material_colors["a"]["shininess"].tolist() == [10]
    assert aux.texture_images["a"].shape == (4, 4, 3)
    assert aux.texture_images["a"][0, 0].tolist() == [1, 0, 0]
    mesh = load_objs_as_meshes([tmp_path / "m.obj"] * 2)
    assert len(mesh) == 2
    assert isinstance(mesh.textures, TexturesUV)


def test_atlas_holds_the_picture_at_each_cell(tmp_path):
    path = write_materials(tmp_path)
    _, _, aux = load_obj(path, create_texture_atlas=True, texture_atlas_size=3)
    assert aux.texture_atlas.shape == (4, 3, 3, 3)
    wanted = torch.tensor([[1.0, 1, 1], [1, 0, 0], [0, 1, 0], [1, 0, 0]])
    assert torch.allclose(aux.texture_atlas, wanted[:, None, None].expand(4, 3, 3, 3))
    mesh = load_objs_as_meshes([path], create_texture_atlas=True)
    assert isinstance(mesh.textures, TexturesAtlas)


def test_cells_of_an_atlas():
    """The R*R centroids of a triangle cut into R*R: their mean is the centroid of the whole."""
    for size in (1, 2, 5):
        bary = cell_barycentrics(size)
        assert torch.allclose(bary.mean((0, 1)), torch.full((3,), 1 / 3), atol=1e-6)
        assert bary.min() > 0
        assert len({tuple(row) for row in (bary.reshape(-1, 3) * 3 * size).round().tolist()}) == size * size
    assert torch.allclose(cell_barycentrics(2)[0, 1], torch.tensor([2 / 3, 1 / 6, 1 / 6]))


def test_wrapping(tmp_path):
    path = write_materials(tmp_path)
    path.write_text(path.read_text().replace("vt 0.1 0.9", "vt 0.1 3.9"))
    with pytest.warns(UserWarning, match="outside the range"):
        _, _, aux = load_obj(path, create_texture_atlas=True)
    assert torch.allclose(aux.texture_atlas[1], torch.tensor([1.0, 0, 0]).expand(4, 4, 3))
    _, _, aux = load_obj(path, create_texture_atlas=True, texture_wrap="clamp")
    assert torch.allclose(aux.texture_atlas[1], torch.tensor([1.0, 0, 0]).expand(4, 4, 3))
    with pytest.raises(ValueError, match="texture_wrap"):
        load_obj(path, texture_wrap="mirror")


def test_missing_material_files_warn(tmp_path):
    path = write_materials(tmp_path)
    (tmp_path / "t.png").unlink()
    with pytest.warns(UserWarning, match="Texture file does not exist"):
        load_obj(path)
    (tmp_path / "m.mtl").unlink()
    with pytest.warns(UserWarning, match="Mtl file does not exist"):
        load_obj(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_obj(path, load_textures=False)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), normals=st.booleans(), textured=st.booleans())
def test_round_trip(tmp_path_factory, seed, normals, textured):
    path = tmp_path_factory.mktemp("o") / "m.obj"
    torch.manual_seed(seed)
    verts, faces = torch.randn(6, 3), torch.randint(0, 6, (5, 3))
    options = {}
    if normals:
        options |= {"normals": torch.randn(4, 3), "faces_normals_idx": torch.randint(0, 4, (5, 3))}
    if textured:
        options |= {"verts_uvs": torch.rand(7, 2), "faces_uvs": torch.randint(0, 7, (5, 3))}
        options |= {"texture_map": torch.randint(0, 256, (3, 4, 3)) / 255}
    save_obj(str(path), verts, faces, decimal_places=9, **options)
    found, index, aux = read(path.read_text()) if not textured else load_obj(path)
    assert torch.allclose(found, verts, atol=1e-7)
    assert torch.equal(index.verts_idx, faces)
    if normals:
        assert torch.allclose(aux.normals, options["normals"], atol=1e-7)
        assert torch.equal(index.normals_idx, options["faces_normals_idx"])
    if textured:
        assert torch.equal(index.textures_idx, options["faces_uvs"])
        assert torch.allclose(aux.texture_images["mesh"], options["texture_map"], atol=1e-6)


def test_save_checks_its_arguments():
    verts, faces = torch.rand(3, 3), torch.tensor([[0, 1, 2]])
    for bad in ({"verts": torch.rand(3, 2)}, {"faces": faces[:, :2]}, {"normals": verts}):
        with pytest.raises(ValueError, match=r"should either be empty|must both be None"):
            save_obj(io.StringIO(), **({"verts": verts, "faces": faces} | bad))
    with pytest.warns(UserWarning, match="invalid indices"):
        save_obj(io.StringIO(), verts, faces + 1)
    with pytest.warns(UserWarning, match="Empty 'verts' and 'faces'"):
        save_obj(io.StringIO(), torch.zeros(0, 3), torch.zeros(0, 3))


def test_a_hundred_thousand_faces_are_read_quickly():
    count = 50_000
    lines = [f"v {i} 0.25 -1e-3" for i in range(count)]
    lines += [f"f {i + 1}/{i + 1} {i + 2}/{i + 2} {i + 3}/{i + 3}" for i in range(count - 2)] * 2
    data = "\n".join([*lines, *["vt 0.5 0.5"] * count]).encode()
    start = time.process_time()
    obj = parse_obj(data)
    assert time.process_time() - start < 2
    assert obj.faces[-1].tolist() == [count - 3, count - 2, count - 1]
    assert obj.uvs.shape == (count, 2)


TRIANGLE = "mtllib x.mtl\nusemtl a\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\n"


@pytest.mark.parametrize(
    ("library", "face", "reason"),
    [
        ("newmtl a\nKd 1 0 0\n", "f 1/1 2/9 3/1\n", "a texture coordinate index is out of range"),
        ("newmtl a\nKd 1 0\n", "f 1/1 2/1 3/1\n", "the diffuse color of 'a' has 2 numbers"),
        ("newmtl a\nmap_Kd x.png\n", "f 1/1 2/1 3/1\n", "not a picture in a known format"),
    ],
)
@pytest.mark.filterwarnings("ignore:Faces have invalid indices")
def test_what_no_atlas_can_be_made_of_is_a_value_error(tmp_path, library, face, reason):
    (tmp_path / "x.mtl").write_text(library)
    (tmp_path / "x.png").write_text("no picture")
    (tmp_path / "x.obj").write_text(TRIANGLE + face)
    with pytest.raises(ValueError, match=reason):
        load_obj(tmp_path / "x.obj", create_texture_atlas=True)


def test_a_texture_without_coordinates_is_left_out(tmp_path):
    save_image(torch.rand(3, 4, 4), tmp_path / "x.png")
    (tmp_path / "x.mtl").write_text("newmtl a\nmap_Kd x.png\n")
    (tmp_path / "x.obj").write_text(TRIANGLE.replace("vt 0 0\n", "") + "f 1 2 3\n")
    assert load_objs_as_meshes([tmp_path / "x.obj"]).textures is None


def test_an_atlas_of_no_faces_is_empty(tmp_path):
    save_image(torch.rand(3, 4, 4), tmp_path / "x.png")
    (tmp_path / "x.mtl").write_text("newmtl a\nmap_Kd x.png\n")
    (tmp_path / "x.obj").write_text(TRIANGLE)
    atlas = load_obj(tmp_path / "x.obj", create_texture_atlas=True)[2].texture_atlas
    assert atlas.shape == (0, 4, 4, 3)
