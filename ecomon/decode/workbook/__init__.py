"""Spreadsheets of a bureau: .xlsx, .xls, HTML under the name .xls, CSV and text in any encoding.

``read_grids`` makes grids of cells, ``propose_mapping`` says what their columns seem to be,
``decode`` reads them by a mapping that a person has reviewed.
"""

from ecomon.decode.workbook.grid import Grid, read_grids
from ecomon.decode.workbook.propose import Proposal, propose_mapping
from ecomon.decode.workbook.read import decode

__all__ = ["Grid", "Proposal", "decode", "propose_mapping", "read_grids"]
