"""One batched Tobit engine (nodes x parameters) for regression, AMLE and WRTDS. No I/O.

``fit_tobit`` takes a design and responses, with a row of weights per node; ``fit_moments`` takes
the weighted sums themselves, which WRTDS forms from factors.
"""

from ecomon.load.tobit.engine import fit_moments, fit_tobit
from ecomon.load.tobit.fits import TobitFits
from ecomon.load.tobit.moments import Moments
from ecomon.load.tobit.precondition import Preconditioned, precondition
from ecomon.load.tobit.responses import CensoredPoints, Responses

__all__ = [
    "CensoredPoints",
    "Moments",
    "Preconditioned",
    "Responses",
    "TobitFits",
    "fit_moments",
    "fit_tobit",
    "precondition",
]
