"""Terminals of the grammar in the user's words, for lists of what was expected."""

from __future__ import annotations

from collections.abc import Set

COMMANDS = {
    "_FIELDS": "fields",
    "_FILTER": "filter",
    "_STATS": "stats",
    "_EVENTSTATS": "eventstats",
    "_WINDOW": "window",
    "_TIMESERIES": "timeseries",
    "_RENAME": "rename",
    "_DROP": "drop",
    "_SORT": "sort",
    "_LIMIT": "limit",
    "_PARSE": "parse",
    "_DISPLAY": "display",
    "_DEDUP": "dedup",
    "_SEARCH": "search",
    "_SOURCE": "source",
    "_HEAD": "head",
    "_TAIL": "tail",
    "_FILTERINDEX": "filterIndex",
    "_JSON": "json",
    "_PATTERN": "pattern",
    "_DIFF": "diff",
    "_ANOMALY": "anomaly",
    "_UNNEST": "unnest",
    "_EXPAND": "expand",
    "_LOOKUP": "lookup",
    "_CIDRLOOKUP": "cidrlookup",
    "_JOIN": "join",
    "_UNION": "union",
    "_APPENDCOLS": "appendcols",
    "_ADDTOTALS": "addtotals",
    "_ACCUM": "accum",
    "_AUTOREGRESS": "autoregress",
    "_FILLDOWN": "filldown",
    "_FILLMISSING": "fillmissing",
    "_OUTLIER": "outlier",
    "_SESSIONIZE": "sessionize",
    "_COUNTFREQUENT": "countFrequent",
    "_RELEVANTFIELDS": "relevantfields",
    "_LOGCOMPARE": "logcompare",
    "_ESTIMATE": "estimate",
    "_TOP": "top",
    "_PIVOT": "pivot",
    "_SAMPLE": "sample",
    "_CONTEXT": "context",
    "_FACETS": "facets",
    "_FIELDNAMES": "fieldnames",
    "_FIELDVALUES": "fieldvalues",
    "_LET": "let",
}

KEYWORDS = {
    "_AND": "and",
    "_OR": "or",
    "NOT": "not",
    "_IN": "in",
    "_LIKE": "like",
    "_AS": "as",
    "_BY": "by",
    "ASC": "asc",
    "DESC": "desc",
    "ANY": "any",
    "MULTI": "multi",
    "_OFFSET": "offset",
    "_ORDER": "order",
    "_ROWS": "rows",
    "_FILL": "fill",
    "_TZ": "tz",
    "PREV": "prev",
    "_IS": "is",
    "MISSING": "missing",
    "PRESENT": "present",
    "_INTO": "into",
    "_WITH": "with",
    "_FOR": "for",
    "_WHERE": "where",
    "_MAXSPAN": "maxspan",
    "_WITHIN": "within",
    "_COMPARE": "compare",
    "OTHER": "other",
    "_ON": "on",
    "BEFORE": "before",
    "AFTER": "after",
    "_TIMESHIFT": "timeshift",
    "OUTPUT": "OUTPUT",
    "OUTPUTNEW": "OUTPUTNEW",
    "PREVIOUS": "previousDay, previousWeek, previousMonth",
    "JOIN_TYPE": "inner, left",
    "OUTLIER_ACTION": "remove, transform",
    "_LOGFMT": "logfmt",
    "_CSV": "csv",
    "_XML": "xml",
    "_KV": "kv",
    "_SEP": "sep",
    "_PAIR": "pair",
    "_SYSLOG": "syslog",
    "_GROK": "grok",
    "LOG_GROUPS": "logGroups",
    "DATA_SOURCE": "dataSource",
    "LOG_GROUP_TAGS": "logGroupTags",
    "SOURCE_KEY": "namePrefix, accountIdentifier, class",
    "START_OPTION": "start=",
    "END_OPTION": "end=",
    "FIELD_OPTION": "field=",
    "TYPE_OPTION": "type=",
    "LEFT_OPTION": "left=",
    "RIGHT_OPTION": "right=",
    "OVERRIDE_OPTION": "override=",
    "MAX_OPTION": "max=",
    "FIELDNAME_OPTION": "fieldname=",
    "ROW_OPTION": "row=",
    "COL_OPTION": "col=",
    "P_OPTION": "p=",
    "ACTION_OPTION": "action=",
    "PARAM_OPTION": "param=",
    "USELOWER_OPTION": "uselower=",
    "MARK_OPTION": "mark=",
}

