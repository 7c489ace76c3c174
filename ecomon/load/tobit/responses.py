"""Responses of a regression that may be known only as above, below or between two values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Responses:
    """Bounds of n responses, natural logarithms.

    Parameters
    ----------
    lower, upper : ndarray of float64, shape (n,)
        ``lower == upper`` is a value known exactly; ``lower = -inf`` lies below ``upper``
        (left-censored); ``upper = +inf`` lies above ``lower`` (right-censored, over range);
        otherwise the value lies between the two.

    Raises
    ------
    ContractError
        where a bound is NaN, the bounds are crossed, both are infinite, or the shapes differ.
    """

    lower: Values
    upper: Values

    def __post_init__(self) -> None:
        if self.lower.ndim != 1 or self.lower.shape != self.upper.shape:
            raise ContractError("lower and upper bounds are two vectors of one length")
        says_something = np.isfinite(self.lower) | np.isfinite(self.upper)
        is_wrong = ~(self.lower <= self.upper) | ~says_something
        if is_wrong.any():
            row = int(np.flatnonzero(is_wrong)[0])
            raise ContractError(
                f"response {row}: bounds {self.lower[row]} .. {self.upper[row]} say nothing; "
                "give lower <= upper, one of them finite"
            )

    @property
    def is_exact(self) -> Mask:
        return self.lower == self.upper

    @property
    def stand_ins(self) -> Values:
        """One finite number per response, to start an iteration or to scale by; never a result."""
        middle = (self.lower + self.upper) / 2
        return np.where(
            np.isinf(self.lower), self.upper, np.where(np.isinf(self.upper), self.lower, middle)
        )


@dataclass(frozen=True, slots=True)
class CensoredPoints:
    """The censored responses with their rows of the design, in the engine's own directions.

    With phi = (beta/sigma, 1/sigma) a response below u contributes log Phi(v'phi), v = (-x, u); one
    above l log Phi(v'phi), v = (x, -l); one between l and u log[Phi(v_u'phi) - Phi(v_l'phi)].

    Parameters
    ----------
    one_sided : ndarray of float64, shape (c1, p + 1)
    upper, lower : ndarray of float64, shape (c2, p + 1)
        Directions of the two ends of the intervals.
    stand_ins : ndarray of float64, shape (c1 + c2, p + 1)
        Rows (x, y) with a finite stand-in for y, one-sided ones first.
    order : ndarray of int64, shape (c1 + c2,)
        Rows of the design these points are, one-sided ones first.

    Source
    ------
    Olsen 1978, Econometrica 46, 1211-1215.
    """

    one_sided: Values
    upper: Values
    lower: Values
    stand_ins: Values
    order: npt.NDArray[np.int64]

    @classmethod
    def of(cls, design: Values, responses: Responses) -> CensoredPoints:
        """The censored among ``responses``; ``design`` has a row for each response."""
        is_left = np.isinf(responses.lower)
        is_right = np.isinf(responses.upper)
        is_between = ~responses.is_exact & ~is_left & ~is_right
        ends = np.flatnonzero(is_left | is_right)
        between = np.flatnonzero(is_between)
        sign = np.where(is_left[ends], 1.0, -1.0)[:, None]
        limit = np.where(is_left[ends], responses.upper[ends], responses.lower[ends])
        order = np.concatenate([ends, between])
        return cls(
            one_sided=sign * np.column_stack([-design[ends], limit]),
            upper=np.column_stack([-design[between], responses.upper[between]]),
            lower=np.column_stack([-design[between], responses.lower[between]]),
            stand_ins=np.column_stack([design[order], responses.stand_ins[order]]),
            order=order,
        )

    @property
    def n_one_sided(self) -> int:
        return len(self.one_sided)

    @property
    def n_points(self) -> int:
        return len(self.order)

    def take(self, is_used: Mask) -> CensoredPoints:
        """The points of a mask over ``order``."""
        ends, between = is_used[: self.n_one_sided], is_used[self.n_one_sided :]
        return CensoredPoints(
            self.one_sided[ends],
            self.upper[between],
            self.lower[between],
            self.stand_ins[is_used],
            self.order[is_used],
        )
