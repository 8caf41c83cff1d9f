"""Archived records for every search: the query set's own SQL, run by DuckDB over the files.

DuckDB speaks PostgreSQL's dialect, so a condition is written once and means the same in both.
Within a file it opens only the row groups whose county, unit, terminal, number, time or plate
(by bloom filter) can fit. It is loaded with the first search that reaches an archived month.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from hengyuan.platform.history import folder
from hengyuan.platform.weighing.archived import ArchivedMonth
from hengyuan.platform.weighing.columns import instant
from hengyuan.platform.weighing.models import Weighing

_AT_ONCE = 1_000
# Look-ups read one or two row groups: a second thread only waits for the first.
# nothing is ever fetched from elsewhere, and what does not fit into memory goes to the usual place
_SETTINGS = """
SET threads = 1;
SET parquet_metadata_cache = true;
SET memory_limit = '1GB';
SET TimeZone = 'UTC';
SET autoinstall_known_extensions = false;
SET autoload_known_extensions = false;
"""


class ArchiveMissing(Exception):
    """A file of an archived month is not in the folder, although the catalogue says so."""


class Reader:
    """What `weighing.archived` asks. One database in memory a process, a cursor a search."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._engine: Any = None
        self._known: list[ArchivedMonth] = []
        self._sign: bytes | None = None

    def months(self) -> list[ArchivedMonth]:
        """The catalogue, read again whenever the folder says that it has changed."""
        sign = folder.change_sign()
        if sign != self._sign:
            from hengyuan.platform.history import queries

            self._known = queries.readable_files()
            # the sign was read first: what changed meanwhile is noticed by the next search
            self._sign = sign
        return self._known

    def forget(self) -> None:
        """Read the catalogue anew at the next search."""
        self._sign = None

    def records(self, months: list[ArchivedMonth], queryset: QuerySet[Any]) -> Iterator[Weighing]:
        names = [field.attname for field in Weighing._meta.concrete_fields]
        converters = [
            getattr(field, "from_db_value", None) for field in Weighing._meta.concrete_fields
        ]
        converters[names.index("weighed_at")] = lambda us, *_: instant(us // 1000)
        selected = ", ".join(
            f'epoch_us("{name}")' if name == "weighed_at" else f'"{name}"' for name in names
        )
        plain = queryset.select_related(None).prefetch_related(None).only(*names)
        for values in self._rows(months, plain.values_list(*names), selected):
            yield Weighing.from_db(
                queryset.db,
                names,
                [
                    value if convert is None else convert(value, None, None)
                    for value, convert in zip(values, converters, strict=True)
                ],
            )

    def count(self, months: list[ArchivedMonth], queryset: QuerySet[Any]) -> int:
        plain = queryset.select_related(None).prefetch_related(None)
        plain.query.clear_ordering(force=True)
        rows = self._rows(months, plain.values_list("seq"), "count(*)")
        return next((count for (count,) in rows), 0)

    def values(self, months: list[ArchivedMonth], queryset: QuerySet[Any]) -> list[dict[str, Any]]:
        cursor = self.cursor()
        try:
            # through Arrow: moments come out of it without a further library
            self._ask(cursor, months, queryset, "*")
            found: list[dict[str, Any]] = cursor.to_arrow_table().to_pylist()
        finally:
            cursor.close()
        names = list(queryset.query.values_select) + list(queryset.query.annotation_select)
        return [dict(zip(names, row.values(), strict=True)) for row in found]

    def _rows(
        self, months: list[ArchivedMonth], queryset: QuerySet[Any], selected: str
    ) -> Iterator[tuple[Any, ...]]:
        cursor = self.cursor()
        try:
            self._ask(cursor, months, queryset, selected)
            while rows := cursor.fetchmany(_AT_ONCE):
                yield from rows
        except EmptyResultSet:
            return
        finally:
            cursor.close()

    @staticmethod
    def _ask(
        cursor: Any, months: list[ArchivedMonth], queryset: QuerySet[Any], selected: str
    ) -> None:
        sql, params = queryset.query.sql_with_params()
        sql = sql % (("?",) * len(params))
        for table in _joined(queryset):
            cursor.register(table, _small_table(table))
        cursor.execute(
            f"WITH weighing AS (SELECT * FROM {files_sql(months)})"  # noqa: S608
            f" SELECT {selected} FROM ({sql})",
            [_plain(value) for value in params],
        )

    def cursor(self) -> Any:
        """A cursor of the process's DuckDB."""
        with self._lock:
            if self._engine is None:
                import duckdb

                self._engine = duckdb.connect(":memory:")
                self._engine.execute(_SETTINGS)
                self._engine.execute("SET temp_directory = $1", [tempfile.gettempdir()])
            return self._engine.cursor()


def files_sql(months: list[ArchivedMonth]) -> str:
    """`read_parquet` of these months' files. ArchiveMissing names the one that is not there."""
    paths = []
    for month in months:
        path = folder.folder() / month.name
        if not path.exists():
            raise ArchiveMissing(f"{path} is missing: the archived month cannot be searched")
        paths.append("'" + str(path).replace("'", "''") + "'")
    return f"read_parquet([{', '.join(paths)}], union_by_name = true)"


def _joined(queryset: QuerySet[Any]) -> set[str]:
    """The ledger's tables that the conditions look into, such as a terminal by its code."""
    tables = {join.table_name for join in queryset.query.alias_map.values()}
    return tables - {Weighing._meta.db_table}


def _small_table(table: str) -> Any:
    """A table of the ledger for DuckDB, which cannot reach the database."""
    import pyarrow as pa

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
        names = [column.name for column in cursor.description or ()]
        columns = list(zip(*cursor.fetchall(), strict=True)) or [()] * len(names)
    return pa.table({name: _column(values) for name, values in zip(names, columns, strict=True)})


def _column(values: Any) -> Any:
    """The values of a column; what Arrow has no type for is of no use in a condition anyway."""
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return pa.array([str(value) for value in values])


def _plain(value: Any) -> Any:
    """Django wraps numbers for its own driver; DuckDB wants them bare."""
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    return int(value)


reader = Reader()
