"""Plan and apply: all that files declare, in one transaction, as the caller may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from logq.actions.context import Context
from logq.actions.together import together
from logq.declared.cloudformation import is_template, template
from logq.declared.document import read
from logq.declared.kind import Key, kinds
from logq.declared.plan import LEFT, Step, digest, steps
from logq.declared.resource import Wanted, own
from logq.errors import Conflict, InvalidValue, LogQError
from logq.model import Operation

MANAGED = "declared"
"""The kind of definition that remembers what the files of a stack have declared."""
MAX_THINGS = 2_000


@dataclass(frozen=True, slots=True)
class Ask:
    """Files, and what to do about them."""

    documents: Sequence[tuple[str, str]]
    """Name and text."""
    parameters: Mapping[str, str]
    """Of templates of CloudFormation."""
    stack: str = "default"
    """Files of one stack belong together: what they declare no more, ``prune`` deletes."""
    prune: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done, or was."""

    steps: Sequence[Step]
    warnings: Sequence[str]
    id: str
    """Differs for every other plan."""


class _TakenBack(Exception):
    """Everything was possible; now it is undone."""


def plan(context: Context, ask: Ask) -> Plan:
    """What applying would do; it is tried and taken back, so what would fail fails here.

    Raises InvalidDocument and whatever the single changes raise.
    """
    found: list[Plan] = []
    try:
        with together(context) as whole:
            found.append(_carry_out(whole, ask, None))
            raise _TakenBack
    except _TakenBack:
        return found[0]


def apply(context: Context, ask: Ask, expected: str | None = None) -> Plan:
    """Make everything as it is declared, or change nothing.

    Raises Conflict if the plan is not the ``expected`` one, and what ``plan`` raises.
    """
    with together(context) as whole:
        return _carry_out(whole, ask, expected)


def _carry_out(context: Context, ask: Ask, expected: str | None) -> Plan:
    declared, warnings = _declared(context, ask)
    definitions = context.logq.storage.definitions
    before = definitions.get(MANAGED, ask.stack)
    known = [(s, tuple(k)) for s, k in before.body["things"]] if before else []
    planned = steps(context, declared, known, ask.prune)
    made = Plan(planned, warnings, digest(planned))
    if expected is not None and expected != made.id:
        raise Conflict("something was changed since the plan was made", hint="look at the new plan")
    for step in planned:
        _do(context, step)
    things: list[tuple[str, Key]] = [(one.kind.section, one.key) for one in declared]
    things += [(step.kind.section, step.key) for step in planned if step.operation == LEFT]
    if sorted(things) != sorted(known):
        definitions.put(MANAGED, ask.stack, {"things": [[s, list(k)] for s, k in things]})
    return made


def _do(context: Context, step: Step) -> None:
    try:
        if step.operation == Operation.DELETE:
            step.kind.delete(context, step.key)
        elif step.changes and step.after is not None:
            step.kind.put(context, step.key, step.after, step.before)
    except LogQError as error:
        place = step.at or f"{step.kind.name} {' '.join(step.key)}"
        error.message = f"{place}: {error.message}"
        raise


def _declared(context: Context, ask: Ask) -> tuple[list[Wanted], list[str]]:
    if not ask.stack or len(ask.stack) > 100:
        raise InvalidValue("the name of a stack has 1 to 100 characters")
    declared: list[Wanted] = []
    warnings: list[str] = []
    for name, text in ask.documents:
        document = read(name, text)
        if is_template(document):
            made = template(document, context.place, ask.stack, ask.parameters)
            declared += made.wanted
            warnings += made.warnings
        else:
            declared += own(document)
    if len(declared) > MAX_THINGS:
        raise InvalidValue(f"files declare at most {MAX_THINGS:,} things together")
    order = list(kinds())
    return sorted(declared, key=lambda one: order.index(one.kind.section)), warnings
