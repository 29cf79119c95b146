"""`BadInput` is one line, whatever a file calls its parts."""

import pytest

from maquette.io.errors import BadInput, ParseError, as_bad_input


def test_place_and_reason_are_one_line() -> None:
    with pytest.raises(BadInput) as caught, as_bad_input("a.pt", ParseError, say="broken"):
        raise ParseError("two\nlines", "tensor a\n\tb")
    assert str(caught.value) == "a.pt: tensor a b: broken: two lines"
    assert (caught.value.place, caught.value.reason) == ("tensor a b", "broken: two lines")
