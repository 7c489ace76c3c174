"""Octets to observations: one module per feed, none of which reads a file.

A decoder takes ``Iterable[bytes]`` and yields ``Batch | Rejected``. What it cannot read as a
whole raises ``SourceRefused``; a row or a cell it cannot read becomes a ``Rejected`` with its
reason, so that every data row of a file is accounted for.
"""