VALUES = {
    "FIELD": "a field name",
    "FUNCTION": "a function",
    "STRING": "quoted text",
    "REGEX": "a /regular expression/",
    "INT": "a whole number",
    "DECIMAL": "a number",
    "DURATION": "a period such as 5m",
    "SIZE": "a size such as 10MB",
    "TRUE": "true",
    "FALSE": "false",
    "NULL": "null",
    "BAREWORD": "the name of a log group",
    "TIME": "a time such as -1h or now",
    "TABLE": "the name of a table",
    "WILDCARD": "a name with *",
    "LIKE_NAMES": "names with *",
    "SAVED": "a saved query such as $Name()",
    "SEGMENT": ".key",
}

SIGNS = {
    "_BAR": "|",
    "_COMMA": "a comma",
    "_COLON": ":",
    "_SEMICOLON": ";",
    "_LPAR": "(",
    "_RPAR": ")",
    "_LBRACKET": "[",
    "_RBRACKET": "]",
    "_LBRACE": "{",
    "_RBRACE": "}",
    "STAR": "*",
    "SLASH": "/",
    "PERCENT": "%",
    "PLUS": "+",
    "MINUS": "-",
    "CARET": "^",
    "_BANG": "!",
    "_MATCHES": "=~",
    "EQUALS": "=",
    "COMPARISON": "<, >, !=",
    "GAP": "a blank",
    "$END": "the end of the query",
}

_COMMAND_WORDS = frozenset(name.lower() for name in COMMANDS.values()) | {"where", "order"}

WORDS = {**COMMANDS, **KEYWORDS, **VALUES, **SIGNS}

_OPERANDS = frozenset(
    {"FIELD", "FUNCTION", "STRING", "INT", "DECIMAL", "TRUE", "FALSE", "NULL", "DURATION", "SIZE"}
    | {"_LPAR", "MINUS", "NOT", "_BANG", "STAR"}
)
_OPERATORS = frozenset(
    {"PLUS", "MINUS", "STAR", "SLASH", "PERCENT", "CARET", "EQUALS", "COMPARISON", "_MATCHES"}
    | {"_LIKE", "_IN", "_IS", "NOT", "SEGMENT", "_LBRACKET", "_AND", "_OR"}
)
_GROUPS = (
    (frozenset(COMMANDS) | {"SAVED"}, {"_FIELDS"}, "a command such as fields, filter or stats"),
    (_OPERANDS, {"FIELD", "FUNCTION", "STRING"}, "a field, a function or a value"),
    (_OPERATORS, {"PLUS", "MINUS"}, "an operator"),
    (frozenset({"INT", "DECIMAL"}), {"INT", "DECIMAL"}, "a number"),
)
_LAST = ("_BAR", "_RPAR", "$END")
_MOST = 6


def is_command(word: str) -> bool:
    """Whether a word in small letters opens a stage."""
    return word in _COMMAND_WORDS


def expected(accepts: Set[str]) -> tuple[str, ...]:
    """What may stand here, the telling things first, at most a handful."""
    left = set(accepts)
    words: list[str] = []
    for group, sign, text in _GROUPS:
        if sign <= left:
            words.append(text)
            left -= group
    words += [WORDS[t] for t in WORDS if t in left and t not in _LAST]
    words = [*words[:_MOST], "..."] if len(words) > _MOST else words
    return (*words, *(WORDS[t] for t in _LAST if t in left))
