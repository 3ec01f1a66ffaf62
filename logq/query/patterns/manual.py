"""The forms of filter patterns, and how they differ from queries, for help and completion."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a pattern, with a message that it matches and one that it does not."""

    written: str
    meaning: str
    match: str
    other: str | None
    """None: there is no such message."""


FORMS = (
    Form('""', "Every event; so does no text at all.", "anything", None),
    Form("ERROR timeout", "The message contains both texts, in any order.",
         "timeout: ERROR", "ERROR"),
    Form("?ERROR ?WARN", "It contains one of them; ignored beside a term without sign.",
         "WARN disk", "INFO disk"),
    Form("ERROR -DEBUG", "It contains the one and not the other.", "ERROR", "ERROR DEBUG"),
    Form('"user@example.com"', "Text with other signs than letters, digits and _ is quoted.",
         "mail to user@example.com", "user"),
    Form("%AUTH[A-Z]+%", "A regular expression without groups; \\x28 is a sign it may not have.",
         "UNAUTHORIZED", "AUTH"),
    Form('{ $.level = "ERR*" }', "JSON messages: text, with * at its ends for any text.",
         '{"level":"ERROR"}', '{"level":"INFO"}'),
    Form("{ $.http.status >= 500 }", "Numbers, by = != < <= > >=.",
         '{"http":{"status":503}}', '{"http":{"status":200}}'),
    Form("{ $.path = %^/api/[0-9]+$% }", "A regular expression on one value.",
         '{"path":"/api/7"}', '{"path":"/api/x"}'),
    Form("{ $.users[0].id = 1 || $.users[*].admin IS TRUE }",
         "Elements of lists; && and || with ( ), IS TRUE, IS FALSE, IS NULL.",
         '{"users":[{"id":2,"admin":true}]}', '{"users":[{"id":2}]}'),
    Form("{ $.['cluster.name'] = * }", "Any value at all; names with other signs in [' '].",
         '{"cluster.name":"c"}', '{"cluster":{"name":"c"}}'),
    Form('{ ($.a NOT EXISTS) || ($.a != "x") }', "Other than x, or not there: != alone needs it.",
         "{}", '{"a":"x"}'),
    Form("[ip, user, status = 4*, bytes > 1000]",
         'Columns between blanks; "..." and [...] are one. Their number must fit.',
         "10.0.0.1 frank 404 1534", "10.0.0.1 frank 404 1534 -"),
    Form("[..., status = 404 || status = 410, bytes]", "... stands for any number of columns.",
         "10.0.0.1 - frank 410 7", "10.0.0.1 - frank 200 7"),
)  # fmt: skip

DIFFERENCES = (
    ("!= and missing values", "False in a pattern, true in a query."),
    ("* in text", "Any text at either end in a pattern; an ordinary sign in a query."),
    ("regular expressions", "%...% without groups and flags; /.../ in a query."),
    ("elements of lists", "$.a[0]; a.0 in a query."),
    ("or", "?a ?b, or || in braces and brackets; 'or' in a query."),
    ("numbers in text", '= 400 takes "400" as text; a query compares it as a number.'),
    ("upper and lower case", "Always matters in a pattern, also for IS NULL and NOT EXISTS."),
)
"""Of patterns and queries."""
