"""A balanced k-d tree over points, segments or triangles in space, for exact nearest-neighbour searches.

The tree needs no pointers. Node 1 is the root and the children of node k are 2k and 2k + 1; node `k` of
level `l` (its number without the leading bit) owns the sorted items `[n*k >> l, n*(k+1) >> l)`, so every
leaf holds nearly the same number of items however they cluster, and a far outlier or a thousand duplicates
cost nothing. A node keeps the box around its items and their smallest index; the latter lets a search stop
early among equal distances.

On CUDA the tree is a single leaf, that is, a search looks at every item: the threads make up for it.
"""

from dataclasses import dataclass

import torch
import warp as wp
from jaxtyping import Float, Int
from torch import Tensor

from maquette.kernels.launch import launch

_LEAF = 16
_FEW = 64  # so few items are looked at one by one in less time than a tree takes to be made
LAST_INDEX = wp.constant(2147483647)


@dataclass(frozen=True)
class Tree:
    """One tree a cloud; clouds lie one after the other in packed form.

    `order[i]` is the index, within its cloud, of the item at sorted place i. Boxes of cloud n start at
    `n << (levels + 1)`.
    """

    first: Int[Tensor, " cloud"]
    count: Int[Tensor, " cloud"]
    order: Int[Tensor, " item"]
    box_low: Float[Tensor, "node 3"]
    box_high: Float[Tensor, "node 3"]
    box_least: Int[Tensor, " node"]
    levels: int

    def sort(self, packed: Float[Tensor, "item ..."]) -> Float[Tensor, "item ..."]:
        """Packed items in the order of the tree."""
        if self.levels == 0:
            return packed
        rows = (
            self.order + self.first[_cloud_of(len(packed), self.first)] if len(self.first) > 1 else self.order
        )
        return packed[rows]


@wp.func
def extent(d: wp.vec3, norm: int) -> float:
    """Squared Euclidean length, or sum of absolute values."""
    if norm == 1:
        return wp.abs(d[0]) + wp.abs(d[1]) + wp.abs(d[2])
    return d[0] * d[0] + d[1] * d[1] + d[2] * d[2]


@wp.func
def precedes(a: float, a_index: int, b: float, b_index: int) -> bool:
    """Order of candidates: by distance, then by index."""
    return a < b or (a == b and a_index < b_index)


@wp.func
def _range_start(count: int, node: int, level: int) -> int:
    """First sorted item of the `node`-th node of a level."""
    return int((wp.int64(count) * wp.int64(node)) >> wp.int64(level))


@wp.struct
class Walk:
    """A search through one tree, at `node` of `level`; at its end at node 0.

    low, high: box of what asks. norm: of distances. slack: a factor of the distances of nodes. boxes: place of
    the tree's boxes. levels: those of the tree. trail: one bit a level, the lowest for the node's own, whether
    its sibling is still to be visited.
    """

    low: wp.vec3
    high: wp.vec3
    norm: int
    slack: float
    boxes: int
    levels: int
    node: int
    level: int
    trail: int


@wp.func
def walk_from_root(low: wp.vec3, high: wp.vec3, norm: int, slack: float, cloud: int, levels: int) -> Walk:
    """A search that begins."""
    walk = Walk()
    walk.low = low
    walk.high = high
    walk.norm = norm
    walk.slack = slack
    walk.boxes = cloud << (levels + 1)
    walk.levels = levels
    walk.node = 1
    return walk


@wp.func
def leaf_start(walk: Walk, count: int, further: int) -> int:
    """First sorted item of the leaf that a search is at, or of the one that lies `further` on."""
    return _range_start(count, walk.node - (1 << walk.levels) + further, walk.levels)


@wp.func
def _bound(
    walk: Walk, box: int, box_low: wp.array(dtype=wp.vec3), box_high: wp.array(dtype=wp.vec3)
) -> float:
    """How far a box lies from what asks."""
    apart = wp.max(wp.max(box_low[box] - walk.high, walk.low - box_high[box]), wp.vec3(0.0))
    return walk.slack * extent(apart, walk.norm)


