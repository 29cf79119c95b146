"""Base colours of glTF: textures, their transforms and edges, factors, and what is left out."""

from pathlib import Path

import numpy as np
import pytest

from maquette.io.color_space import linear_to_srgb
from maquette.io.errors import BadInput, LeftOut
from maquette.io.mesh_data import MeshData, look_up
from tests.io.gltf_samples import Sample, read, refused

CORNERS = [[0, 1], [1, 1], [1, 0], [0, 0]]
RED, GREEN, BLUE, YELLOW = np.eye(3)[0], np.eye(3)[1], np.eye(3)[2], np.array([1.0, 1, 0])


def shown(mesh: MeshData, x: float, y: float) -> np.ndarray:
    """The colour of the square at a place in it."""
    assert mesh.picture is not None
    assert mesh.uvs is not None
    assert mesh.faces_uvs is not None
    face, weights = (0, [1 - x, x - y, y]) if x >= y else (1, [1 - y, x, y - x])
    at = weights @ mesh.uvs[mesh.faces_uvs[face]]
    return look_up(mesh.picture, at[None].astype(np.float32))[0]


def textured(corners: object = CORNERS, sampler: dict[str, int] | None = None, **info: object) -> Sample:
    sample = Sample()
    sample.attribute("TEXCOORD_0", corners)
    sample.texture(**({} if sampler is None else {"source": 0, "sampler": 0}))
    sample.tree["samplers"] = [sampler]
    sample.material(pbrMetallicRoughness={"baseColorTexture": {"index": 0, **info}})
    return sample


def test_a_texture_lies_with_its_first_row_on_top(tmp_path: Path) -> None:
    mesh = read(textured(), tmp_path)
    for place, color in (((0.2, 0.8), RED), ((0.8, 0.8), GREEN), ((0.2, 0.2), BLUE), ((0.8, 0.2), YELLOW)):
        assert np.allclose(shown(mesh, *place), color)


def test_webp_is_taken_where_it_is_given(tmp_path: Path) -> None:
    sample = textured()
    sample.texture(format="WEBP", extensions={"EXT_texture_webp": {"source": 0}})
    sample.tree["extensionsRequired"] = ["EXT_texture_webp"]
    assert np.allclose(shown(read(sample, tmp_path), 0.8, 0.8), GREEN)
    sample.tree["textures"] = [{"extensions": {"KHR_texture_basisu": {"source": 0}}}]
    with pytest.warns(LeftOut, match="a texture without a picture that can be read"):
        assert read(sample, tmp_path).picture is None


@pytest.mark.parametrize(
    ("change", "place", "color"),
    [
        ({"offset": [0.5, 0.5], "scale": [0.5, 0.5]}, (0.5, 0.5), YELLOW),
        ({"offset": [0, 0.5], "scale": [0.5, 0.5]}, (0.5, 0.5), BLUE),
        ({"scale": [2, 2]}, (0.4, 0.9), GREEN),  # twice the picture in each direction
        ({"scale": [2, 2]}, (0.6, 0.6), BLUE),
        # a quarter turn of the coordinates, counter-clockwise around the upper left corner
        ({"rotation": np.pi / 2}, (0.2, 0.8), BLUE),
        ({"rotation": np.pi / 2}, (0.8, 0.8), RED),
        ({"rotation": np.pi / 2, "scale": [0.5, 1], "offset": [0, 0.5]}, (0.9, 0.8), RED),
    ],
)
def test_transforms_of_textures(
    tmp_path: Path, change: dict[str, object], place: tuple[float, float], color: np.ndarray
) -> None:
    mesh = read(textured(extensions={"KHR_texture_transform": change}), tmp_path)
    assert np.allclose(shown(mesh, *place), color)


def test_a_transform_may_name_other_coordinates(tmp_path: Path) -> None:
    sample = textured(extensions={"KHR_texture_transform": {"texCoord": 1}})
    sample.attribute("TEXCOORD_1", [[0, 0], [65535, 0], [65535, 65535], [0, 65535]], "u2", normalized=True)
    assert np.allclose(shown(read(sample, tmp_path), 0.2, 0.8), BLUE)  # upside down
    sample.tree["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]["extensions"] = {
        "KHR_texture_transform": {"scale": [1, "2"]}
    }
    refused(sample, tmp_path, '"scale" is not a list of 2 numbers')


@pytest.mark.parametrize(
    ("code", "colors"),
    [(10497, [RED, GREEN, RED, GREEN, RED, GREEN]), (33648, [GREEN, RED, RED, GREEN, GREEN, RED]),
     (33071, [RED, RED, RED, GREEN, GREEN, GREEN])],
)  # fmt: skip
def test_beyond_the_edges_of_a_texture(tmp_path: Path, code: int, colors: list[np.ndarray]) -> None:
    sampler = {"wrapS": code, "wrapT": 33071}
    mesh = read(textured([[-1, 0.1], [2, 0.1], [2, 0.1], [-1, 0.1]], sampler), tmp_path)
    for i, color in enumerate(colors):
        assert np.allclose(shown(mesh, (i + 0.5) / 6, 0.5), color, atol=0.05), i
    turned = [[0.1, 2], [0.1, 2], [0.1, -1], [0.1, -1]]
    mesh = read(textured(turned, {"wrapS": 33071, "wrapT": code}), tmp_path)
    below = [BLUE if color is GREEN else color for color in colors]
    for i, color in enumerate(below[::-1]):
        assert np.allclose(shown(mesh, 0.5, (i + 0.5) / 6), color, atol=0.05), i


