"""What is known of the viewpoint network without torch."""

from ..about import About

ABOUT = About(
    name="viewpoint",
    variants=("view",),
    protocols=("viewpoint",),
    abilities=frozenset({"train", "viewpoint"}),
)
