"""Which lines go on with the line before: the presets for stack traces, and a user's own pattern.

A preset looks at one line and the line before it, never further, so that a block of lines and a
stream of single lines are judged alike.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc
import re2

from logq.errors import InvalidValue

_TIME = (
    r"^\s+\W{0,2}(?:\d{4}-\d\d-\d\d|\d\d/\d\d/\d\d|[A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d|\d{10}\b)"
)
"""An indented line that begins with a time of its own is an event."""
_INDENTED = r"^[ \t]+\S"
BLANK = r"^\s*$"


@dataclass(frozen=True)
class After:
    """A line that goes on only after certain lines."""

    line: str
    before: str = ""
    """What the line before must look like; empty: anything."""
    unless: str = ""
    """What the line before must not look like; empty: nothing."""


@dataclass(frozen=True)
class Preset:
    """How the lines of one event are known; patterns are for RE2."""

    name: str
    title: str
    continues: tuple[str, ...] = ()
    """Beginnings of lines that always go on with the line before."""
    after: tuple[After, ...] = ()
    start: str = ""
    """Instead of all others: only a line like this begins an event."""
    envelope: str = ""
    """The container log whose inner text is judged: ``cri`` or ``docker``."""

    @cached_property
    def always(self) -> str:
        """The lines that go on whatever is before them."""
        return "|".join((_INDENTED, *self.continues))

    @cached_property
    def possible(self) -> str:
        """The lines that may go on, but for empty ones, which mean nothing alone."""
        return "|".join((self.always, r"^\s+$", *(rule.line for rule in self.after)))


_JAVA_EXCEPTION = (
    r"^(?:[a-z_$][\w$]*\.)+[A-Z][\w$.]*(?:Exception|Error|Throwable|Fault|Failure)[\w$]*(?::|\s*$)"
)
_JAVA = (
    (
        r"^(?:Caused by|Suppressed|Wrapped by): ",
        r"^\.\.\. \d+ (?:more|common)",
        r"^at [\w$.<>/]+\(",
    ),
    (After(_JAVA_EXCEPTION, unless=rf"^\s|^\S*$|^Caused by|^\.\.\. |^at |{_JAVA_EXCEPTION}"),),
)
_PYTHON = (
    (
        r"^Traceback \(most recent call last\):",
        r"^During handling of the above exception",
        r"^The above exception was the direct cause",
    ),
    (
        After(
            r"^(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?:: |:?\s*$)",
            before=r"^  (?:File \"|  |\[Previous line)",
            unless=r"^\s+at ",
        ),
    ),
)
_GO = (
    (
        r"^goroutine \d+ \[",
        r"^created by \S",
        r"^\[signal ",
        r"^exit status \d+\s*$",
        r"^\.\.\.additional frames elided",
    ),
    (
        After(
            r"^[\w./~%*()\[\]{}·-]+\(.*\)\s*$",
            before=r"^goroutine \d+ \[|^\t\S+:\d+|^\.\.\.additional",
        ),
    ),
)
_NODE = (
    (r"^[}\])]+[,;]?\s*$",),
    (After(r"^(?:Uncaught )?[\w$.]*(?:Error|Exception)\b|^Node\.js v\d", before=BLANK),
     After(r"^Node\.js v\d", before=r"^[ }]")),
)  # fmt: skip
_DOTNET = (
    (r"^--- End of ", r"^at [\w.`<>\[\],+]+\("),
    (
        After(
            r"^(?:[A-Z]\w*\.)+\w*Exception\b",
            unless=r"^\s|^\S*$|^--- End|^(?:[A-Z]\w*\.)+\w*Exception\b",
        ),
    ),
)
_RUBY = (
    (
        r"^(?:[\w./@+-]+\.(?:rb|ru|erb)|\(irb\)|\(eval[^)]*\)|<internal:[^>]+>|bin/\w+):\d+:in "
        r"[`'][^`']*'\s*$",
    ),
    (),
)
_ALL = (_JAVA, _PYTHON, _GO, _NODE, _DOTNET, _RUBY)
_ANY = (
    tuple(pattern for continues, _ in _ALL for pattern in continues),
    tuple(rule for _, after in _ALL for rule in after),
)

PRESETS = {
    preset.name: preset
    for preset in (
        Preset("auto", "indented lines and stack traces of all languages below", *_ANY),
        Preset("java", "Java: exceptions, at, Caused by, ... more", *_JAVA),
        Preset("python", "Python: Traceback up to the exception's line", *_PYTHON),
        Preset("go", "Go: panic and goroutines", *_GO),
        Preset("node", "Node.js: Error, at, thrown code", *_NODE),
        Preset("dotnet", ".NET: exceptions, at, inner exceptions", *_DOTNET),
        Preset("ruby", "Ruby: from, in", *_RUBY),
        Preset("cri", "Kubernetes container logs: partial lines and traces", *_ANY, envelope="cri"),
        Preset("docker", "Docker json-file: parts and traces", *_ANY, envelope="docker"),
    )
}


def preset_named(text: str) -> Preset:
    """The preset of a name, or for a text beginning with ``^`` that pattern of first lines.

    Raises InvalidValue for an unknown name and for a pattern that RE2 refuses.
    """
    if text in PRESETS:
        return PRESETS[text]
    if text.startswith("^"):
        options = re2.Options()
        options.log_errors = False
        try:
            re2.compile(text, options)
        except re2.error as error:
            raise InvalidValue(
                f"{text!r} is not a regular expression: {_reason(error)}",
                hint="the syntax is RE2's, without look-around and back references",
            ) from None
        return Preset("pattern", "lines that match begin an event", start=text)
    close = difflib.get_close_matches(text.lower(), PRESETS, n=1)
    raise InvalidValue(
        f"there is no multi-line preset {text!r}",
        hint=(f"did you mean {close[0]!r}? " if close else f"presets: {', '.join(PRESETS)}; ")
        + "a pattern of first lines begins with ^",
    )


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else ""
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def matches(lines: pa.Array, pattern: str) -> pa.BooleanArray:
    """Whether each line (string or binary) matches a pattern."""
    return pc.match_substring_regex(lines, pattern)


def continues(preset: Preset, texts: pa.Array) -> pa.BooleanArray:
    """Which texts go on with the text before; the first has none.

    Blank texts go on, as a trace may contain them; whoever joins drops them from an event's end.
    """
    if preset.start:
        return _not_the_first(pc.invert(matches(texts, preset.start)))
    if not pc.any(matches(texts, preset.possible)).as_py():
        return pa.repeat(pa.scalar(False), len(texts))
    goes_on = pc.or_(matches(texts, preset.always), matches(texts, BLANK))
    goes_on = pc.and_not(goes_on, matches(texts, _TIME))
    previous = pa.concat_arrays([pa.nulls(1, texts.type), texts.slice(0, len(texts) - 1)])
    for rule in preset.after:
        found = matches(texts, rule.line)
        if not pc.any(found).as_py():
            continue
        if rule.before:
            found = pc.and_(found, matches(previous, rule.before))
        if rule.unless:
            found = pc.and_not(found, matches(previous, rule.unless))
        goes_on = pc.or_(goes_on, pc.fill_null(found, False))
    return _not_the_first(goes_on)


def _not_the_first(goes_on: pa.BooleanArray) -> pa.BooleanArray:
    return pa.concat_arrays([pa.array([False]).slice(0, len(goes_on)), goes_on.slice(1)])
