"""What is known of official files without torch: which networks of one can be kept, and how it begins."""

from pathlib import Path

from ...io.errors import BadInput, as_bad_input
from ...io.files import need_file

CHOICES = {
    "G_ema": "the averaged generator, for pictures",
    "G_ema+D": "with the discriminator, to train on",
    "G": "the generator of the last step",
    "G+D": "with the discriminator, to train on",
}
_PICKLE = b"\x80"


def need_official(path: Path) -> None:
    """Refuse a file that is missing, or plainly of another kind; the rest is for the reader to say.

    Raises:
        BadInput: it is refused.
    """
    need_file(path)
    with as_bad_input(path, OSError), path.open("rb") as file:
        start = file.read(1)
    if start != _PICKLE:
        raise BadInput(path, "not a pickle, as official networks are kept in")
