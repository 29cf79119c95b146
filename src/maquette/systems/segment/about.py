"""What is known of the mask network without torch."""

from ..about import About

ABOUT = About(
    name="segment",
    variants=("mask",),
    protocols=("masks",),
    abilities=frozenset({"train"}),
)
