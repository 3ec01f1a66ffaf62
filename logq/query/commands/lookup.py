"""``lookup`` and ``cidrlookup``: columns of a table beside the rows that it knows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlglot import exp

from logq.errors import WrongArguments, located
from logq.query.build import (
    Sql,
    alias,
    all_of,
    case,
    coalesce,
    column,
    eq,
    fn,
    not_null,
    number,
    operate,
    text,
)
from logq.query.command import Command, command, unless
from logq.query.compiler import Step
from logq.query.nodes import Field
from logq.query.scope import Column
from logq.query.sql import evaluate
from logq.query.tables import LookupTable, find_table, network_of, networks
from logq.query.value import NUMERIC, Type, Value, to_dynamic, to_number, to_text

Pair = tuple[Field, Field]
"""A column of the table, and the field of the events that it is compared with or becomes."""


@command("lookup")
@dataclass(frozen=True)
class Lookup(Command):
    """Add columns of a lookup table to the rows whose fields equal its key columns.

    ``OUTPUT`` overwrites fields, also by nothing where the table has no such row; ``OUTPUTNEW``
    only fills those that are missing. Of several rows of the table with one key the first counts.
    ``logq tables`` makes tables from CSV files.
    """

    syntax = "lookup TABLE COLUMN [as FIELD], ... OUTPUT|OUTPUTNEW COLUMN [as NAME], ..."
    examples = ("lookup user_data id OUTPUT name, department | stats count(*) by department",)

    table: str
    keys: tuple[Pair, ...]
    outputs: tuple[Pair, ...]
    only_new: bool = False

    @property
    def keeps_rows(self) -> bool:
        return True

    def name_before(self, name: str) -> str | None:
        return unless(name, [made.name for _, made in self.outputs])

    def apply(self, step: Step) -> Step:
        table = find_table(step.env.others, self.table)
        idents = [step.source.ident(name) for name in table.columns]
        made = step.env.others.register(f"lookup {self.table}", table.arrow(idents))
        keys = [(idents[table.index(key)], field) for key, field in self.keys]
        conditions = [_equal(ident, field, step) for ident, field in keys]
        first = exp.Window(this=exp.RowNumber(), partition_by=[column(ident) for ident, _ in keys])
        rows = exp.Select().select(exp.Star()).from_(_table(made))
        rows.set("qualify", exp.Qualify(this=eq(first, number(1))))
        joined = exp.Join(this=_as(rows, made), side="LEFT", on=all_of(*conditions))
        select = step.select().select(exp.Star()).join(joined)
        step = step.then(self.name, select)
        return _put(step, self.name, table, self.outputs, idents, self.only_new)


@command("cidrlookup")
@dataclass(frozen=True)
class CidrLookup(Command):
    """Add columns of the row of a lookup table whose network holds an address.

    Of several networks the narrowest counts. The networks stand in the column ``cidr``, or in the
    only one that holds networks; ``as`` names another one.
    """

    syntax = "cidrlookup TABLE FIELD [as COLUMN] OUTPUT|OUTPUTNEW COLUMN [as NAME], ..."
    examples = ("cidrlookup net_table srcAddr OUTPUT region, owner",)

    table: str
    field: Field
    cidr: Field | None
    outputs: tuple[Pair, ...]
    only_new: bool = False

    @property
    def keeps_rows(self) -> bool:
        return True

    def name_before(self, name: str) -> str | None:
        return unless(name, [made.name for _, made in self.outputs])

    def apply(self, step: Step) -> Step:
        table = find_table(step.env.others, self.table)
        place = _cidr_column(table) if self.cidr is None else table.index(self.cidr)
        parts = networks(table, place)
        rows = LookupTable(
            table.name,
            ("first", "last", *table.columns),
            tuple((first, last, *table.rows[row]) for first, last, row in parts),
        )
        idents = [step.source.ident(name) for name in rows.columns]
        made = step.env.others.register(f"networks {self.table}", rows.arrow(idents))
        key = step.source.ident("address")
        with located(self.field):
            address = to_text(evaluate(self.field, step.env))
        keyed = _key(address)
        step = step.then(self.name, step.select().select(exp.Star(), alias(keyed, key)))
        first, last = column(idents[0]), column(idents[1])
        nearest = exp.Join(
            this=_table(made), method="ASOF", side="LEFT", on=operate(">=", column(key), first)
        )
        step = step.then(self.name, step.select().select(exp.Star()).join(nearest))
        inside = operate("<=", column(key), last)
        hits = {
            name: Value(Type.TEXT, case((inside.copy(), column(ident))))
            for name, ident in zip(table.columns, idents[2:], strict=True)
        }
        found = [step.source.ident(name) for name in table.columns]
        select = step.select().select(exp.Star())
        for value, ident in zip(hits.values(), found, strict=True):
            select = select.select(alias(value.sql, ident))
        step = step.then(self.name, select)
        return _put(step, self.name, table, self.outputs, found, self.only_new)


def _key(address: Sql) -> Sql:
    """The ``tables.address_key`` of an address; NULL for anything else."""
    v4, v6 = fn("ipv4_number", address), fn("ipv6_hex", address.copy())
    return case(
        (not_null(v4), fn("concat", text("4"), fn("printf", text("%08x"), v4.copy()))),
        (not_null(v6), fn("concat", text("6"), v6.copy())),
    )


def _cidr_column(table: LookupTable) -> int:
    if "cidr" in table.columns:
        return table.columns.index("cidr")
    fitting = [
        place
        for place in range(len(table.columns))
        if table.rows and all(network_of(row[place]) for row in table.rows)
    ]
    if len(fitting) != 1:
        raise WrongArguments(
            f"the table '{table.name}' has no column 'cidr', and not just one that holds networks",
            hint="name the column: cidrlookup TABLE FIELD as COLUMN ...",
        )
    return fitting[0]


def _equal(ident: str, field: Field, step: Step) -> Sql:
    """Equality of a cell and a field (4.1.3): text, or numbers where the field is one."""
    with located(field):
        value = evaluate(field, step.env)
    cell = Value(Type.TEXT, column(ident))
    if value.type in NUMERIC:
        return eq(to_number(value), to_number(cell))
    return eq(to_text(value), cell.sql)


def _table(name: str) -> exp.Table:
    return exp.Table(this=exp.to_identifier(name, quoted=True))


def _as(rows: exp.Select, name: str) -> exp.Subquery:
    return exp.Subquery(this=rows, alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True)))


def _put(
    step: Step,
    name: str,
    table: LookupTable,
    outputs: tuple[Pair, ...],
    idents: list[str],
    only_new: bool,
) -> Step:
    """Give the found cells their names."""
    values: dict[str, Value] = {}
    for wanted, target in outputs:
        cell = Value(Type.TEXT, column(idents[table.index(wanted)]))
        before = _before(step, target) if only_new else None
        values[target.name] = cell if before is None else _filled(before, cell)
    step = step.add(name, values)
    return replace(step, extra=(*step.extra, *values))


def _before(step: Step, target: Field) -> Value | None:
    """What a field is before, None if no row has it."""
    if step.scope.has(target.name):
        return step.scope.columns[target.name].value
    source = step.scope.source
    found: Column | None = source.field(target.name, whole=target.whole) if source else None
    return found.value if found else None


def _filled(before: Value, cell: Value) -> Value:
    if before.type is Type.TEXT:
        return Value(Type.TEXT, coalesce(before.sql, cell.sql))
    return Value(Type.DYNAMIC, coalesce(to_dynamic(before), to_dynamic(cell)))
