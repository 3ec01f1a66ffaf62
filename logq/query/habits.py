"""Words and signs of other languages, and what to write instead.

Keys are in small letters. The hints are read at three in the morning: each shows the thing to
write, not the rule behind it.
"""

from __future__ import annotations

_COUNT = "stats count(*) as n by field | sort n desc | limit 10"
_LIKE_TEXT = 'filter @message like "text"'
_FIELDS = "write fields a, b | filter c = 1"
_EXPRESSION = "fields names an expression: fields a + b as total"
_COLUMNS = "display chooses the columns: display a, b"
_EXTRACT = "parse takes a value out of text: parse @message /user=(?<user>\\w+)/"
_JOINED = "conditions are joined inside one filter: filter a = 1 and b = 2"
_READS = "a query only reads; see logq --help for other tasks"

FOR_COMMANDS = {
    "select": _FIELDS,
    "from": 'source names the log group: source "name" | fields @message',
    "group": "stats groups: stats count(*) by field",
    "having": "filter works after stats too: stats count(*) as n by field | filter n > 10",
    "eval": _EXPRESSION,
    "extend": _EXPRESSION,
    "set": _EXPRESSION,
    "table": _COLUMNS,
    "project": _COLUMNS,
    "columns": _COLUMNS,
    "keep": _COLUMNS,
    "summarize": "stats aggregates: stats count(*) by field",
    "aggregate": "stats aggregates: stats count(*) by field",
    "timechart": "count over time with stats count(*) by bin(5m)",
    "chart": "count over time with stats count(*) by bin(5m)",
    "bin": "bin is a function: stats count(*) by bin(5m)",
    "rare": "write stats count(*) as n by field | sort n asc | limit 10",
    "take": "limit does this: limit 20",
    "first": "limit does this: limit 20",
    "last": "write sort @timestamp desc | limit 20",
    "distinct": "write dedup field, or stats count(*) by field",
    "uniq": "write dedup field, or stats count(*) by field",
    "unique": "write dedup field, or stats count(*) by field",
    "grep": f"write {_LIKE_TEXT}",
    "find": f"write {_LIKE_TEXT}",
    "match": f"write {_LIKE_TEXT}",
    "contains": f"write {_LIKE_TEXT}",
    "like": f"write {_LIKE_TEXT}",
    "rex": _EXTRACT,
    "regex": _EXTRACT,
    "extract": _EXTRACT,
    "grok": _EXTRACT,
    "logfmt": "write parse @message logfmt as m",
    "csv": "write parse @message csv as a, b, c",
    "and": _JOINED,
    "or": _JOINED,
    "not": "write filter not condition",
    "by": "by belongs to the stats before it, without a |: stats count(*) by field",
    "transaction": "write sessionize field maxspan 30m",
    "insert": _READS,
    "update": _READS,
    "delete": _READS,
    "create": _READS,
    "explain": "in the shell, write logq explain and the query",
    "help": "in the shell, write logq help query",
}

AGGREGATES = frozenset(
    {"count", "countdistinct", "dc", "sum", "avg", "average", "min", "max", "stddev", "variance"}
    | {"pct", "percentile", "median", "p50", "p90", "p95", "p99", "values", "topk", "rate"}
    | {"earliest", "latest", "sortsfirst", "sortslast", "countovertime", "sumovertime"}
)
"""As people write them where a command is expected; small letters, no underscores."""

FOR_OPERATORS = {
    "&&": "write and",
    "&": "write and",
    "||": "write or; | starts the next command",
    "<>": "write !=",
    "===": "write =",
    "=>": "write >=",
    "=<": "write <=",
    "<=>": "write =",
    ":=": "to name an expression, write fields expression as name; to compare, write =",
    "!~": "write not like /regex/",
    "~": "write like /regex/, or =~ /regex/",
    "eq": "write =",
    "equals": "write =",
    "ne": "write !=",
    "gt": "write >",
    "ge": "write >=",
    "lt": "write <",
    "le": "write <=",
    "mod": "write %",
    "xor": "write (a or b) and not (a and b)",
    "contains": 'write like "text"',
    "has": 'write like "text"',
    "includes": 'write like "text"',
    "match": "write like /regex/",
    "matches": "write like /regex/",
    "regex": "write like /regex/",
    "regexp": "write like /regex/",
    "rlike": "write like /regex/",
    "ilike": "write like /(?i)text/ to ignore case",
    "startswith": "write like /^text/",
    "starts": "write like /^text/",
    "endswith": "write like /text$/",
    "ends": "write like /text$/",
    "exists": "write ispresent(field)",
    "> =": "write >=",
    "< =": "write <=",
    "! =": "write !=",
    ":": "write =",
}

FOR_WORDS = {
    "group": "write | stats count(*) by field",
    "having": "write | filter condition",
    "from": 'name the log group first: source "name" | ...',
    "on": "write where a.key = b.key",
    "then": "write if(condition, value, other)",
    "when": "write case(condition, value, condition, value, other)",
    "else": "write case(condition, value, condition, value, other)",
    "end": "write case(condition, value, condition, value, other)",
    ";": "a query ends without a sign; | separates commands",
    "{{": "parameters such as {{name}} are filled in only by saved queries",
}
