"""Two networks with an optimiser each; generates, and reconstructs nothing."""

from maquette.systems.about import About

ABOUT = About("fake_gan", ("plain",), ("fake-colours",), abilities=frozenset({"train", "generate"}))
