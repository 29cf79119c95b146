"""Mesh rendering, under PyTorch3D's module paths."""

from ..blending import BlendParams as BlendParams
from .clip import ClipFrustum as ClipFrustum
from .clip import ClippedFaces as ClippedFaces
from .clip import clip_faces as clip_faces
from .clip import (
    convert_clipped_rasterization_to_original_faces as convert_clipped_rasterization_to_original_faces,
)
from .rasterize_meshes import rasterize_meshes as rasterize_meshes
from .rasterizer import MeshRasterizer as MeshRasterizer
from .rasterizer import RasterizationSettings as RasterizationSettings
from .renderer import MeshRenderer as MeshRenderer
from .renderer import MeshRendererWithFragments as MeshRendererWithFragments
from .shader import HardDepthShader as HardDepthShader
from .shader import HardFlatShader as HardFlatShader
from .shader import HardGouraudShader as HardGouraudShader
from .shader import HardNormalShader as HardNormalShader
from .shader import HardPhongShader as HardPhongShader
from .shader import SoftDepthShader as SoftDepthShader
from .shader import SoftGouraudShader as SoftGouraudShader
from .shader import SoftPhongShader as SoftPhongShader
from .shader import SoftSilhouetteShader as SoftSilhouetteShader
from .shader import SplatterPhongShader as SplatterPhongShader
from .shader import TexturedSoftPhongShader as TexturedSoftPhongShader
from .shading import flat_shading as flat_shading
from .shading import gouraud_shading as gouraud_shading
from .shading import phong_shading as phong_shading
from .textures import Textures as Textures
from .textures import TexturesAtlas as TexturesAtlas
from .textures import TexturesBase as TexturesBase
from .textures import TexturesUV as TexturesUV
from .textures import TexturesVertex as TexturesVertex
