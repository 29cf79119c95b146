"""How lenses bend what a pinhole camera would see: the camera models of COLMAP, and those of OpenCV among them.

A lens maps the plane at distance 1 before the camera, where a pinhole sees (x, y) = (X/Z, Y/Z), to the plane that the
focal lengths and the principal point take to pixels. Formulas: COLMAP, `src/colmap/sensor/models.h`; OpenCV's
`calib3d` for OPENCV, FULL_OPENCV and OPENCV_FISHEYE; Devernay and Faugeras 2001 for FOV; Khomutenko et al. 2016 for
EUCM; Fitzgibbon 2001 for the division models.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial

_Bend = Callable[..., tuple[np.ndarray, np.ndarray]]
_TINY = 1e-12


@dataclass(frozen=True)
class Lens:
    """A model by COLMAP's name, and the numbers of its distortion in COLMAP's order."""

    model: str
    numbers: tuple[float, ...]

    def distort(self, points: np.ndarray) -> np.ndarray:
        """Where points of the plane at distance 1 come to be.

        Args:
            points: (..., 2) float64, as a pinhole camera sees them.

        Returns:
            (..., 2); NaN where the lens sees nothing.
        """
        with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
            return np.stack(_BENDS[self.model](points[..., 0], points[..., 1], *self.numbers), axis=-1)


def lens_of(model: str, numbers: tuple[float, ...]) -> Lens | None:
    """The lens of a camera model, None for one that bends nothing; `KeyError` for a model that is not known."""
    bend = _BENDS[model]
    straight = bend is _straight or (bend in (_brown, _division) and not any(numbers))
    return None if straight else Lens(model, numbers)


def _straight(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return x, y


def _brown(
    x: np.ndarray,
    y: np.ndarray,
    k1: float = 0,
    k2: float = 0,
    p1: float = 0,
    p2: float = 0,
    k3: float = 0,
    k4: float = 0,
    k5: float = 0,
    k6: float = 0,
) -> tuple[np.ndarray, np.ndarray]:
    r2 = x * x + y * y
    radial = (1 + r2 * (k1 + r2 * (k2 + r2 * k3))) / (1 + r2 * (k4 + r2 * (k5 + r2 * k6)))
    radial = np.where(r2 <= _fold((1, k1, k2, k3), (1, k4, k5, k6)), radial, np.nan)
    across = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x)
    return across, y * radial + 2 * p2 * x * y + p1 * (r2 + 2 * y * y)


def _fold(upper: tuple[float, ...], lower: tuple[float, ...]) -> float:
    """Up to which square s of r the product r u(s) / v(s) grows; beyond, a lens would show the same again.

    With u and v from their lowest power, its derivative has the sign of u v + 2 s (u' v - u v'). It also ends where v
    becomes 0.
    """
    u, v = Polynomial(upper), Polynomial(lower)
    growth = u * v + 2 * Polynomial((0, 1)) * (u.deriv() * v - u * v.deriv())
    ends = np.concatenate([growth.trim().roots(), v.trim().roots()])
    real = ends.real[(np.abs(ends.imag) < 1e-9) & (ends.real > 0)]
    return float(real.min(initial=np.inf))


def _fisheye(x: np.ndarray, y: np.ndarray, *k: float) -> tuple[np.ndarray, np.ndarray]:
    """The angle theta to the axis instead of its tangent, times 1 + k1 theta^2 + k2 theta^4 + ..."""
    r = np.hypot(x, y)
    theta = np.arctan(r)
    scale = np.where(r > _TINY, theta / np.maximum(r, _TINY), 1.0)
    scale = scale * (1 + sum(number * theta ** (2 * i) for i, number in enumerate(k, 1)))
    scale = np.where(theta**2 <= _fold((1, *k), (1,)), scale, np.nan)
    return x * scale, y * scale


def _thin_prism_fisheye(
    x: np.ndarray,
    y: np.ndarray,
    k1: float,
    k2: float,
    p1: float,
    p2: float,
    k3: float,
    k4: float,
    sx1: float,
    sy1: float,
) -> tuple[np.ndarray, np.ndarray]:
    u, v = _fisheye(x, y)
    r2 = u * u + v * v
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * (k3 + r2 * k4)))
    across = u * radial + 2 * p1 * u * v + p2 * (r2 + 2 * u * u) + sx1 * r2
    return across, v * radial + 2 * p2 * u * v + p1 * (r2 + 2 * v * v) + sy1 * r2


def _rad_tan_thin_prism_fisheye(
    x: np.ndarray, y: np.ndarray, *numbers: float
) -> tuple[np.ndarray, np.ndarray]:
    """k0 to k5, p0, p1, s0 to s3, of Project Aria."""
    p0, p1, s0, s1, s2, s3 = numbers[6:]
    u, v = _fisheye(x, y, *numbers[:6])
    r2 = u * u + v * v
    along = 2 * (u * p0 + v * p1)
    return u * (1 + along) + r2 * (p0 + s0 + s1 * r2), v * (1 + along) + r2 * (p1 + s2 + s3 * r2)


def _fov(x: np.ndarray, y: np.ndarray, omega: float) -> tuple[np.ndarray, np.ndarray]:
    r, wide = np.hypot(x, y), 2 * np.tan(omega / 2)
    if abs(omega) < _TINY:
        return x, y
    scale = np.where(r > _TINY, np.arctan(r * wide) / (np.maximum(r, _TINY) * omega), wide / omega)
    return x * scale, y * scale


def _division(x: np.ndarray, y: np.ndarray, k: float) -> tuple[np.ndarray, np.ndarray]:
    """Of x = x' / (1 + k r'^2) the solution that leaves the middle where it is."""
    scale = 2 / (1 + np.sqrt(1 - 4 * k * (x * x + y * y)))
    return x * scale, y * scale


def _eucm(x: np.ndarray, y: np.ndarray, alpha: float, beta: float) -> tuple[np.ndarray, np.ndarray]:
    depth = alpha * np.sqrt(beta * (x * x + y * y) + 1) + 1 - alpha
    return x / depth, y / depth


_BENDS: dict[str, _Bend] = {
    "SIMPLE_PINHOLE": _straight,
    "PINHOLE": _straight,
    "SIMPLE_RADIAL": _brown,
    "RADIAL": _brown,
    "OPENCV": _brown,
    "FULL_OPENCV": _brown,
    "SIMPLE_RADIAL_FISHEYE": _fisheye,
    "RADIAL_FISHEYE": _fisheye,
    "OPENCV_FISHEYE": _fisheye,
    "SIMPLE_FISHEYE": _fisheye,
    "FISHEYE": _fisheye,
    "THIN_PRISM_FISHEYE": _thin_prism_fisheye,
    "RAD_TAN_THIN_PRISM_FISHEYE": _rad_tan_thin_prism_fisheye,
    "FOV": _fov,
    "SIMPLE_DIVISION": _division,
    "DIVISION": _division,
    "EUCM": _eucm,
}