@wp.func
def _may_improve(
    bound: float, box: int, box_least: wp.array(dtype=int), best: float, best_index: int
) -> bool:
    """Whether a box no nearer than `bound` may hold a better candidate; looks up its index only on a tie."""
    if bound < best:
        return True
    if bound > best:
        return False
    return box_least[box] < best_index


@wp.func
def step(
    walk: Walk,
    best: float,
    best_index: int,
    box_low: wp.array(dtype=wp.vec3),
    box_high: wp.array(dtype=wp.vec3),
    box_least: wp.array(dtype=int),
) -> Walk:
    """To the next node that may hold a better candidate than the best so far: nearer children first."""
    node = walk.node
    level = walk.level
    trail = walk.trail
    down = bool(False)
    if level < walk.levels:
        a = walk.boxes + 2 * node
        a_bound = _bound(walk, a, box_low, box_high)
        b_bound = _bound(walk, a + 1, box_low, box_high)
        near = int(b_bound < a_bound)
        if a_bound == b_bound:
            near = int(box_least[a + 1] < box_least[a])
        if _may_improve(wp.min(a_bound, b_bound), a + near, box_least, best, best_index):
            down = True
            far_too = _may_improve(wp.max(a_bound, b_bound), a + 1 - near, box_least, best, best_index)
            trail = 2 * trail + int(far_too)
            node = 2 * node + near
            level += 1
    while not down and node > 0:
        while level > 0 and (trail & 1) == 0:
            trail = trail >> 1
            node = node >> 1
            level -= 1
        if level == 0:
            node = 0
        else:
            trail = trail - 1
            node = node ^ 1
            box = walk.boxes + node
            down = _may_improve(_bound(walk, box, box_low, box_high), box, box_least, best, best_index)
    walk.node = node
    walk.level = level
    walk.trail = trail
    return walk


@wp.func
def _key(at: int, axis: int, first: int, order: wp.array(dtype=int), low: wp.array(dtype=wp.vec3),
         high: wp.array(dtype=wp.vec3)) -> float:  # fmt: skip
    item = first + order[at]
    return low[item][axis] + high[item][axis]


@wp.func
def _pivot(left: int, right: int, axis: int, first: int, order: wp.array(dtype=int),
           low: wp.array(dtype=wp.vec3), high: wp.array(dtype=wp.vec3)) -> float:  # fmt: skip
    """Median of three keys at scattered places, so that no regular arrangement is a bad case."""
    span = right - left + 1
    a = _key(left + span / 2, axis, first, order, low, high)
    b = _key(left + ((left * 7919 + right * 104729) & 0x3FFFFFFF) % span, axis, first, order, low, high)
    c = _key(left + ((left * 15485863 + right * 1299709) & 0x3FFFFFFF) % span, axis, first, order, low, high)
    return wp.max(wp.min(a, b), wp.min(wp.max(a, b), c))


@wp.func
def _select(begin: int, end: int, middle: int, axis: int, first: int, order: wp.array(dtype=int),
            low: wp.array(dtype=wp.vec3), high: wp.array(dtype=wp.vec3)) -> None:  # fmt: skip
    """Hoare's selection: no item before `middle` has a larger key than any item from `middle` on."""
    left = int(begin)
    right = int(end - 1)
    while left < right:
        pivot = _pivot(left, right, axis, first, order, low, high)
        i = int(left)
        j = int(right)
        while i <= j:
            while _key(i, axis, first, order, low, high) < pivot:
                i += 1
            while pivot < _key(j, axis, first, order, low, high):
                j -= 1
            if i <= j:
                kept = order[i]
                order[i] = order[j]
                order[j] = kept
                i += 1
                j -= 1
        if middle <= j:
            right = j
        elif middle >= i:
            left = i
        else:
            left = right


