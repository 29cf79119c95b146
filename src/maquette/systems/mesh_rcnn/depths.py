"""Which depths Mesh R-CNN's frustum holds, and hence which of R2N2's cameras; known without torch."""

Range = tuple[float, float]

NEAR, FAR = 0.1, 100.0
A = -(FAR + NEAR) / (FAR - NEAR)
B = -2 * FAR * NEAR / (FAR - NEAR)
Z_RANGE: Range = (0.67, 0.92)  # projected depths at both ends of the frustum, as published
CLOSE: Range = (0.775, 0.898)  # around objects that stand 1.4 before the camera (ratio 0.8)
REACH = 1.75  # `renderer.views.R2N2_REACH`
_BALL = 0.5


def depth_of(z: float) -> float:
    """Distance before the camera of a projected depth."""
    return B / (z + A)


def ratios(z_range: Range = Z_RANGE) -> Range:
    """Least and largest of R2N2's ratios of distances at which an object's ball fits into a frustum."""
    near, far = (depth_of(z) for z in z_range)
    return (near + _BALL) / REACH, (far - _BALL) / REACH
