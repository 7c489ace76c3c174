"""Real readings that travel with the package (kind *real*), in our own tabulated layout."""

from __future__ import annotations

from importlib import resources


def readings() -> dict[str, bytes]:
    """The packaged files of real readings, by file name, in alphabetical order.

    Each is UTF-8 text in the layout that ``ecomon.decode.tabulated`` reads. Its comment lines name
    the source and count the rows left out; every cell is as the source printed it: empty = not
    measured there, ``--`` = missing, ``--!`` = left out by the source as an extreme value.

    Source: CNEMC surface-water automatic monitoring, as collected in the public repository
    jikin001/water_quality (commit 6cbe918); re-tabulated by ``.ci/retabulate_example.py``.
    """
    folder = resources.files("ecomon.example") / "readings"
    files = (entry for entry in folder.iterdir() if entry.name.endswith(".csv"))
    return {file.name: file.read_bytes() for file in sorted(files, key=lambda entry: entry.name)}
