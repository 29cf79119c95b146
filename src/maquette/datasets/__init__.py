"""ShapeNetCore and R2N2 as map-style data sets, under PyTorch3D's names; the files are read by `data`'s readers.

What trains and judges systems of this package reads through `maquette.data` instead, in the object frame. These
return vertices, pictures and cameras as they are in the files.
"""

from .collate import collate_batched_meshes as collate_batched_meshes
from .collate import collate_batched_R2N2 as collate_batched_R2N2
from .r2n2 import R2N2 as R2N2
from .r2n2 import BlenderCamera as BlenderCamera
from .r2n2 import render_cubified_voxels as render_cubified_voxels
from .shapenet import ShapeNetCore as ShapeNetCore
