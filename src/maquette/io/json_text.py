"""Numbers as JSON text."""

import json
import math
from typing import Any


def json_text(numbers: Any) -> str:
    """JSON with null for those that it does not know: infinities and NaN. Ends in a line end."""
    return json.dumps(_finite(numbers), indent=1, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
