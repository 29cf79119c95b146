"""Cameras, rasterizer, shaders: meshes to pictures, differentiably."""

from .blending import BlendParams as BlendParams
from .blending import hard_rgb_blend as hard_rgb_blend
from .blending import sigmoid_alpha_blend as sigmoid_alpha_blend
from .blending import softmax_rgb_blend as softmax_rgb_blend
from .mesh.textures import Textures as Textures
from .mesh.textures import TexturesAtlas as TexturesAtlas
from .mesh.textures import TexturesUV as TexturesUV
from .mesh.textures import TexturesVertex as TexturesVertex
