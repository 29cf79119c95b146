"""Mesh rendering, under PyTorch3D's module paths."""

from .textures import Textures as Textures
from .textures import TexturesAtlas as TexturesAtlas
from .textures import TexturesBase as TexturesBase
from .textures import TexturesUV as TexturesUV
from .textures import TexturesVertex as TexturesVertex
