"""Base colours of glTF primitives: vertex colours, textures and factors.

Of a material only what gives the surface its own colour is read: `pbrMetallicRoughness`, or the diffuse part of
`KHR_materials_pbrSpecularGlossiness`, which goes before it. Emission and transparency would change what is seen and
are noted in `Asset.left_out`; normal maps, metalness, roughness and occlusion leave the colour as it is.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .errors import ParseError
from .gltf_access import access, fractions
from .gltf_asset import Asset, extension, numbers, whole
from .mesh_join import REPEAT, Wrap

_WRAPS: dict[Any, Wrap] = {10497: "repeat", 33071: "clamp", 33648: "mirror"}


@dataclass(frozen=True, eq=False)
class Look:
    """How a primitive is coloured.

    Attributes:
        colors: (V, 3 or 4) float32 as stored (linear by the standard), or None.
        uvs: (V, 2) float32 with v upward, or None.
        picture: (H, W, 3) base colour texture (sRGB), or None; one array for all primitives that share it.
        wrap: how the picture goes on beyond its edges, along u and v.
        factor: (4,) base colour factor (linear), or None where there is no material.
    """

    colors: np.ndarray | None = None
    uvs: np.ndarray | None = None
    picture: np.ndarray | None = None
    wrap: tuple[Wrap, Wrap] = REPEAT
    factor: np.ndarray | None = None

    def repeated(self, count: int) -> "Look":
        """The same for `count` copies of the primitive, laid one after another."""
        if count == 1:
            return self
        colors, uvs = (
            None if rows is None else np.tile(rows, (count, 1)) for rows in (self.colors, self.uvs)
        )
        return replace(self, colors=colors, uvs=uvs)


def read_look(asset: Asset, primitive: dict[str, Any], count: int) -> Look:
    """The colours of a primitive of `count` vertices."""
    attributes = primitive["attributes"]
    colors = None
    if "COLOR_0" in attributes:
        colors = fractions(access(asset, attributes["COLOR_0"], ("VEC3", "VEC4"), count))
    if "material" not in primitive:
        return Look(colors, _uvs(asset, attributes, 0, count))
    material = asset.item("materials", primitive["material"])
    factor, texture = _base_color(material)
    _note_left_out(asset, material)
    change = extension(texture or {}, "KHR_texture_transform") or {}
    uvs = _uvs(asset, attributes, whole(change, "texCoord", whole(texture or {}, "texCoord", 0)), count)
    if uvs is not None and change:
        uvs = _transformed(uvs, change)
    picture, wrap = (
        (None, REPEAT) if texture is None else _picture(asset, asset.item("textures", texture["index"]))
    )
    if picture is not None and uvs is not None and colors is not None and (colors[:, :3] != 1).any():
        asset.left_out["vertex colours, beside a texture"] = None
    return Look(colors, uvs, picture, wrap, factor)


def _base_color(material: dict[str, Any]) -> tuple[np.ndarray, dict[str, Any] | None]:
    """Factor (4,) and texture of the surface's own colour."""
    glossy = extension(material, "KHR_materials_pbrSpecularGlossiness")
    names = ("baseColorFactor", "baseColorTexture") if glossy is None else ("diffuseFactor", "diffuseTexture")
    base = material.get("pbrMetallicRoughness", {}) if glossy is None else glossy
    return numbers(base, names[0], 4, [1, 1, 1, 1]).astype(np.float32), base.get(names[1])


def _note_left_out(asset: Asset, material: dict[str, Any]) -> None:
    if "emissiveTexture" in material or numbers(material, "emissiveFactor", 3, [0, 0, 0]).any():
        asset.left_out["emission"] = None
    if material.get("alphaMode", "OPAQUE") != "OPAQUE":
        asset.left_out["transparency"] = None


def _uvs(asset: Asset, attributes: dict[str, Any], number: int, count: int) -> np.ndarray | None:
    name = f"TEXCOORD_{number}"
    if name not in attributes:
        return None
    uvs = access(asset, attributes[name], ("VEC2",), count)
    plain = "KHR_mesh_quantization" in asset.json.get("extensionsUsed", [])
    uvs = uvs.astype(np.float32) if plain else fractions(uvs)
    uvs[:, 1] = 1 - uvs[:, 1]
    return uvs


def _transformed(uvs: np.ndarray, change: dict[str, Any]) -> np.ndarray:
    """Texture coordinates, v upward, scaled, turned counter-clockwise and moved by KHR_texture_transform, whose v
    points down."""
    (turn,) = numbers({"rotation": [change.get("rotation", 0)]}, "rotation", 1)
    u, down = (np.stack([uvs[:, 0], 1 - uvs[:, 1]]) * numbers(change, "scale", 2, [1, 1])[:, None]).astype(
        np.float64
    )
    moved = numbers(change, "offset", 2, [0, 0])
    across = np.cos(turn) * u + np.sin(turn) * down + moved[0]
    downwards = np.cos(turn) * down - np.sin(turn) * u + moved[1]
    return np.stack([across, 1 - downwards], axis=1).astype(np.float32)


def _picture(asset: Asset, texture: dict[str, Any]) -> tuple[np.ndarray | None, tuple[Wrap, Wrap]]:
    sampler = asset.item("samplers", texture["sampler"]) if "sampler" in texture else {}
    codes = [sampler.get(name, 10497) for name in ("wrapS", "wrapT")]
    if not all(code in _WRAPS for code in codes):
        raise ParseError("a sampler wraps in an unknown way")
    webp = extension(texture, "EXT_texture_webp") or {}
    index = webp.get("source", texture.get("source"))
    if index is None:
        asset.left_out["a texture without a picture that can be read"] = None
        return None, REPEAT
    image = asset.item("images", index)
    if index not in asset.pictures:
        asset.pictures[index] = asset.files.texture(_picture_bytes(asset, image))
    return asset.pictures[index], (_WRAPS[codes[0]], _WRAPS[codes[1]])


def _picture_bytes(asset: Asset, image: dict[str, Any]) -> bytes:
    if "uri" in image:
        return asset.from_uri(image["uri"])
    data, start, length, _ = asset.view(image["bufferView"])
    return data[start : start + length]
