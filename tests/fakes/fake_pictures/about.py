"""Single pictures without shapes."""

from dataclasses import dataclass

from maquette.systems.about import About


@dataclass(frozen=True, kw_only=True)
class Options:
    """Its own options."""

    relief: float = 1.0
    """How deep; positive."""

    def __post_init__(self) -> None:
        if self.relief <= 0:
            raise ValueError(f"relief {self.relief}: must be positive")


ABOUT = About(
    "fake_pictures",
    ("plain",),
    ("fake-depth",),
    abilities=frozenset({"train", "reconstruct", "claim", "export"}),
    options=Options,
)
