"""The rows of a relation as they are exported: computed within bounded memory, and redacted."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb

from source_opsgenie.archive.export.redaction import Redaction
from source_opsgenie.archive.export.relations import Relation, computed, fetch_batches

Batch = Sequence[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of an open archive, from which *redaction* takes what is personal."""

    database: duckdb.DuckDBPyConnection
    redaction: Redaction

    @contextmanager
    def prepare(self, relation: Relation) -> Iterator[Relation]:
        """Yield what is to be exported of *relation*."""
        with computed(self.database, relation) as source:
            yield self.redaction.apply(self.database, source)

    def fetch(self, relation: Relation) -> Iterator[Batch]:
        """The rows of a prepared *relation* as Python values, some at a time."""
        return fetch_batches(self.database, relation)
