"""View codes: styles of the first layers, which show whatever the others are of from a known side.

That the first layers carry the viewpoint, and that styles shared by all samples give aligned views: Zhang et al.,
GANverse3D, ICLR 2021, section 3, where they are chosen by hand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ...io.errors import BadInput, as_bad_input
from ...metrics.protocols.viewpoint import angle_between
from ...training.weights import load_weights, save_weights
from .encoder import fingerprint
from .network import Generator

KIND = "stylegan2_view_codes"
_CIRCLE = 360.0


@dataclass(frozen=True, eq=False)
class ViewCodes:
    """View codes in the order of their azimuths.

    Attributes:
        styles: of the first layers, those that carry the viewpoint.
        azimuth: degrees in [0, 360) from the objects' front, +Z, towards +X.
        elevation: degrees above the horizon.
        agreement: share of objects that each was seen to show from within 15 degrees of its azimuth.
        measured: numbers of how they were found, as JSON can hold them.
    """

    styles: Float[Tensor, "code layer w_dim"]
    azimuth: Float[Tensor, " code"]
    elevation: Float[Tensor, " code"]
    agreement: Float[Tensor, " code"]
    measured: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.azimuth)

    @property
    def layers(self) -> int:
        """How many first layers have their styles."""
        return self.styles.shape[1]

    def choose(self, numbers: Sequence[int]) -> "ViewCodes":
        """Some of the codes."""
        at = list(numbers)
        angles = self.azimuth[at], self.elevation[at], self.agreement[at]
        return ViewCodes(self.styles[at], *angles, self.measured)

    def around(self, count: int) -> "ViewCodes":
        """So many of the codes, at azimuths as even as there are, in rising order.

        Raises:
            ValueError: fewer than one, or more than there are.
        """
        if not 1 <= count <= len(self):
            raise ValueError(f"views {count}: there are view codes of {len(self)}")
        return self.choose(evenly(self.azimuth, count))


def evenly(azimuth: Float[Tensor, " code"], count: int) -> list[int]:
    """Numbers of angles that lie about evenly around the circle, in the order of their angles.

    From each angle on the nearest that are left to even steps are taken; the start with the least deviations counts.

    Args:
        azimuth: degrees.
        count: how many, at most as many as there are.
    """
    steps = torch.arange(count) * _CIRCLE / count
    best: tuple[float, list[int]] = (float("inf"), [])
    for start in azimuth.tolist():
        off = angle_between(azimuth[:, None], start + steps)
        taken: list[int] = []
        for step in range(count):
            off[taken, step] = _CIRCLE
            taken.append(int(off[:, step].argmin()))
        total = float(off[taken, torch.arange(count)].sum())
        best = min(best, (total, taken))
    return sorted(best[1], key=lambda i: float(azimuth[i] % _CIRCLE))


def seen_from(
    styles: Float[Tensor, "object style w_dim"], codes: Float[Tensor, "code layer w_dim"]
) -> Float[Tensor, "object code style w_dim"]:
    """Every object with the first layers' styles of every code."""
    layers = codes.shape[1]
    made = styles[:, None].repeat(1, len(codes), 1, 1)
    made[:, :, :layers] = codes
    return made


def save_view_codes(path: str | PathLike[str], codes: ViewCodes, generator: Generator) -> None:
    """Write the file that `load_view_codes` reads; raises BadInput where it cannot be written."""
    names = ("styles", "azimuth", "elevation", "agreement")
    tensors = {name: getattr(codes, name) for name in names}
    about = {"generator": fingerprint(generator), "measured": dict(codes.measured)}
    save_weights(path, tensors, KIND, generator.config.variant, about, "float32")


def load_view_codes(path: str | PathLike[str], generator: Generator) -> ViewCodes:
    """The view codes of a generator, on its device.

    Raises:
        BadInput: no such file, broken, or view codes of another generator.
    """
    found = load_weights(path, KIND)
    config, tensors = generator.config, found.tensors
    styles = tensors.get("styles")
    if (
        styles is None
        or styles.ndim != 3
        or styles.shape[2] != config.w_dim
        or not 0 < styles.shape[1] <= config.styles
    ):
        has = "no styles" if styles is None else f"styles of {' x '.join(map(str, styles.shape))}"
        raise BadInput(
            found.path, f"has {has}; these weights need codes of up to {config.styles} x {config.w_dim}"
        )
    angles = [tensors.get(name) for name in ("azimuth", "elevation", "agreement")]
    if any(one is None or one.shape != styles.shape[:1] for one in angles) or not len(styles):
        raise BadInput(found.path, "does not say of each view code where it looks from")
    if found.config.get("generator") != fingerprint(generator):
        raise BadInput(
            found.path, "has view codes of other weights of this size; `maquette view-codes` finds some"
        )
    with as_bad_input(found.path, ValueError, say="the settings in its header"):
        measured = found.config.get("measured", {})
        if not isinstance(measured, Mapping):
            raise ValueError("measured must be an object")
    device = generator.mapping.w_avg.device
    azimuth, elevation, agreement = (one for one in angles if one is not None)
    return ViewCodes(styles.to(device), azimuth, elevation, agreement, measured)
