"""One thread for BLAS: these matrices are small, and threads cost more than they bring."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

from threadpoolctl import ThreadpoolController


@lru_cache(maxsize=1)
def _controller() -> ThreadpoolController:
    # Looking for the libraries takes milliseconds, so it is done once.
    return ThreadpoolController()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread within the block.

    Source
    ------
    Measured: two threads gain 5 % on a quiet machine and lose a factor of 3 to 5 on a busy one
    (loads.md 3).
    """
    with _controller().limit(limits=1):
        yield
