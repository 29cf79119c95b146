"""Five tiny systems, one of each kind that the common face must hold, and what mounts them beside the real ones.

meshes: vertices move. memory: state that no gradient writes. pictures: single pictures without shapes. gan: two
networks with an optimiser each. objects: several objects in a picture.
"""

from maquette.data import open as data_open
from maquette.data import recognise
from maquette.metrics import protocols
from maquette.systems import _TABLE

SYSTEMS = ("fake_meshes", "fake_memory", "fake_pictures", "fake_gan", "fake_objects")
PROTOCOLS = {
    "fake-distance": "fakes.fake_meshes.protocol:DISTANCE",
    "fake-fill": "fakes.fake_memory.protocol:FILL",
    "fake-depth": "fakes.fake_pictures.protocol:DEPTH",
    "fake-colours": "fakes.fake_gan.protocol:COLOURS",
    "fake-found": "fakes.fake_objects.protocol:FOUND",
}


def mount() -> None:
    """Put the fakes into the tables of systems, protocols and layouts of data."""
    from .fake_objects.scenes import is_scenes, open_scenes

    _TABLE.update({name: f"fakes.{name}.system:Fake" for name in SYSTEMS})
    protocols._TABLE.update(PROTOCOLS)
    recognise._SIGNS.update(
        {"scenes": is_scenes, **{k: recognise._SIGNS.pop(k) for k in list(recognise._SIGNS)}}
    )
    recognise.READ_AS_THEY_ARE.add("scenes")
    data_open._OPENERS["scenes"] = open_scenes


def unmount() -> None:
    """Take them out again."""
    for name in SYSTEMS:
        _TABLE.pop(name, None)
    for name in PROTOCOLS:
        protocols._TABLE.pop(name, None)
    recognise._SIGNS.pop("scenes", None)
    recognise.READ_AS_THEY_ARE.discard("scenes")
    data_open._OPENERS.pop("scenes", None)
