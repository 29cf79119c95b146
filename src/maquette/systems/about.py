"""`About`: what is known of a system before torch is imported."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Ability = Literal[
    "train",
    "reconstruct",
    "generate",
    "claim",
    "export",
    "box",
    "relight",
    "turn",
    "mix",
    "project",
    "orbit",
    "viewpoint",
    "convert",
]


class Command(NamedTuple):
    """A command of a system's own, `maquette NAME ...`.

    Attributes:
        summary: one line for the list of commands.
        where: "module:function" below the system's package; the function takes the words behind NAME.
    """

    summary: str
    where: str


@dataclass(frozen=True)
class NoOptions:
    """For systems that have none of their own."""


@dataclass(frozen=True)
class About:
    """What commands have to know of a system to judge their words; in `ABOUT` of its `about.py`, without torch.

    Attributes:
        name: with underscores.
        variants: names of its networks.
        protocols: by which it is evaluated; the first one ends its training.
        abilities: "train"; "reconstruct" shapes from pictures; "generate" pictures; "claim": some pictures are so
            plainly this system's that it takes them where none is named, if its weights ship
            (`Reconstructs.claims`); "export": its network can run by itself (`Exports`); "box": it may be told where
            in a picture the object is (`Views.boxes`); "relight": it shows an object in other light (`Relights`);
            "turn": from other sides (`Turns`); "mix": it generates pictures with some layers of one and the others of
            another (`Mixes`); "project": it finds its picture that is nearest to a given one (`Projects`); "orbit":
            it shows what it invents from several sides (`Orbits`); "viewpoint": it tells where pictures were taken
            from (`metrics.protocols.viewpoint.ViewpointTeller`); "convert":
            it reads official weights, by `official_file.py` and `official_weights.py`.
        needs_masks: whether the object has to be found in every picture before the system is asked.
        options: dataclass of what `reconstruct` may be told beyond its common options, and generators likewise.
        commands: of its own, by name.
        remembers: variants with a memory of shapes (`Remembers`).
        maps: names of all pictures that its reconstructions may hold (`Reconstruction.maps`).
    """

    name: str
    variants: tuple[str, ...]
    protocols: tuple[str, ...] = ()
    abilities: frozenset[Ability] = frozenset({"train", "reconstruct"})
    needs_masks: bool = False
    options: type = NoOptions
    commands: Mapping[str, Command] = field(default_factory=dict)
    remembers: frozenset[str] = frozenset()
    maps: tuple[str, ...] = ()
