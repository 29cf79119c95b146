"""FIR filters: insert zeros, pad, convolve, and keep every n-th sample (Karras et al., CVPR 2020, appendix B)."""

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import conv2d, pad

BINOMIAL = (1.0, 3.0, 3.0, 1.0)
Pair = int | tuple[int, int]
Sides = int | tuple[int, int] | tuple[int, int, int, int]


def fir_filter(taps: Sequence[float], like: Tensor) -> Float[Tensor, "tap tap"]:
    """The outer product of taps with themselves, divided by its sum.

    Args:
        taps: along one axis.
        like: whose device and type it gets.
    """
    line = like.new_tensor(taps)
    return line.outer(line) / line.sum() ** 2


def upfirdn(
    x: Float[Tensor, "batch channel height width"],
    taps: Float[Tensor, "*axes"],
    up: Pair = 1,
    down: Pair = 1,
    padding: Sides = 0,
    flip: bool = False,
    gain: float = 1.0,
) -> Float[Tensor, "batch channel _height _width"]:
    """Insert zeros behind every sample, pad, convolve with a filter, and keep every n-th sample.

    Args:
        x: pictures or features.
        taps: of two axes (y, x), or of one, which stands for both.
        up: samples that one becomes, of them all but the first 0; or (x, y).
        down: of so many samples the first is kept; or (x, y).
        padding: zeros at the edges, behind the inserted ones; or (x, y); or (left, right, top, bottom). Negative
            numbers cut off.
        flip: correlate with the filter instead of convolving.
        gain: factor of the result.
    """
    (up_x, up_y), (down_x, down_y) = _pair(up), _pair(down)
    taps = taps if flip else taps.flip(tuple(range(taps.ndim)))
    x = _spread(x, up_x, up_y)
    left, right, top, bottom = _sides(padding)
    inside = left == right >= 0 and top == bottom >= 0
    border = (top, left) if inside else (0, 0)
    x = x if inside else pad(x, (left, right, top, bottom))
    if taps.ndim == 2:
        return _depthwise(x, taps * gain, (down_y, down_x), border)
    taps = taps * gain**0.5
    x = _depthwise(x, taps[:, None], (down_y, 1), (border[0], 0))
    return _depthwise(x, taps[None], (1, down_x), (0, border[1]))


def upsample(
    x: Float[Tensor, "batch channel height width"], taps: Float[Tensor, "tap tap"]
) -> Float[Tensor, "batch channel _height _width"]:
    """Pictures of twice the size; a constant stays what it is."""
    n = len(taps)
    before, behind = (n + 1) // 2, (n - 2) // 2
    return upfirdn(x, taps, up=2, padding=(before, behind, before, behind), gain=4.0)


def downsample(
    x: Float[Tensor, "batch channel height width"], taps: Float[Tensor, "tap tap"]
) -> Float[Tensor, "batch channel _height _width"]:
    """Pictures of half the size."""
    n = len(taps)
    before, behind = (n - 1) // 2, (n - 2) // 2
    return upfirdn(x, taps, down=2, padding=(before, behind, before, behind))


def _spread(x: Tensor, up_x: int, up_y: int) -> Tensor:
    if up_x == up_y == 1:
        return x
    batch, channels, height, width = x.shape
    x = x.view(batch, channels, height, 1, width, 1)
    return pad(x, (0, up_x - 1, 0, 0, 0, up_y - 1)).view(batch, channels, height * up_y, width * up_x)


def _depthwise(x: Tensor, taps: Tensor, stride: tuple[int, int], border: tuple[int, int]) -> Tensor:
    """Correlate every channel with the same taps."""
    channels = x.shape[1]
    weight = taps.to(x.dtype).expand(channels, 1, *taps.shape).contiguous()
    return conv2d(x, weight, stride=stride, padding=border, groups=channels)


def _pair(value: Pair) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def _sides(value: Sides) -> tuple[int, int, int, int]:
    if isinstance(value, int):
        return value, value, value, value
    if len(value) == 2:
        return value[0], value[0], value[1], value[1]
    return value
