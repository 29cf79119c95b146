"""Meshes out."""

from maquette.systems.about import About

ABOUT = About("fake_meshes", ("plain", "wide"), ("fake-distance",), needs_masks=True)
