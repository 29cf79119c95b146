"""Batches of triangle meshes."""

from .batch import Meshes as Meshes
from .join import join_meshes_as_batch as join_meshes_as_batch
from .join import join_meshes_as_scene as join_meshes_as_scene