def test_faces_beyond_a_clamped_edge_show_the_edge(tmp_path: Path) -> None:
    mesh = read(
        textured([[1.25, 1], [1e6, 1], [1e6, 0], [1.25, 0]], {"wrapS": 33071, "wrapT": 33071}), tmp_path
    )
    assert mesh.picture is not None
    assert mesh.picture.shape == (8, 8, 3)
    assert np.allclose(shown(mesh, 0.1, 0.9), GREEN)
    refused(textured(sampler={"wrapS": 1}), tmp_path, "wraps in an unknown way")


def test_specular_glossiness_gives_its_diffuse_colour(tmp_path: Path) -> None:
    sample = textured()
    glossy: dict[str, object] = {"diffuseFactor": [1, 0.5, 0, 1]}
    sample.material(
        pbrMetallicRoughness={"baseColorFactor": [0, 0, 1, 1]},
        extensions={"KHR_materials_pbrSpecularGlossiness": glossy},
    )
    colors = read(sample, tmp_path).faces_colors
    assert colors is not None
    assert np.allclose(colors, [1, linear_to_srgb(np.array(0.5)), 0])
    glossy["diffuseTexture"] = {"index": 0}
    assert np.allclose(shown(read(sample, tmp_path), 0.8, 0.2), [1, linear_to_srgb(np.array(0.5)), 0])


def test_a_factor_multiplies_light(tmp_path: Path) -> None:
    sample = textured()
    sample.texture(np.full((4, 4, 3), 128))
    sample.material(
        pbrMetallicRoughness={"baseColorTexture": {"index": 0}, "baseColorFactor": [0.5, 1, 0, 1]}
    )
    grey = ((128 / 255 + 0.055) / 1.055) ** 2.4
    wanted = [1.055 * (grey / 2) ** (1 / 2.4) - 0.055, 128 / 255, 0]
    assert np.allclose(shown(read(sample, tmp_path), 0.5, 0.5), wanted, atol=1e-4)


def test_colours_of_vertices_in_any_type(tmp_path: Path) -> None:
    wanted = linear_to_srgb(np.array([[0.2, 0.4, 1]] * 4))
    for kind, most in (("f4", 1), ("u1", 255), ("u2", 65535)):
        for normalized in {most > 1, True}:
            sample = Sample()
            values = [[0.2 * most, 0.4 * most, most, most]] * 4
            sample.attribute("COLOR_0", values, kind, normalized=normalized)
            colors = read(sample, tmp_path).verts_colors
            assert colors is not None
            assert np.allclose(colors, wanted, atol=3e-3)


def test_what_changes_colours_and_is_not_used_is_said(tmp_path: Path) -> None:
    sample = textured()
    sample.attribute("COLOR_0", [[1, 0, 0]] * 4)
    sample.tree["materials"][0] |= {
        "emissiveFactor": [0, 1, 0],
        "alphaMode": "BLEND",
        "normalTexture": {"index": 0},
    }
    with pytest.warns(LeftOut) as said:
        read(sample, tmp_path)
    assert [str(one.message) for one in said] == [
        f"{tmp_path}/m.glb: emission, transparency, vertex colours, beside a texture"
    ]


def test_copies_of_a_texture_count_among_its_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = textured()
    base = sample.tree["materials"][0]["pbrMetallicRoughness"]
    sample.tree["materials"] = [
        {"pbrMetallicRoughness": base | {"baseColorFactor": [0.1 * (i % 3), 1, 1, 1]}} for i in range(6)
    ]
    sample.tree["meshes"][0]["primitives"] = [sample.primitive | {"material": i} for i in range(6)]
    monkeypatch.setattr("maquette.io.references.LARGEST_PIXELS", 4 * 64)
    assert len(read(sample, tmp_path).faces) == 12
    monkeypatch.setattr("maquette.io.references.LARGEST_PIXELS", 4 * 64 - 1)
    with pytest.raises(BadInput, match="all textures and their tints"):
        read(sample, tmp_path)


def test_pictures_that_go_on_share_their_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample = textured([[0, 2], [2, 2], [2, 0], [0, 0]])
    sample.tree["meshes"][0]["primitives"] *= 3
    monkeypatch.setattr("maquette.io.mesh_join._MOST_TILED_PIXELS", 4 * 64)
    mesh = read(sample, tmp_path)  # one picture for all three
    assert np.allclose(shown(mesh, 0.1, 0.9), RED)
    sample.tree["textures"] *= 2
    sample.tree["textures"][1] = {"source": 0, "sampler": 0}
    sample.tree["samplers"] = [{"wrapS": 33648}]
    sample.tree["materials"].append({"pbrMetallicRoughness": {"baseColorTexture": {"index": 1}}})
    sample.tree["meshes"][0]["primitives"] = [sample.primitive, sample.primitive | {"material": 1}]
    with pytest.warns(LeftOut, match="a texture of 8 x 8, repeated often, becomes 1 x 1"):
        read(sample, tmp_path)
