"""Grok patterns: regular expressions with named parts, written ``%{NAME:field}``."""

from __future__ import annotations

import difflib
import re

from logq.errors import WrongArguments

_PART = re.compile(r"%\{(\w+)(?::([^:}]+))?(?::(\w+))?\}")
_NAME = re.compile(r"[^\W\d]\w*")
_DEPTH = 12

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"

PATTERNS = {
    "WORD": r"\b\w+\b",
    "NOTSPACE": r"\S+",
    "SPACE": r"\s*",
    "DATA": r"[\s\S]*?",
    "GREEDYDATA": r"[\s\S]*",
    "QUOTEDSTRING": r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""",
    "QS": "%{QUOTEDSTRING}",
    "INT": r"[+-]?[0-9]+",
    "POSINT": r"\b[1-9][0-9]*\b",
    "NONNEGINT": r"\b[0-9]+\b",
    "NUMBER": r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?",
    "BASE10NUM": "%{NUMBER}",
    "BASE16NUM": r"[+-]?(?:0[xX])?[0-9A-Fa-f]+",
    "UUID": r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
    "MAC": r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}",
    "IPV4": rf"\b{_OCTET}(?:\.{_OCTET}){{3}}\b",
    "IPV6": r"(?:[0-9A-Fa-f]{0,4}:){2,7}(?:[0-9A-Fa-f]{1,4}|(?:[0-9]{1,3}\.){3}[0-9]{1,3})?",
    "IP": "(?:%{IPV6}|%{IPV4})",
    "HOSTNAME": r"\b[0-9A-Za-z](?:[0-9A-Za-z_-]{0,62})(?:\.[0-9A-Za-z][0-9A-Za-z_-]{0,62})*\.?",
    "IPORHOST": "(?:%{IP}|%{HOSTNAME})",
    "HOSTPORT": "%{IPORHOST}:%{POSINT}",
    "USERNAME": r"[0-9A-Za-z._-]+",
    "USER": "%{USERNAME}",
    "EMAILADDRESS": r"[0-9A-Za-z._%+-]+@%{HOSTNAME}",
    "UNIXPATH": r"/[^\s?*|<>\"]*",
    "PATH": r"(?:/[^\s?*|<>\"]*|[A-Za-z]:\\[^\s?*|<>\"]*)",
    "URIPROTO": r"[A-Za-z][0-9A-Za-z+.-]*",
    "URIPATH": r"/[^\s?#]*",
    "URIPARAM": r"\?[^\s#]*",
    "URIPATHPARAM": "%{URIPATH}(?:%{URIPARAM})?",
    "URI": r"%{URIPROTO}://(?:%{USER}(?::[^@\s]*)?@)?%{IPORHOST}(?::[0-9]+)?(?:%{URIPATHPARAM})?",
    "LOGLEVEL": (
        r"(?i:trace|debug|info(?:rmation)?|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal"
        r"|severe|alert|emerg(?:ency)?)"
    ),
    "MONTH": (
        r"\b(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
        r"|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b"
    ),
    "DAY": r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*\b",
    "YEAR": r"[0-9]{4}",
    "MONTHNUM": r"(?:0?[1-9]|1[0-2])",
    "MONTHDAY": r"(?:0[1-9]|[12][0-9]|3[01]|[1-9])",
    "HOUR": r"(?:2[0-3]|[01]?[0-9])",
    "MINUTE": r"[0-5][0-9]",
    "SECOND": r"(?:[0-5]?[0-9]|60)(?:[.,][0-9]+)?",
    "TIME": "%{HOUR}:%{MINUTE}(?::%{SECOND})?",
    "ISO8601_TIMEZONE": "(?:Z|[+-][0-9]{2}:?[0-9]{2})",
    "TIMESTAMP_ISO8601": (
        "%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?"
        "(?:%{ISO8601_TIMEZONE})?"
    ),
    "HTTPDATE": "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} [+-][0-9]{4}",
    "SYSLOGTIMESTAMP": "%{MONTH} +%{MONTHDAY} %{TIME}",
    "COMMONAPACHELOG": (
        r"%{IPORHOST:clientip} %{NOTSPACE:ident} %{NOTSPACE:auth} \[%{HTTPDATE:timestamp}\] "
        r'"(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?'
        r'|%{DATA:rawrequest})" '
        r"%{NUMBER:response} (?:%{NUMBER:bytes}|-)"
    ),
    "COMBINEDAPACHELOG": "%{COMMONAPACHELOG} %{QS:referrer} %{QS:agent}",
}
"""Patterns by name; each may use others."""


def expand(pattern: str) -> str:
    """The regular expression of a grok pattern; raises WrongArguments."""
    regex = _expanded(pattern, 0)
    if "(?<" not in regex:
        raise WrongArguments(
            "the pattern names no field", hint="write %{IP:client} %{WORD:method} for two"
        )
    return regex


def _expanded(pattern: str, depth: int) -> str:
    def part(match: re.Match[str]) -> str:
        name, field = match[1], match[2]
        if name not in PATTERNS or depth > _DEPTH:
            close = difflib.get_close_matches(name.upper(), PATTERNS, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]}?" if close else "write for example %{NUMBER:ms}"
            raise WrongArguments(f"there is no pattern {name}", hint=hint)
        inner = _expanded(PATTERNS[name], depth + 1)
        if field is None:
            return f"(?:{inner})"
        if not _NAME.fullmatch(field):
            raise WrongArguments(
                f"'{field}' is not a name for a field", hint="use letters, digits and _"
            )
        return f"(?<{field}>{inner})"

    return _PART.sub(part, pattern)
