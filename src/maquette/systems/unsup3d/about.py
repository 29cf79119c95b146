"""What is known of Unsup3D without torch."""

from ..about import About
from .config import VARIANTS

ABOUT = About(
    name="unsup3d",
    variants=VARIANTS,
    protocols=("unsup3d",),
    abilities=frozenset({"train", "reconstruct", "claim", "box", "relight", "turn"}),
    maps=("input", "depth", "normals", "albedo", "shading", "canonical", "confidence"),
)
