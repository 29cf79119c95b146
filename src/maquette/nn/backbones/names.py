"""What the networks are called; known without torch."""

from typing import Literal, get_args

Name = Literal["mobilenet_v2", "resnet18", "resnet34", "resnet50", "vgg16"]
Norm = Literal["frozen", "running"]
NAMES: tuple[str, ...] = get_args(Name)
NORMS: tuple[str, ...] = get_args(Norm)
WITH_WIDTH = "mobilenet_v2"


def check_width(name: str | None, width: float) -> None:
    """Refuse a width that makes no sense, or for a network that comes in one width only.

    Args:
        name: of the network; None where it is not known yet.
        width: factor on its channels.

    Raises:
        ValueError: it is refused.
    """
    if not 0 < width <= 8:
        raise ValueError(f"a width of {width}: use more than 0, at most 8")
    if width != 1 and name not in (None, WITH_WIDTH):
        raise ValueError(f"{name} comes in one width; only {WITH_WIDTH} has others")