@wp.func
def _widest(size: wp.vec3) -> int:
    if size[0] >= size[1] and size[0] >= size[2]:
        return 0
    if size[1] >= size[2]:
        return 1
    return 2


@wp.kernel(enable_backward=False)
def _split(
    start: int,
    from_level: int,
    to_level: int,
    levels: int,
    firsts: wp.array(dtype=int),
    counts: wp.array(dtype=int),
    low: wp.array(dtype=wp.vec3),
    high: wp.array(dtype=wp.vec3),
    order: wp.array(dtype=int),
    box_low: wp.array(dtype=wp.vec3),
    box_high: wp.array(dtype=wp.vec3),
    box_least: wp.array(dtype=int),
) -> None:
    """One node of `from_level`: box and halve it and the nodes below it, down to `to_level`."""
    item = start + wp.tid()
    cloud = item >> from_level
    top = item & ((1 << from_level) - 1)
    first = firsts[cloud]
    count = counts[cloud]
    for level in range(from_level, to_level):
        below = level - from_level
        for node in range(top << below, (top + 1) << below):
            begin = first + _range_start(count, node, level)
            end = first + _range_start(count, node + 1, level)
            small = wp.vec3(wp.inf)
            large = wp.vec3(-wp.inf)
            least = int(LAST_INDEX)
            for i in range(begin, end):
                index = order[i]
                small = wp.min(small, low[first + index])
                large = wp.max(large, high[first + index])
                least = wp.min(least, index)
            slot = (cloud << (levels + 1)) + (1 << level) + node
            box_low[slot] = small
            box_high[slot] = large
            box_least[slot] = least
            if level < levels and end - begin > 1:
                middle = first + _range_start(count, 2 * node + 1, level + 1)
                _select(begin, end, middle, _widest(large - small), first, order, low, high)


def build_tree(
    low: Float[Tensor, "item 3"],
    high: Float[Tensor, "item 3"],
    first: Int[Tensor, " cloud"],
    count: Int[Tensor, " cloud"],
    largest: int,
) -> Tree:
    """Trees over items with boxes `low` to `high` (the same tensor twice for points).

    Args:
        first, count: where each cloud begins among the packed items, and how many it has (int32).
        largest: an upper bound of `count`.
    """
    device, clouds = low.device, len(first)
    levels = (-(-largest // _LEAF) - 1).bit_length() if device.type == "cpu" and largest > _FEW else 0
    nodes = clouds << (levels + 1)
    box_low, box_high = low.new_empty(nodes, 3), low.new_empty(nodes, 3)
    box_least = torch.empty(nodes, dtype=torch.int32, device=device)
    order = _index_within_cloud(len(low), first)
    if levels > 0:
        serial = min(levels, _serial_levels(clouds))
        rest = (levels, first, count, low, high, order, box_low, box_high, box_least)
        if serial > 0:
            launch(_split, clouds, [0, serial, *rest], device)
        launch(_split, clouds << serial, [serial, levels + 1, *rest], device)
    return Tree(first, count, order, box_low, box_high, box_least, levels)


def _serial_levels(clouds: int) -> int:
    """Levels that one thread a cloud has to split before there is a subtree for each thread."""
    return (-(-torch.get_num_threads() // max(clouds, 1)) - 1).bit_length()


def _index_within_cloud(items: int, first: Int[Tensor, " cloud"]) -> Int[Tensor, " item"]:
    place = torch.arange(items, dtype=torch.int32, device=first.device)
    return place - first[_cloud_of(items, first)] if len(first) > 1 else place


def _cloud_of(items: int, first: Int[Tensor, " cloud"]) -> Int[Tensor, " item"]:
    place = torch.arange(items, dtype=torch.int32, device=first.device)
    return torch.bucketize(place, first, right=True) - 1
