"""`Measure`: a number that training or an evaluation tells, and which way is better."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """What a number is called, and whether more of it is better.

    Attributes:
        name: in tables and files, such as "fscore".
        label: for people, where there is little room, such as "F@1 %".
        title: for people, where there is room; the label where it is empty.
        higher: whether more is better.
        digits: behind the point, when it is shown.
    """

    name: str
    label: str
    title: str = ""
    higher: bool = True
    digits: int = 3

    def better(self, value: float, than: float | None) -> bool:
        """Whether a value beats another one; any does where there is none yet, and NaN never does."""
        if than is None:
            return value == value
        return value > than if self.higher else value < than

    def text(self, value: float) -> str:
        """The value with the measure's digits."""
        return f"{value:.{self.digits}f}"

    def as_json(self) -> Mapping[str, object]:
        """What files keep of it, so that whoever reads them knows no measure by name."""
        return {
            "name": self.name,
            "label": self.label,
            "title": self.title or self.label,
            "higher": self.higher,
            "digits": self.digits,
        }
