"""The events a query reads: which fields they have, and the SQL that reads just those.

A query's fields are known only when it is compiled, so ``Source`` collects what is asked for and
then writes the first step, ``events``: one arm for each group of pieces that hold the asked fields
in the same way, put together by UNION ALL. A field that all pieces hold as one type keeps it; one
whose type differs between pieces, or that must be read from documents, is ``DYNAMIC``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlglot import exp

from logq import model
from logq.model import Doc, Kind, Piece, Snapshot
from logq.query import nodes
from logq.query.build import (
    NULL,
    Sql,
    alias,
    all_of,
    any_of,
    boolean,
    case,
    cast,
    column,
    eq,
    fn,
    member,
    negate,
    number,
    operate,
    text,
    timestamp,
)
from logq.query.scope import Column, json_at
from logq.query.system_fields import LOG, SYSTEM_FIELDS
from logq.query.value import Type, Value, to_dynamic

EVENTS = "events"

_SYSTEM: dict[str, Type] = {
    **{name: field.type for name, field in SYSTEM_FIELDS.items()},
    model.SEQ: Type.INTEGER,
}
_COLUMN_TYPES = {
    Kind.INT: Type.INTEGER,
    Kind.FLOAT: Type.NUMBER,
    Kind.BOOL: Type.BOOLEAN,
    Kind.TEXT: Type.TEXT,
    Kind.JSON: Type.DYNAMIC,
}
SQL_TYPES = {
    Type.INTEGER: "BIGINT",
    Type.NUMBER: "DOUBLE",
    Type.BOOLEAN: "BOOLEAN",
    Type.TIMESTAMP: "TIMESTAMP",
    Type.TEXT: "VARCHAR",
    Type.DYNAMIC: "VARCHAR",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What of a piece is read: all of it, or some row ranges of a segment (first, last row)."""

    piece: Piece
    ranges: tuple[tuple[int, int], ...] | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """How one piece holds one field."""

    type: Type | None
    """None: no event of the piece has it."""
    column: str | None = None
    pointers: tuple[str, ...] = ()
    """Into the column's JSON text if there is a column, else into the document."""
    log: str | None = None
    """For ``@log``: the name itself."""


