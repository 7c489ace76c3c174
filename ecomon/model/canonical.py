"""One form of a JSON document, whose hash two offices can compare."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def canonical_octets(document: Mapping[str, Any]) -> bytes:
    """A JSON document in UTF-8: keys sorted, no spaces, one newline at the end.

    Raises
    ------
    ValueError
        for NaN or infinity, which JSON does not have.
    """
    text = json.dumps(
        document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return (text + "\n").encode()
