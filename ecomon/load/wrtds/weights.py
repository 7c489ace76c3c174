"""Tricube weights of WRTDS, factorised into discharge and time-and-season, and their widening."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ecomon.load.wrtds.settings import WrtdsSettings

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

GROWTH = 1.1
# The season window cannot exceed half a year: it is then the whole year.
SEASON_MAX = 0.5
# 1.1 to this power is 2e8: no record is longer, so a node that has not passed by then never will.
LEVELS_MAX = 200


@dataclass(frozen=True, slots=True)
class Distances:
    """From k nodes to n samples: years apart, seasons apart, and the windows at level 0.

    ``season_capped`` is the season weight once its window has reached its cap, which it has from
    the start at the default width.
    """

    time: Values
    season: Values
    season_capped: Values
    window_y: Values

    @classmethod
    def between(
        cls,
        nodes: Values,
        samples: Values,
        settings: WrtdsSettings,
        bounds: tuple[float, float],
    ) -> Distances:
        """Of nodes (k,) and samples (n,), decimal years; ``bounds`` are the ends of the record."""
        difference = samples[None, :] - nodes[:, None]
        season = np.abs(difference - np.rint(difference))
        capped = tricube(season / season_window(settings, LEVELS_MAX))
        return cls(np.abs(difference), season, capped, edge_windows(nodes, settings, bounds))

    def take(self, rows: Mask) -> Distances:
        if rows.all():
            return self
        return Distances(
            self.time[rows], self.season[rows], self.season_capped[rows], self.window_y[rows]
        )

    def weights(self, settings: WrtdsSettings, level: int) -> Values:
        """Product of the time and season weights at a level of widening, shape (k, n)."""
        width = season_window(settings, level)
        is_capped = width == season_window(settings, LEVELS_MAX)
        season = self.season_capped if is_capped else tricube(self.season / width)
        weights = tricube(self.time / (self.window_y * GROWTH**level)[:, None])
        weights *= season
        return weights


def tricube(u: Values) -> Values:
    """(1 - u^3)^3 below one, else 0, for u >= 0.

    Parameters
    ----------
    u : ndarray of float64, any shape

    Returns
    -------
    ndarray of the shape of u

    Source
    ------
    Tukey's tricube, as in Hirsch, Moyer and Archfield 2010, JAWRA 46 (loads.md 5.1).
    """
    kept = np.minimum(u, 1.0)
    # In place: these arrays are the largest of the model, and memory is what takes the time.
    square = kept * kept
    kept *= square
    np.subtract(1.0, kept, out=kept)
    np.multiply(kept, kept, out=square)
    kept *= square
    return kept


def edge_windows(nodes: Values, settings: WrtdsSettings, bounds: tuple[float, float]) -> Values:
    """Half-width in years at each node before any widening.

    With d = distance to the nearer end, h stays h where d > h and becomes 2h - d elsewhere.

    Parameters
    ----------
    nodes : ndarray of float64, shape (k,), decimal years
    settings : WrtdsSettings
    bounds : (first, last), decimal years

    Returns
    -------
    ndarray of float64, shape (k,)

    Source
    ------
    EGRET 3.0.12, edgeAdjust (loads.md 5.1).
    """
    width = np.full(len(nodes), settings.window_y)
    if not settings.edge_adjust:
        return width
    distance = np.minimum(nodes - bounds[0], bounds[1] - nodes)
    return np.where(distance > width, width, 2 * width - distance)


def season_window(settings: WrtdsSettings, level: int) -> float:
    """Half-width of the season window at a level; a window given above half a year stays.

    Parameters
    ----------
    settings : WrtdsSettings
    level : int

    Returns
    -------
    float, years

    Source
    ------
    EGRET 3.0.12 (loads.md 5.1): capped at half a year.
    """
    if settings.window_s > SEASON_MAX:
        return settings.window_s
    return min(settings.window_s * GROWTH**level, SEASON_MAX)
