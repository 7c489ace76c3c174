"""What every file of ours by the CF Conventions has alike: time, units, flags.

In memory time is naive Beijing time by contract. In a file it is **seconds since 1970 in UTC**, for
every reader of CF takes a time without a zone for UTC. Units are spelled as UDUNITS reads them, with
our own symbol beside (``unit_symbol``).

Source
------
CF Conventions 1.11: sections 3.1 (units), 3.5 (flags), 4.4 (time), 7.1 (bounds), 7.3 (cell methods).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from ecomon.errors import ContractError
from ecomon.model.flag import Flag
from ecomon.model.unit_codes import UDUNITS

if TYPE_CHECKING:
    import xarray as xr

CONVENTIONS: Final = "CF-1.11"
CENSORS: Final = ("none", "left", "right")
"""A censor variable holds the place in this list."""
CELL_METHODS: Final = {
    "value": "point", "mean": "mean", "min": "minimum", "max": "maximum", "total": "sum",
}  # fmt: skip
TIME_ATTRS: Final[dict[str, Any]] = {
    "standard_name": "time",
    "long_name": "start of the interval, UTC; civil time of China is eight hours more",
    "units": "seconds since 1970-01-01 00:00:00 +00:00",
    "calendar": "standard",
    "units_metadata": "leap_seconds: none",
    "axis": "T",
}
_AHEAD = np.timedelta64(8, "h")  # civil time of China, the whole year


def utc_seconds(beijing: npt.NDArray[np.datetime64]) -> npt.NDArray[np.int64]:
    """Seconds since 1970 in UTC of naive Beijing times, any shape.

    Raises
    ------
    ContractError
        for a time that is missing or has parts of a second: the store keeps whole ones.
    """
    exact = beijing.astype("datetime64[us]") - _AHEAD
    seconds = exact.astype("datetime64[s]")
    if np.isnat(seconds).any() or (seconds != exact).any():
        raise ContractError("a start is missing, or has parts of a second")
    return seconds.astype(np.int64)


def beijing_times(seconds: npt.NDArray[np.int64]) -> npt.NDArray[np.datetime64]:
    """Naive Beijing times, ``datetime64[us]``, of seconds since 1970 in UTC, any shape."""
    return (seconds.astype("datetime64[s]") + _AHEAD).astype("datetime64[us]")


def unit_attrs(symbol: str) -> dict[str, Any]:
    """``units`` for readers of CF, and ``unit_symbol``: ours. ContractError for an unknown unit."""
    if symbol not in UDUNITS:
        raise ContractError(f"no UDUNITS spelling of {symbol!r}; add it to model/unit_codes.py")
    return {"units": UDUNITS[symbol], "unit_symbol": symbol}


def flag_attrs(name: str) -> dict[str, Any]:
    """Attributes of the quality flags (QARTOD) of a quantity called ``name``."""
    return {
        "long_name": f"{name}: quality flag",
        "standard_name": "quality_flag",
        "flag_values": np.array(list(Flag), dtype=np.int8),
        "flag_meanings": " ".join(flag.name.lower() for flag in Flag),
    }


def censor_attrs(name: str) -> dict[str, Any]:
    """Attributes of what says of a quantity called ``name`` whether its value is a bound."""
    return {
        "long_name": f"{name}: censoring (left: below the limit that stands as its value)",
        "flag_values": np.arange(len(CENSORS), dtype=np.int8),
        "flag_meanings": " ".join(CENSORS),
    }


def encode_dataset(dataset: xr.Dataset) -> xr.Dataset:
    """A dataset of :func:`ecomon.model.dataset.to_dataset` as it stands in a file.

    Returns
    -------
    Dataset
        ``time`` and ``time_bounds`` as int64 seconds in UTC; ``units`` by UDUNITS.
    """
    bounds = {"bounds": "time_bounds"} if "time_bounds" in dataset.coords else {}
    moved: dict[str, Any] = {"time": ("time", utc_seconds(dataset["time"].to_numpy()))}
    if bounds:
        moved["time_bounds"] = (("time", "bound"), utc_seconds(dataset["time_bounds"].to_numpy()))
    encoded = dataset.assign_coords(moved)  # pyright: ignore[reportUnknownMemberType]
    encoded["time"].attrs = {**TIME_ATTRS, **bounds}
    for variable in encoded.data_vars.values():
        if "units" in variable.attrs:
            variable.attrs = {**variable.attrs, **unit_attrs(variable.attrs["units"])}
    return encoded


def decode_dataset(dataset: xr.Dataset) -> xr.Dataset:
    """What :func:`encode_dataset` gave, after xarray read it from a file: in naive Beijing time."""
    names = [name for name in ("time", "time_bounds") if name in dataset.variables]
    decoded = dataset.assign_coords(  # pyright: ignore[reportUnknownMemberType]
        {name: (dataset[name].dims, dataset[name].to_numpy() + _AHEAD) for name in names}
    )
    for variable in decoded.data_vars.values():
        if "unit_symbol" in variable.attrs:
            attrs = dict(variable.attrs)
            variable.attrs = {**attrs, "units": attrs.pop("unit_symbol")}
    return decoded
