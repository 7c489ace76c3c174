"""The system of record: observations by revision, judgements, results, runs, alerts.

``Store`` is the way in; SQLite by path, a PostgreSQL-family database by URL.
"""

from ecomon.store.blobs import Octets
from ecomon.store.ingest import IngestReport
from ecomon.store.results import WriteReport
from ecomon.store.statements import StoredStatement
from ecomon.store.store import Store

__all__ = ["IngestReport", "Octets", "Store", "StoredStatement", "WriteReport"]
