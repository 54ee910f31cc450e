"""Statements about many rows at once whose text does not depend on how many: a server plans each of them only once.

PostgreSQL takes the values of a column as one array. SQLite has no arrays and needs none: it is in the same process.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from sqlalchemy import (
    ARRAY,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    Delete,
    Dialect,
    Insert,
    Table,
    Update,
    any_,
    bindparam,
    column,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType

Follows = Callable[[Any], ColumnElement[Any]]
"""What becomes of a value that is given, depending on the row as it is."""


class Among(FunctionElement[bool]):
    """Whether a column is one of the values that are given as a list under a name when the statement runs."""

    name = "among"
    type = Boolean()
    inherit_cache = True

    def __init__(self, which: Column[Any], name: str) -> None:
        super().__init__(which, bindparam(name, type_=which.type, expanding=True))

    def self_group(self, against: OperatorType | None = None) -> Self:
        """As it is: taken for a stored truth value, it would be compared with 1, and SQLite then uses no index."""
        return self


@compiles(Among)
def _listed(element: Among, compiler: SQLCompiler, **options: Any) -> str:
    which, values = element.clauses
    return compiler.process(which.in_(values), **options)


@compiles(Among, "postgresql")
def _in_an_array(element: Among, compiler: SQLCompiler, **options: Any) -> str:
    which, values = element.clauses
    return compiler.process(which == any_(bindparam(values.key, type_=ARRAY(which.type))), **options)


class Adding:
    """Rows that are added to a table, with what is to be known of them then, in any order."""

    def __init__(self, table: Table, *names: str, returning: Sequence[Column[Any]] = ()) -> None:
        self._names = names
        self._one_by_one = _Prepared(insert(table), names)
        self._returned = insert(table).returning(*returning) if returning else None
        given = _given(table, {name: name for name in names})
        self._all = insert(table).from_select(list(names), select(given))
        if returning:
            self._all = self._all.returning(*returning)

    def add(self, connection: Connection, rows: Sequence[Mapping[str, object]]) -> CursorResult[Any]:
        """Add rows, at least one, each with a value for every name."""
        if connection.dialect.name == "postgresql":
            return connection.execute(self._all, {name: [row[name] for row in rows] for name in self._names})
        if self._returned is not None:
            return connection.execute(self._returned, [dict(row) for row in rows])
        return self._one_by_one.run(connection, rows)


class Changing:
    """Rows of a table, found by `key`, that get values of their own, or what `follows` from a value and the row."""

    def __init__(self, table: Table, key: str, *names: str, follows: Mapping[str, Follows] | None = None) -> None:
        self._names = names
        rules = follows or {}

        def values(given: Mapping[str, Any]) -> dict[str, Any]:
            return {name: rules[name](given[name]) if name in rules else given[name] for name in names}

        single = {name: bindparam(name, type_=table.c[name].type) for name in names}
        one = update(table).where(table.c[key] == bindparam("of_row")).values(values(single))
        self._one_by_one = _Prepared(one)
        given = _given(table, {"of_row": key, **{name: name for name in names}})
        self._all = update(table).where(table.c[key] == given.c.of_row).values(values(given.c))

    def change(self, connection: Connection, rows: Sequence[Mapping[str, object]]) -> int:
        """Change rows, each given as a value for every name and the key under `of_row`; how many there were."""
        if connection.dialect.name == "postgresql":
            given = {name: [row[name] for row in rows] for name in ("of_row", *self._names)}
            return connection.execute(self._all, given).rowcount
        return self._one_by_one.run(connection, rows).rowcount


class Removing:
    """Rows of a table that go, found by `key`."""

    def __init__(self, table: Table, key: str) -> None:
        self._one_by_one = _Prepared(delete(table).where(table.c[key] == bindparam("of_row")))
        self._all = delete(table).where(Among(table.c[key], "rows"))

    def remove(self, connection: Connection, keys: Sequence[object]) -> None:
        """Remove the rows that these keys name, at least one."""
        if connection.dialect.name == "postgresql":
            connection.execute(self._all, {"rows": list(keys)})
        else:
            self._one_by_one.run(connection, [{"of_row": key} for key in keys])


class _Prepared:
    """A statement for SQLite, made ready once: SQLAlchemy's own way to the driver takes longer than SQLite itself."""

    def __init__(self, statement: Insert | Update | Delete, names: Sequence[str] | None = None) -> None:
        self._statement = statement
        self._names = names
        self._ready: tuple[str, Sequence[tuple[str, Callable[[Any], Any] | None]]] | None = None

    def run(self, connection: Connection, rows: Sequence[Mapping[str, object]]) -> CursorResult[Any]:
        """Run it for each of these rows, which name a value for every parameter."""
        text, parameters = self._ready = self._ready or self._compiled(connection.dialect)
        given = [tuple(row[name] if bind is None else bind(row[name]) for name, bind in parameters) for row in rows]
        return connection.exec_driver_sql(text, given if len(given) > 1 else given[0])

    def _compiled(self, dialect: Dialect) -> tuple[str, list[tuple[str, Callable[[Any], Any] | None]]]:
        compiled = self._statement.compile(dialect=dialect, column_keys=self._names)
        types = [(name, compiled.binds[name].type.dialect_impl(dialect)) for name in compiled.positiontup or ()]
        return str(compiled), [(name, kind.bind_processor(dialect)) for name, kind in types]


def _given(table: Table, names: Mapping[str, str]) -> Any:
    """The rows as PostgreSQL is given them: an array for each name, of the type of the column it stands for."""
    types = {name: table.c[of].type for name, of in names.items()}
    arrays = (bindparam(name, type_=ARRAY(kind)) for name, kind in types.items())
    columns = (column(name, kind) for name, kind in types.items())
    return func.unnest(*arrays).table_valued(*columns, name="given").render_derived()
