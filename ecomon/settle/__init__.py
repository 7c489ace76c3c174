"""Loads + agreement -> lines -> postings -> statement. No I/O.

``settle_period`` is the way in; ``document_bytes`` is what is kept, hashed and sent.
"""

from ecomon.settle.label import Label
from ecomon.settle.ledger import Posting, check_balance, total_by_party
from ecomon.settle.line import Line, line_reference
from ecomon.settle.period import settle_period
from ecomon.settle.statement import (
    RUN_TYPES_EN,
    STATUS_ZH,
    PartyTotal,
    RunType,
    Statement,
    document_bytes,
)

__all__ = [
    "RUN_TYPES_EN",
    "STATUS_ZH",
    "Label",
    "Line",
    "PartyTotal",
    "Posting",
    "RunType",
    "Statement",
    "check_balance",
    "document_bytes",
    "line_reference",
    "settle_period",
    "total_by_party",
]
