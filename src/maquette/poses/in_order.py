"""An order of pictures in which a camera may have gone around an object: each like the next."""

import numpy as np
from jaxtyping import Float


def in_order(likeness: Float[np.ndarray, "picture picture"]) -> list[int]:
    """A closed tour through all pictures, of which neighbours are as like as can be.

    The nearest neighbour first, then two ways are crossed as long as that makes the tour shorter (Croes, 1958).

    Args:
        likeness: of each two pictures, symmetric; more is more alike.

    Returns:
        numbers of the pictures, the first one 0.
    """
    far = likeness.max(initial=0.0) - likeness
    count = len(far)
    tour = [0]
    while len(tour) < count:
        left = [i for i in range(count) if i not in tour]
        tour.append(min(left, key=lambda i: far[tour[-1], i]))
    while _crossed(tour, far):  # each makes the tour shorter
        pass
    return tour


def _crossed(tour: list[int], far: np.ndarray) -> bool:
    """Turn one part of the tour around, where that makes it shorter; whether one was found."""
    count = len(tour)
    for i in range(count - 2):
        for k in range(i + 2, count - (i == 0)):
            a, b, c, d = tour[i], tour[i + 1], tour[k], tour[(k + 1) % count]
            if far[a, c] + far[b, d] < far[a, b] + far[c, d] - 1e-12:
                tour[i + 1 : k + 1] = tour[i + 1 : k + 1][::-1]
                return True
    return False
