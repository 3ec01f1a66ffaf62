"""Finding templates: which chunks of lines are words, and which are values after all.

Three steps, each over distinct lines whose known values are masked already:

1. Places: where all else of a line is equal and several texts occur at one place, they are values.
2. Families: lines with several such places at once. Lines of one length are divided at the place
   with the fewest texts, until all places that still differ have many.
3. What is left joins a template that it fits.

The result depends on the set of lines alone, not on their order.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from logq.query.templates.tokens import PHRASE, VALUE, merged

Chunks = tuple[str, ...]

VALUES = 4
"""So many different texts at one place, where all else is equal, are values."""
WORDS_LEFT = 3
"""A template keeps at least so many chunks with words."""
FAMILY = 8
"""So many lines that differ at several places may be a family."""
SCATTERED = 0.4
"""A place of a family has values if its texts are at least this share of the lines."""
ROUNDS = 8

LEVELS = frozenset(
    {"trace", "debug", "info", "notice", "warn", "warning", "err", "error", "severe", "crit"}
    | {"critical", "alert", "emerg", "emergency", "fatal", "panic"}
)
"""Words that are never values: they say how bad it is."""

_WORD = re.compile(r"[^\W\d_]")
_INSIDE = re.compile(r"[=:(\[{\"'/@,]")
_TAIL = re.compile(r"[)\]}>\"',;:.!? ]*$")


def mine(lines: Iterable[Chunks], known: set[Chunks] | None = None) -> dict[Chunks, Chunks]:
    """The template of each line; lines and templates with one sort of marks.

    ``known`` are templates whose places of values are proved; those that are found join them.
    """
    found = {line: line for line in sorted(lines)}
    known = set() if known is None else known
    for _ in range(ROUNDS):
        changed = _places(dict.fromkeys(found.values()), known)
        if not changed:
            break
        found = {line: changed.get(now, now) for line, now in found.items()}
        known.update(changed.values())
    left = [now for now in dict.fromkeys(found.values()) if now not in known]
    families = _families(left)
    known.update(families.values())
    templates = Templates(known)
    fits = {now: templates.of(now) or now for now in left if now not in families}
    now_is = {**families, **fits}
    return {line: now_is.get(now, now) for line, now in found.items()}


def plain(chunks: Chunks) -> Chunks:
    """The chunks with one sort of marks only."""
    return tuple(merged(chunk.replace(PHRASE, VALUE)) for chunk in chunks)


def has_word(chunk: str) -> bool:
    """Whether a letter stands in the chunk."""
    return _WORD.search(chunk) is not None


def _places(lines: Iterable[Chunks], known: set[Chunks]) -> dict[Chunks, Chunks]:
    """What becomes of the lines that share a place of values with others."""
    places: defaultdict[tuple[int, int, str, str], dict[str, None]] = defaultdict(dict)
    members: defaultdict[tuple[int, int, str, str], list[tuple[Chunks, int]]] = defaultdict(list)
    for line in lines:
        hashes = [hash((number, chunk)) for number, chunk in enumerate(line)]
        rest = len(line)
        for one in hashes:
            rest ^= one
        words = sum(map(has_word, line))
        for number, chunk in enumerate(line):
            for before, middle, behind in _cuts(chunk):
                kept = words - has_word(chunk) + (has_word(before) or has_word(behind))
                if kept >= WORDS_LEFT and middle.lower() not in LEVELS:
                    # The rest of the line as one number: a key of texts would take long to make.
                    key = (rest ^ hashes[number], number, before, behind)
                    places[key][middle] = None
                    members[key].append((line, number))
    strength = {}
    for key, texts in places.items():
        proved = VALUE in texts and any(line in known for line, _ in members[key])
        if len(texts) > 1 and (proved or len(texts) >= VALUES):
            strength[key] = (len(texts), len(key[2]) + len(key[3]))
    changed: dict[Chunks, Chunks] = {}
    for key in sorted(strength, key=strength.__getitem__, reverse=True):
        for line, number in members[key]:
            chunk = merged(key[2] + VALUE + key[3])
            changed.setdefault(line, (*line[:number], chunk, *line[number + 1 :]))
    return {before: after for before, after in changed.items() if before != after}


def _cuts(chunk: str) -> Iterator[tuple[str, str, str]]:
    """How a chunk may be cut into what stays, a value, and what stays."""
    tail = _TAIL.search(chunk)
    behind = tail[0] if tail else ""
    core = chunk[: len(chunk) - len(behind)]
    yield "", core, behind
    for match in _INSIDE.finditer(core):
        yield core[: match.end()], core[match.end() :], behind


def _families(lines: Sequence[Chunks]) -> dict[Chunks, Chunks]:
    """What becomes of lines that differ at several places at once."""
    by_length: defaultdict[int, list[Chunks]] = defaultdict(list)
    usual: defaultdict[tuple[int, str], int] = defaultdict(int)
    for line in lines:
        by_length[len(line)].append(line)
        for place in enumerate(line):
            usual[place] += 1
    made: dict[Chunks, Chunks] = {}
    heads = {place for place, count in usual.items() if count > len(lines) / 2}
    pending = list(by_length.values())
    while pending:
        group = pending.pop()
        if len(group) < FAMILY:
            continue
        texts = [set(column) for column in zip(*group, strict=True)]
        differing = [n for n, found in enumerate(texts) if len(found) > 1]
        few = min(differing, key=lambda n: len(texts[n]))
        if len(texts[few]) < max(VALUES, SCATTERED * len(group)):
            parts: defaultdict[str, list[Chunks]] = defaultdict(list)
            for line in group:
                parts[line[few]].append(line)
            pending += parts.values()
            continue
        kept = sum(
            1
            for n, found in enumerate(texts)
            if len(found) == 1 and has_word(group[0][n]) and (n, group[0][n]) not in heads
        )
        if kept < max(2, len(differing)) or any(_core(t).lower() in LEVELS for t in texts[few]):
            continue
        marks = {n: _shared(texts[n]) for n in differing}
        template = tuple(marks.get(n, chunk) for n, chunk in enumerate(group[0]))
        made.update(dict.fromkeys(group, template))
    return made


def _shared(texts: set[str]) -> str:
    """A mark with what stands behind all of the texts."""
    tails = {text[len(_core(text)) :] for text in texts}
    return VALUE + (tails.pop() if len(tails) == 1 else " " * all(t[-1:] == " " for t in texts))


def _core(chunk: str) -> str:
    tail = _TAIL.search(chunk)
    return chunk[: tail.start()] if tail else chunk


class Templates:
    """Templates that lines may fit."""

    def __init__(self, templates: Iterable[Chunks]) -> None:
        self._by_start: defaultdict[tuple[int, str], list[Chunks]] = defaultdict(list)
        for template in sorted(templates, key=lambda t: (-sum(map(has_word, t)), t)):
            start = "" if VALUE in template[0] else template[0]
            self._by_start[len(template), start].append(template)

    def of(self, line: Chunks) -> Chunks | None:
        """The template that a line fits, of several one with the most words."""
        for start in (line[0], "") if line else ():
            for template in self._by_start.get((len(line), start), ()):
                if _fits(line, template):
                    return template
        return None


def _fits(line: Chunks, template: Chunks) -> bool:
    return all(mine == its or _may_be(mine, its) for mine, its in zip(line, template, strict=True))


def _may_be(chunk: str, template: str) -> bool:
    before, mark, behind = template.partition(VALUE)
    if not mark or VALUE in behind:
        return False
    middle = chunk[len(before) : len(chunk) - len(behind)]
    return (
        chunk.startswith(before)
        and chunk.endswith(behind)
        and len(chunk) > len(before) + len(behind)
        and _core(middle).lower() not in LEVELS
    )


def by_template(found: Mapping[Chunks, Chunks]) -> dict[Chunks, list[Chunks]]:
    """The lines of each template."""
    lines: defaultdict[Chunks, list[Chunks]] = defaultdict(list)
    for line, template in found.items():
        lines[template].append(line)
    return dict(lines)
