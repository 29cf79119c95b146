"""Joining batches of meshes into one batch or one mesh."""

from ..textures_base import TexturesBase
from .batch import Meshes


def join_meshes_as_batch(meshes: list[Meshes], include_textures: bool = True) -> Meshes:
    """One batch of all meshes of several batches.

    Args:
        meshes: batches on one device.
        include_textures: join the textures as well: all batches have textures of one kind, or none has any.

    Raises:
        ValueError: `meshes` is one `Meshes`, or textures that cannot be joined.
    """
    if isinstance(meshes, Meshes):
        raise ValueError("Wrong first argument to join_meshes_as_batch.")
    verts = [verts for batch in meshes for verts in batch.verts_list()]
    faces = [faces for batch in meshes for faces in batch.faces_list()]
    return Meshes(verts, faces, _join_textures(meshes) if include_textures else None)


def _join_textures(meshes: list[Meshes]) -> TexturesBase | None:
    textures = [batch.textures for batch in meshes if batch.textures is not None]
    if not textures:
        return None
    if len(textures) < len(meshes):
        raise ValueError("Inconsistent textures in join_meshes_as_batch.")
    if any(type(item) is not type(textures[0]) for item in textures):
        raise ValueError("All meshes in the batch must have the same type of texture.")
    return textures[0].join_batch(textures[1:])


def join_meshes_as_scene(meshes: Meshes | list[Meshes], include_textures: bool = True) -> Meshes:
    """One mesh of all meshes of a batch, or of several batches.

    Args:
        meshes: a batch, or a list of batches on one device.
        include_textures: join the textures as well; see `join_meshes_as_batch`.

    Returns:
        batch of one mesh; a batch of one is returned as it is.

    Raises:
        ValueError: `include_textures` is no bool, or textures that cannot be joined.
    """
    if not isinstance(include_textures, (bool, int)):
        raise ValueError(f"include_textures argument cannot be {type(include_textures)}")
    if isinstance(meshes, list):
        meshes = join_meshes_as_batch(meshes, include_textures=include_textures)
    if len(meshes) == 1:
        return meshes
    textures = meshes.textures.join_scene() if include_textures and meshes.textures is not None else None
    return Meshes(meshes.verts_packed()[None], meshes.faces_packed()[None], textures)
