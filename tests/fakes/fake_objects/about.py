"""Several objects in a picture."""

from maquette.systems.about import About

ABOUT = About("fake_objects", ("plain",), ("fake-found",))