@dataclass(slots=True)
class Source:
    """The events of a snapshot, and the fields that a query asked for so far."""

    snapshot: Snapshot
    types: Mapping[str, Type | None] = field(default_factory=dict)
    """Types that fields had in an earlier snapshot and keep where that is possible."""
    columns: dict[str, Column] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    name: str = EVENTS
    """The SQL step that reads these events."""
    idents: set[str] = field(default_factory=set)
    """SQL names in use, in lower case; shared by all sources of a query."""
    _unknown: set[str] = field(default_factory=set)

    def field(self, name: str, *, whole: bool = False) -> Column | None:
        """The column of a field, asked for from now on; None if no event has it."""
        if name == model.SEQ:
            return None  # the order of arrival is ours; no query can name it
        return self._ask(name)

    def order(self) -> tuple[Column, ...]:
        """The columns that put events in order: time, then arrival."""
        columns = [self._ask(name) for name in (model.TIMESTAMP, model.SEQ)]
        return tuple(c for c in columns if c is not None)

    def _ask(self, name: str) -> Column | None:
        if name in self.columns:
            return self.columns[name]
        kind = _SYSTEM.get(name) or self._discovered_type(name)
        if kind is None:
            return None
        found = Column(self.ident(name), kind)
        self.columns[name] = found
        return found

    def ident(self, name: str) -> str:
        """An SQL name for a new column: the name itself unless DuckDB would confuse it."""
        wanted, count = name or "empty", 1
        while wanted.lower() in self.idents:
            count += 1
            wanted = f"{name}_{count}"
        self.idents.add(wanted.lower())
        return wanted

    def known(self) -> Iterable[str]:
        """System fields and every discovered field, by name."""
        discovered = {path for piece in self.snapshot.pieces for path in piece.info.fields}
        return (*(n for n in _SYSTEM if n != model.SEQ), *sorted(discovered))

    def warn_unknown(self, node: nodes.Field) -> None:
        """Warn once that no event has the field."""
        if node.name in self._unknown:
            return
        self._unknown.add(node.name)
        if not self.snapshot.pieces:
            return
        close = difflib.get_close_matches(node.name, list(self.known()), n=1, cutoff=0.7)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        self.warnings.append(f"no event has a field '{node.name}'{hint}")

    def asked(self) -> dict[str, Type | None]:
        """The fields asked for with their types, None for one that no event has."""
        return {name: c.type for name, c in self.columns.items()} | dict.fromkeys(self._unknown)

    def _discovered_type(self, name: str) -> Type | None:
        if name in self.types:
            return _kept(self.types[name], self._type_in_pieces(name))
        return self._type_in_pieces(name)

    def _type_in_pieces(self, name: str) -> Type | None:
        types = {self._holding(piece, name).type for piece in self.snapshot.pieces} - {None}
        if not types:
            return None
        if len(types) == 1:
            return types.pop()
        return Type.NUMBER if types == {Type.INTEGER, Type.NUMBER} else Type.DYNAMIC

    def holds(self, piece: Piece, name: str) -> bool:
        """Whether an event of the piece may have the field."""
        return self._holding(piece, name).type is not None

    def lacking(self, name: str, start: int | None, end: int | None) -> bool:
        """Whether some events between two times lack a discovered field that others have."""
        pieces = [
            piece
            for piece in self.snapshot.pieces
            if (start is None or piece.end >= start) and (end is None or piece.start <= end)
        ]
        found = [piece.info.fields.get(name) for piece in pieces]
        counts = [0 if one is None else one.count for one in found]
        lack = any(count < piece.rows for count, piece in zip(counts, pieces, strict=True))
        return lack and any(counts)

    def _holding(self, piece: Piece, name: str) -> Holding:
        if name in _SYSTEM:
            return _system_holding(piece, name)
        if name.startswith(model.LABELS + "."):
            return _label_holding(piece, name)
        info = piece.info
        found = info.fields.get(name)
        if found is not None:
            if found.column is not None:
                return Holding(_COLUMN_TYPES[found.kind], found.column)
            return _in_document(info.doc, found.pointers or (model.pointer(name),))
        for end in _dots(name):
            above = info.fields.get(name[:end])
            if above is None:
                continue
            rest = model.pointer(name[end + 1 :])
            if above.kind is Kind.JSON:
                return Holding(Type.DYNAMIC, above.column, (rest,))
            if above.kind in (Kind.LIST, Kind.DOC):
                bases = above.pointers or (model.pointer(above.path),)
                return _in_document(info.doc, tuple(base + rest for base in bases))
            return Holding(None)
        if info.doc is not Doc.NONE and any(p.startswith(name + ".") for p in info.fields):
            return _in_document(info.doc, (model.pointer(name),))
        return Holding(None)

    def events(self, readings: Sequence[Reading], window: tuple[int | None, int | None]) -> Sql:
        """The SELECT that reads the asked fields of these readings within a time window (ms)."""
        arms: dict[object, list[Reading]] = {}
        for reading in readings:
            arms.setdefault(self._arm_key(reading, window), []).append(reading)
        selects = [self._arm(group, window) for group in arms.values()]
        if not selects:
            return self._nothing()
        result: exp.Expression = selects[0]
        for other in selects[1:]:
            result = exp.Union(this=result, expression=other, distinct=False)
        return result

    def _arm_key(self, reading: Reading, window: tuple[int | None, int | None]) -> object:
        piece = reading.piece
        return (
            tuple(self._holding(piece, name) for name in self.columns),
            piece.info.doc,
            piece.hidden,
            self._bounds(piece, window),
            reading.ranges,
            # A journal batch is a table of its own, a pruned segment has ranges of its own.
            piece.name if piece.path is None or reading.ranges is not None else None,
        )

    def _bounds(
        self, piece: Piece, window: tuple[int | None, int | None]
    ) -> tuple[int | None, int | None]:
        """The part of the window that the piece does not lie inside of anyway."""
        start, end = window
        visible = self.snapshot.visible_from.get(piece.group)
        if visible is not None:
            start = visible if start is None else max(start, visible)
        return (
            start if start is not None and piece.start < start else None,
            end if end is not None and piece.end > end else None,
        )

    def _arm(self, readings: list[Reading], window: tuple[int | None, int | None]) -> exp.Select:
        first = readings[0]
        select = exp.Select()
        for name, wanted in self.columns.items():
            holding = self._holding(first.piece, name)
            sql = _fetch(holding, wanted.type, first.piece.info.doc)
            select.append("expressions", alias(sql, wanted.ident))
        if not self.columns:
            select.append("expressions", alias(number(1), "one"))
        select = select.from_(_relation(readings))
        conditions = []
        start, end = self._bounds(first.piece, window)
        if start is not None:
            conditions.append(operate(">=", column(model.TIMESTAMP), timestamp(start)))
        if end is not None:
            conditions.append(operate("<=", column(model.TIMESTAMP), timestamp(end)))
        if first.piece.hidden:
            deleted = member(column(model.LOG_STREAM), *map(text, sorted(first.piece.hidden)))
            conditions.append(negate(deleted))
        if first.ranges is not None:
            conditions.append(_in_ranges(first.ranges))
        return select.where(all_of(*conditions)) if conditions else select

    def _nothing(self) -> exp.Select:
        select = exp.Select()
        for wanted in self.columns.values():
            null = cast(NULL.copy(), SQL_TYPES[wanted.type])
            select.append("expressions", alias(null, wanted.ident))
        if not self.columns:
            select.append("expressions", alias(number(1), "one"))
        return select.where(exp.Boolean(this=False))


