"""Which depths Mesh R-CNN's frustum holds, and hence which of R2N2's cameras; known without torch."""

NEAR, FAR = 0.1, 100.0
A = -(FAR + NEAR) / (FAR - NEAR)
B = -2 * FAR * NEAR / (FAR - NEAR)
Z_RANGE = (0.67, 0.92)  # projected depths at both ends of the frustum
REACH = 1.75  # `renderer.views.R2N2_REACH`
_BALL = 0.5


def depth_of(z: float) -> float:
    """Distance before the camera of a projected depth."""
    return B / (z + A)


DEPTHS = (depth_of(Z_RANGE[0]), depth_of(Z_RANGE[1]))
RATIOS = ((DEPTHS[0] + _BALL) / REACH, (DEPTHS[1] - _BALL) / REACH)  # at which an object's ball fits into it
