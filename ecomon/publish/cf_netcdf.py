"""An encoded dataset as the octets of a netCDF-4 file, and such octets read back; all in memory.

Texts are character arrays in UTF-8, which compress and which every reader takes. The same dataset
gives the same octets.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt
import xarray as xr

from ecomon.errors import ContractError, SourceRefused
from ecomon.publish.hdf5_root import strip_times

_NAME = "readings.nc"  # of the file in memory; it stands nowhere in the octets
_LEVEL = 4


def netcdf_octets(dataset: xr.Dataset) -> bytes:
    """The dataset as a netCDF-4 file.

    Parameters
    ----------
    dataset : Dataset
        Of :func:`ecomon.publish.cf.cf_dataset`: arrays of numbers and of texts, every dim at least 1.

    Raises
    ------
    ContractError
        for a text with a NUL, which ends a text in netCDF.
    """
    from netCDF4 import Dataset

    file = Dataset(_NAME, "w", format="NETCDF4", memory=1 << 20)
    for name, size in dataset.sizes.items():
        file.createDimension(str(name), size)
    for name, variable in dataset.variables.items():
        values, dims = variable.to_numpy(), tuple(map(str, variable.dims))
        attrs = dict(variable.attrs)
        if values.dtype == object:
            values, attrs = _characters(str(name), values), {**attrs, "_Encoding": "utf-8"}
            width = f"string{values.shape[-1]}"
            if width not in file.dimensions:
                file.createDimension(width, values.shape[-1])
            dims = (*dims, width)
        made = file.createVariable(
            str(name), cast(Any, values.dtype), dims, zlib=True, complevel=_LEVEL, shuffle=True,
            fill_value=attrs.pop("_FillValue", None),
        )  # fmt: skip
        made.set_auto_mask(False)
        made.set_auto_chartostring(False)
        made.setncatts(attrs)
        made[...] = values
    file.setncatts(dataset.attrs)
    return strip_times(bytes(file.close()))


def _characters(name: str, texts: npt.NDArray[Any]) -> npt.NDArray[np.bytes_]:
    octets = [str(text).encode() for text in texts.ravel()]
    if any(b"\0" in one for one in octets):
        raise ContractError(f"{name}: a text with a NUL cannot stand in netCDF; export it as CSV")
    width = max(1, *map(len, octets))
    return np.array(octets, dtype=f"S{width}").view("S1").reshape(*texts.shape, width)


def read_netcdf(octets: bytes) -> xr.Dataset:
    """The encoded dataset that :func:`netcdf_octets` was given.

    Raises
    ------
    SourceRefused
        where the octets are no netCDF.
    """
    from netCDF4 import Dataset

    try:
        file = Dataset(_NAME, "r", memory=octets)
    except OSError as wrong:
        raise SourceRefused(f"no netCDF: {wrong}") from None
    with file:
        file.set_auto_mask(False)
        file.set_auto_scale(False)
        file.set_auto_chartostring(False)
        variables = {name: _read_variable(one) for name, one in file.variables.items()}
        return xr.Dataset(variables, attrs={name: file.getncattr(name) for name in file.ncattrs()})


def _read_variable(variable: Any) -> tuple[tuple[str, ...], npt.NDArray[Any], dict[str, Any]]:
    values, dims = np.ascontiguousarray(variable[...]), variable.dimensions
    attrs = {name: variable.getncattr(name) for name in variable.ncattrs()}
    if attrs.pop("_Encoding", None) is None:
        return dims, values, attrs
    width = values.shape[-1]
    octets = values.view(f"S{width}").reshape(values.shape[:-1])
    texts = np.array([one.decode() for one in octets.ravel()], dtype=object)
    return dims[:-1], texts.reshape(octets.shape), attrs