def _kept(before: Type | None, now: Type | None) -> Type | None:
    """The earlier type if it can hold what there is now."""
    wider = before is Type.DYNAMIC or (before is Type.NUMBER and now is Type.INTEGER)
    return before if wider or before is None or now is None else now


def journal_table(piece: Piece) -> str:
    """The name under which a journal batch is registered with DuckDB."""
    return f"{piece.group} {piece.name}"


def _relation(readings: list[Reading]) -> exp.Expression:
    piece = readings[0].piece
    if piece.path is None:
        return exp.Table(this=exp.to_identifier(journal_table(piece), quoted=True))
    paths = [text(r.piece.path or "") for r in readings]
    arguments: list[Sql] = [exp.Array(expressions=paths) if len(paths) > 1 else paths[0]]
    if readings[0].ranges is not None:
        arguments.append(
            exp.EQ(this=exp.to_identifier("file_row_number"), expression=boolean(True))
        )
    return exp.Table(this=fn("read_parquet", *arguments))


def _in_ranges(ranges: tuple[tuple[int, int], ...]) -> Sql:
    row = column("file_row_number")
    tests = [
        all_of(operate(">=", row.copy(), number(first)), operate("<=", row.copy(), number(last)))
        for first, last in ranges
    ]
    return any_of(*tests)


def _dots(name: str) -> Iterable[int]:
    """Positions of the dots, last first."""
    position = name.rfind(".")
    while position > 0:
        yield position
        position = name.rfind(".", 0, position)


def _system_holding(piece: Piece, name: str) -> Holding:
    if name == LOG:
        return Holding(Type.TEXT, log=piece.group)
    if name in (model.TIME_SOURCE, model.TRUNCATED) and name not in piece.columns:
        return Holding(None)
    return Holding(_SYSTEM[name], name)


def _label_holding(piece: Piece, name: str) -> Holding:
    if model.LABELS not in piece.columns:
        return Holding(None)
    key = name.removeprefix(model.LABELS + ".").replace("~", "~0").replace("/", "~1")
    return Holding(Type.DYNAMIC, model.LABELS, ("/" + key,))


def _in_document(doc: Doc, pointers: tuple[str, ...]) -> Holding:
    return Holding(None) if doc is Doc.NONE else Holding(Type.DYNAMIC, None, pointers)


def _document(doc: Doc) -> Sql:
    if doc is Doc.MESSAGE:
        return column(model.MESSAGE)
    own = column(model.JSON_DOCUMENT)
    return case((eq(own, text("")), column(model.MESSAGE)), otherwise=own.copy())


def _fetch(holding: Holding, wanted: Type, doc: Doc) -> Sql:
    """The SQL of one field in one arm, as the type that all arms agree on."""
    if holding.log is not None:
        return text(holding.log)
    if holding.type is None:
        return cast(NULL.copy(), SQL_TYPES[wanted])
    if holding.pointers:
        base = column(holding.column) if holding.column is not None else _document(doc)
        found = [json_at(base.copy(), pointer) for pointer in holding.pointers]
        return found[0] if len(found) == 1 else fn("coalesce", *found)
    stored = column(holding.column or "")
    if holding.type is wanted:
        return stored
    if wanted is Type.NUMBER:
        return cast(stored, "DOUBLE")
    return to_dynamic(Value(holding.type, stored))
