"""Between two samples a residual decays and returns: the AR(1) bridge, in closed form. No I/O.

``bridge_residuals`` gives the conditional mean of C at every step, ``sum_variance`` the variance
of any sum over it, ``draw_concentrations`` paths; ``correct_by_interpolation`` is the composite
method, the same bridge with a memory that never fades.
"""

from ecomon.load.bridge.composite import correct_by_interpolation, interpolate_residuals
from ecomon.load.bridge.draw import draw_concentrations
from ecomon.load.bridge.memory import Memory, estimate_memory
from ecomon.load.bridge.path import Bridge, bridge_residuals
from ecomon.load.bridge.samples import BridgeSamples
from ecomon.load.bridge.variance import sum_variance

__all__ = [
    "Bridge",
    "BridgeSamples",
    "Memory",
    "bridge_residuals",
    "correct_by_interpolation",
    "draw_concentrations",
    "estimate_memory",
    "interpolate_residuals",
    "sum_variance",
]
