"""The nouns: batches of meshes and points, voxel grids, textures, materials, cameras, views and results.

Floor 0: imports nothing of the package but `structures`, `transforms` and `kernels`. Knows no renderer, no
loss, no file format.
"""

from .meshes import Meshes as Meshes
from .meshes import join_meshes_as_batch as join_meshes_as_batch
from .meshes import join_meshes_as_scene as join_meshes_as_scene
from .pointclouds import Pointclouds as Pointclouds
from .pointclouds import join_pointclouds_as_batch as join_pointclouds_as_batch
from .pointclouds import join_pointclouds_as_scene as join_pointclouds_as_scene
from .reconstruction import Reconstruction as Reconstruction
from .shape import Shape as Shape
from .utils import list_to_packed as list_to_packed
from .utils import list_to_padded as list_to_padded
from .utils import packed_to_list as packed_to_list
from .utils import padded_to_list as padded_to_list
from .views import Views as Views
from .voxels import VoxelGrid as VoxelGrid
from .voxels import swap_binvox_axes as swap_binvox_axes
from .voxels import swap_zyx_axes as swap_zyx_axes
