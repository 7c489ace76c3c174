from __future__ import annotations

import pytest

from ecomon.example import Basin, simulate_basin


@pytest.fixture(scope="session")
def basin() -> Basin:
    """Three years of the example, one seed for all tests of this folder."""
    return simulate_basin(seed=2025)
