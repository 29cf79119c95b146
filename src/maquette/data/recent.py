"""`Recent`: tensors that are dear to make and small enough to keep, such as a file's contents."""

from collections.abc import Callable, Hashable

from torch import Tensor


class Recent:
    """Tensors by a key; those asked for last are kept, up to a number of bytes.

    Args:
        most: bytes; the last ones are kept even if they have more.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._kept: dict[Hashable, tuple[Tensor, ...]] = {}
        self._bytes = 0

    def of(self, key: Hashable, make: Callable[[], tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
        """What belongs to a key, made where it is not kept. Nobody may change it."""
        found = self._kept.pop(key, None)
        if found is None:
            found = make()
            self._bytes += _size(found)
        self._kept[key] = found  # the youngest now
        while self._bytes > self.most and len(self._kept) > 1:
            self._bytes -= _size(self._kept.pop(next(iter(self._kept))))
        return found


def _size(tensors: tuple[Tensor, ...]) -> int:
    return sum(tensor.nbytes for tensor in tensors)
