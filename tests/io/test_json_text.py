"""JSON of numbers that it has no word for."""

import json
import math

from maquette.io.json_text import json_text


def test_null_stands_for_what_is_not_finite():
    text = json_text({"a": [math.nan, 1.5], "b": (math.inf, 2), "c": {"d": -math.inf}})
    assert json.loads(text) == {"a": [None, 1.5], "b": [None, 2], "c": {"d": None}}
    assert text.endswith("}\n")
