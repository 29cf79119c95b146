"""`Remembered`: what is known of a shape in a system's memory, and which of them pictures bring back."""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from jaxtyping import Bool, Float
from torch import Tensor


@dataclass(frozen=True)
class Remembered:
    """A shape in a memory.

    Attributes:
        slot: where it lies.
        id: what it is called, where that is known; any text.
        age: number of shapes that were written since this one was last.
        cells: solid ones of its grid.
        similarity: of its key and the features of pictures that brought it back, -1 to 1; None where none did.
    """

    slot: int
    id: str | None
    age: int
    cells: int
    similarity: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """What JSON can hold."""
        return {name: value for name, value in asdict(self).items() if name == "id" or value is not None}


class Recollection(NamedTuple):
    """What pictures of an object bring back, the most similar first.

    Attributes:
        shapes: what is known of each.
        grids: their solid cells.
        pictures: as the network sees them.
    """

    shapes: list[Remembered]
    grids: Bool[Tensor, "shape x y z"]
    pictures: Float[Tensor, "view 3 size size"]


class Placed(NamedTuple):
    """What became of shapes that were put into a memory.

    Attributes:
        added: the shapes.
        replaced: those that had to make room, as they were.
    """

    added: list[Remembered]
    replaced: list[Remembered]
