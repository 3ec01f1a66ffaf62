"""DuckDB macros: the rules of the language under short names, so that a query's SQL reads well.

Every query connection gets the ones that its SQL uses.
"""

from __future__ import annotations

import re
from functools import cache

MACROS = {
    # Text is a number if it is nothing else: DuckDB also reads 'inf', 'nan' and '1_000'.
    "number_of": (
        "(t) AS CASE WHEN isfinite(try_cast(t AS DOUBLE)) AND NOT contains(t, '_') "
        "THEN try_cast(t AS DOUBLE) END"
    ),
    # The shortest decimal form: no trailing .0, an exponent only from 1e21 and below 1e-6.
    "text_of": (
        "(x) AS CASE WHEN NOT isfinite(x) THEN NULL "
        "WHEN x = trunc(x) AND abs(x) < 1e21 THEN CAST(CAST(x AS HUGEINT) AS VARCHAR) "
        "WHEN abs(x) >= 1e-6 AND abs(x) < 1e-4 THEN CASE WHEN x < 0 THEN '-0.' ELSE '0.' END "
        "|| repeat('0', CAST(split_part(CAST(x AS VARCHAR), 'e-', 2) AS INTEGER) - 1) "
        "|| regexp_replace(split_part(CAST(x AS VARCHAR), 'e', 1), '[-.]', '', 'g') "
        "ELSE replace(replace(CAST(x AS VARCHAR), 'e-0', 'e-'), 'e+', 'e') END"
    ),
    # The text of a JSON value; maps and lists have none.
    "dynamic_text": (
        "(j) AS CASE WHEN j = 'true' THEN '1' WHEN j = 'false' THEN '0' "
        "WHEN j[1] = '\"' THEN json_extract_string(j, '$') "
        "WHEN j[1] IN ('{', '[') THEN NULL "
        "WHEN regexp_full_match(j, '-?[0-9]+') THEN j "
        "ELSE text_of(try_cast(j AS DOUBLE)) END"
    ),
    "dynamic_number": (
        "(j) AS CASE WHEN j = 'true' THEN 1 WHEN j = 'false' THEN 0 "
        "WHEN j[1] = '\"' THEN number_of(json_extract_string(j, '$')) "
        "WHEN j[1] IN ('{', '[') THEN NULL ELSE number_of(j) END"
    ),
    "dynamic_whole": (
        "(j) AS CASE WHEN regexp_full_match(j, '-?[0-9]{1,37}') THEN try_cast(j AS HUGEINT) END"
    ),
    # Natural order of text that is not a number (query-language 3.5): digit runs by length,
    # then value. 'chr' keeps the length in one character.
    "natural_key": (
        "(s) AS array_to_string(list_transform(regexp_extract_all(s, '[0-9]+|[^0-9]+'), "
        "lambda run: CASE WHEN ascii(run) BETWEEN 48 AND 57 "
        "THEN '0' || chr(CAST(256 + least(length(ltrim(run, '0')), 50000) AS INTEGER)) "
        "|| ltrim(run, '0') ELSE run END), '')"
    ),
    # Outside the years 0001 to 9999 there is no calendar to work with.
    "calendar_ms": "(n) AS n >= -62135596800000 AND n <= 253402300799999",
    "ipv4_number": (
        "(s) AS CASE WHEN regexp_full_match(s, "
        r"'((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\.|$)){4}') AND s[-1] <> '.' THEN "
        "list_reduce(CAST(string_split(s, '.') AS BIGINT[]), lambda m, n: m * 256 + n) END"
    ),
    # A macro repeats its argument wherever it stands. Lists of one element, transformed, name a
    # value once: without that, the address below would be written out a thousand times.
    # An IPv6 address with a dotted tail has it as two groups of digits.
    "ipv6_plain": (
        r"(s) AS CASE WHEN contains(s, '.') THEN regexp_extract(s, '^(.*:)[0-9.]+$', 1) "
        r"|| to_hex(ipv4_number(regexp_extract(s, '[0-9.]+$')) // 65536) || ':' "
        r"|| to_hex(ipv4_number(regexp_extract(s, '[0-9.]+$')) % 65536) ELSE s END"
    ),
    "ipv6_groups": "(s) AS CASE WHEN s = '' THEN [] ELSE string_split(s, ':') END",
    # The eight groups as 32 digits, NULL for anything that is no address.
    "ipv6_full": (
        "(list) AS list_transform([list], lambda groups: CASE WHEN len(groups) = 8 AND "
        "list_bool_and(list_transform(groups, lambda g: regexp_full_match(g, '[0-9a-fA-F]{1,4}'))) "
        "THEN array_to_string(list_transform(groups, lambda g: lpad(lower(g), 4, '0')), '') END)[1]"
    ),
    "ipv6_join": (
        "(head, tail) AS CASE WHEN len(head) + len(tail) < 8 THEN "
        "list_concat(head, list_transform(range(8 - len(head) - len(tail)), lambda i: '0'), tail) "
        "END"
    ),
    "ipv6_split": (
        "(text) AS list_transform([text], lambda p: CASE WHEN len(string_split(p, '::')) = 2 THEN "
        "ipv6_join(ipv6_groups(split_part(p, '::', 1)), ipv6_groups(split_part(p, '::', 2))) "
        "WHEN contains(p, '::') THEN NULL ELSE string_split(p, ':') END)[1]"
    ),
    "ipv6_hex": (
        "(address) AS list_transform([address], lambda a: "
        "CASE WHEN contains(a, ':') THEN ipv6_full(ipv6_split(ipv6_plain(a))) END)[1]"
    ),
    "finite": "(x) AS CASE WHEN isfinite(x) THEN x END",
    # Two 64-bit integers give an exact result, whatever its size; NULL only past 37 digits.
    # Not by TRY: that may not stand around an aggregate.
    "exact_add": (
        "(a, b) AS CASE WHEN abs(CAST(a AS DOUBLE) + CAST(b AS DOUBLE)) < 1e37 "
        "THEN CAST(a AS HUGEINT) + CAST(b AS HUGEINT) END"
    ),
    "exact_subtract": (
        "(a, b) AS CASE WHEN abs(CAST(a AS DOUBLE) - CAST(b AS DOUBLE)) < 1e37 "
        "THEN CAST(a AS HUGEINT) - CAST(b AS HUGEINT) END"
    ),
    "exact_multiply": (
        "(a, b) AS CASE WHEN abs(CAST(a AS DOUBLE) * CAST(b AS DOUBLE)) < 1e37 "
        "THEN CAST(a AS HUGEINT) * CAST(b AS HUGEINT) END"
    ),
    # Filter patterns: what is a JSON object or array, and the values in it.
    "holds_json": (
        r"(m) AS json_valid(m) AND "
        r"(starts_with(m, '{') OR regexp_matches(m, '^[ \t\r\n]*[\[{]'))"
    ),
    "scalar_text": (
        "(j) AS CASE WHEN j[1] = '\"' THEN json_extract_string(j, '$') "
        "WHEN j[1] IN ('{', '[') OR j = 'null' THEN NULL "
        "WHEN j = '-0' THEN '0' "
        "WHEN j IN ('true', 'false') OR regexp_full_match(j, '-?[0-9]+') THEN j "
        "ELSE coalesce(text_of(try_cast(j AS DOUBLE)), j) END"
    ),
    "scalar_number": (
        "(j) AS CASE WHEN j[1] = '\"' THEN number_of(json_extract_string(j, '$')) "
        "WHEN j[1] IN ('{', '[', 't', 'f', 'n') THEN NULL ELSE number_of(j) END"
    ),
    # The columns of a message with their brackets or quotes. A bracket that is never closed takes
    # the rest in one go, which is then cut without it: two passes, whatever the message.
    "cut_columns": (
        "(m) AS list_transform([regexp_extract_all(m, "
        r"'\[[^\]]*(?:\]|$)|\"[^\"]*\"|[^ \t]+')], lambda t: "
        "CASE WHEN starts_with(t[-1], '[') AND NOT ends_with(t[-1], ']') "
        r"THEN list_concat(t[1:-2], regexp_extract_all(t[-1], '\"[^\"]*\"|[^ \t]+')) "
        "ELSE t END)[1]"
    ),
    "column_text": (
        "(c) AS CASE WHEN len(c) > 1 AND ((c[1] = '[' AND c[-1] = ']') OR "
        "(c[1] = '\"' AND c[-1] = '\"')) THEN c[2:-2] ELSE c END"
    ),
    "time_text": "(t) AS strftime(t, '%Y-%m-%d %H:%M:%S.%g')",
    # A double cut to a whole number of 64 bits, NULL beyond.
    "whole_of": (
        "(n) AS CASE WHEN n >= -9223372036854775808 AND n < 9223372036854775808 "
        "THEN CAST(trunc(n) AS BIGINT) END"
    ),
    # Digits alone are read exactly, anything else as a double.
    "text_whole": (
        "(t) AS CASE WHEN regexp_full_match(t, '\\s*[-+]?[0-9]+\\s*') THEN try_cast(t AS BIGINT) "
        "ELSE whole_of(number_of(t)) END"
    ),
    "hex_number": (
        "(t) AS CASE WHEN regexp_full_match(t, '\\s*-?(0[xX])?[0-9a-fA-F]{1,31}\\s*') THEN "
        "CAST('0x' || regexp_extract(t, '^\\s*-?(?:0[xX])?([0-9a-fA-F]+)', 1) AS HUGEINT) "
        "* CASE WHEN contains(t, '-') THEN -1 ELSE 1 END END"
    ),
    "hex_of": (
        "(n) AS CASE WHEN n < 0 THEN '-0x' ELSE '0x' END || lower(to_hex(abs(CAST(n AS HUGEINT))))"
    ),
    # Distance in kilometres between two points in degrees (the haversine formula).
    "kilometres": (
        "(a, b, c, d) AS CASE WHEN abs(a) <= 90 AND abs(c) <= 90 AND abs(b) <= 360 "
        "AND abs(d) <= 360 THEN 2 * 6371.0 * asin(sqrt(least(1, pow(sin(radians(c - a) / 2), 2) "
        "+ cos(radians(a)) * cos(radians(c)) * pow(sin(radians(d - b) / 2), 2)))) END"
    ),
    # Bytes that are no UTF-8 are no text. TRY stands in a lambda: not around an aggregate.
    "utf8_of": "(bytes) AS list_transform([bytes], lambda raw: TRY(decode(raw)))[1]",
    "base64_text": (
        "(t) AS utf8_of(CASE WHEN regexp_full_match(t, "
        "'([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?') THEN from_base64(t) END)"
    ),
    "hex_text": (
        "(t) AS utf8_of(CASE WHEN regexp_full_match(t, '([0-9a-fA-F]{2})*') THEN unhex(t) END)"
    ),
    "url_text": (
        "(t) AS CASE WHEN regexp_full_match(t, '(?s)([^%]|%[0-9a-fA-F]{2})*') "
        "THEN list_transform([t], lambda coded: TRY(url_decode(coded)))[1] END"
    ),
    # A map or list as compact JSON text. DuckDB also reads NaN and Infinity, which are no JSON.
    "json_document": (
        "(t) AS CASE WHEN regexp_matches(t, '^\\s*[\\[{]') AND json_valid(t) AND NOT "
        "(regexp_matches(t, '(?i)nan|inf') AND regexp_matches("
        """regexp_replace(t, '"(\\\\.|[^"\\\\])*"', '', 'g'), '(?i)nan|inf')) """
        "THEN CAST(json(t) AS VARCHAR) END"
    ),
    # The same of a value that is a map, a list or a text that holds one.
    "dynamic_document": (
        "(j) AS CASE WHEN j[1] = '\"' THEN json_document(json_extract_string(j, '$')) "
        "WHEN j[1] IN ('{', '[') THEN j END"
    ),
    "dynamic_source": "(j) AS CASE WHEN j[1] = '\"' THEN json_extract_string(j, '$') ELSE j END",
    "json_items": "(j) AS CASE WHEN j[1] = '[' THEN from_json(j, '[\"JSON\"]') END",
    "json_list": "(l) AS '[' || array_to_string(l, ',') || ']'",
    # Equal text forms have equal keys: 200 and "200" are one value.
    "dynamic_key": (
        "(j) AS CASE WHEN j[1] IN ('{', '[') THEN j "
        "WHEN text_of(number_of(dynamic_text(j))) = dynamic_text(j) THEN dynamic_text(j) "
        "ELSE CAST(to_json(dynamic_text(j)) AS VARCHAR) END"
    ),
    "quoted_json": (
        "(v) AS CASE WHEN json_valid(v) THEN v ELSE CAST(to_json(v[2:-2]) AS VARCHAR) END"
    ),
    "unquoted_json": (
        "(v) AS CASE WHEN length(v) > 1 AND v[1] = '\"' AND v[-1] = '\"' THEN quoted_json(v) "
        "ELSE CAST(to_json(v) AS VARCHAR) END"
    ),
    "logfmt_value": (
        "(v) AS CASE WHEN v IS NULL OR v = '' THEN 'true' ELSE unquoted_json(v[2:]) END"
    ),
    # JSON text of keys and the JSON text of their values; of a key that comes twice, the last.
    "json_map": (
        "(names, items) AS list_transform([row(names, items)], lambda m: CASE WHEN len(m[1]) > 0 "
        "THEN '{' || array_to_string(list_transform(list_filter(range(1, len(m[1]) + 1), "
        "lambda i: NOT list_contains(m[1][i + 1:], m[1][i])), "
        "lambda i: CAST(to_json(m[1][i]) AS VARCHAR) || ':' || m[2][i]), ',') || '}' END)[1]"
    ),
    "csv_cell": (
        "(c) AS CASE WHEN length(c) > 1 AND c[1] = '\"' THEN replace(c[2:-2], '\"\"', '\"') "
        "ELSE c END"
    ),
    "syslog_part": "(a, b) AS nullif(CASE WHEN a = '' THEN nullif(b, '') ELSE a END, '-')",
    "syslog_map": (
        "(found) AS list_transform([found], lambda m: CASE WHEN m.host <> '' OR m.host_2 <> '' "
        "THEN CAST(json_merge_patch('{}', json_object("
        "'priority', try_cast(m.priority AS BIGINT), "
        "'facility', try_cast(m.priority AS BIGINT) // 8, "
        "'severity', try_cast(m.priority AS BIGINT) % 8, "
        "'timestamp', syslog_part(m.timestamp, m.timestamp_2), "
        "'host', syslog_part(m.host, m.host_2), 'app', syslog_part(m.app, m.app_2), "
        "'pid', syslog_part(m.pid, m.pid_2), 'msgid', syslog_part(m.msgid, ''), "
        "'message', CASE WHEN m.host <> '' THEN m.message ELSE m.message_2 END)) AS VARCHAR) "
        "END)[1]"
    ),
    # Elements are found by their tags: one that holds another of its own name ends too early.
    "xml_inner": "(e) AS regexp_extract(e, '(?s)^<[^<>]*>(.*)</[^<>]*>$', 1)",
    "xml_plain": (
        "(t) AS replace(replace(replace(replace(replace(t, '&lt;', '<'), '&gt;', '>'), "
        "'&quot;', '\"'), '&apos;', chr(39)), '&amp;', '&')"
    ),
    "xml_text": (
        "(e) AS xml_plain(regexp_replace(regexp_replace(xml_inner(e), "
        "'(?s)<!\\[CDATA\\[(.*?)\\]\\]>', '\\1', 'g'), '<[^<>]*>', '', 'g'))"
    ),
    "xml_attribute": "(e, re) AS xml_plain(nullif(regexp_extract(e, re, 1), '')[2:-2])",
    # NaN and Infinity are no JSON, though DuckDB reads them; nor is null a value.
    "json_found": (
        "(j) AS CASE WHEN NOT (regexp_matches(j, '(?i)nan|inf') AND regexp_matches("
        """regexp_replace(j, '"(\\\\.|[^"\\\\])*"', '', 'g'), '(?i)nan|inf')) """
        "THEN nullif(j, 'null') END"
    ),
    # Counts in equal parts between the least and the greatest of value-count pairs.
    "equal_parts": (
        "(pairs, parts) AS list_transform([row(pairs, pairs[1].key, pairs[-1].key)], lambda h: "
        "CASE WHEN h[2] IS NOT NULL THEN "
        "list_transform(range(CASE WHEN h[2] = h[3] THEN 1 ELSE parts END), lambda i: "
        "row(CASE WHEN isfinite((h[3] - h[2]) * parts) THEN h[2] + i * (h[3] - h[2]) / parts "
        "ELSE h[2] * (1 - i / parts) + h[3] * (i / parts) END, "
        "coalesce(list_sum(list_transform(list_filter(h[1], lambda p: least(parts - 1, coalesce("
        "try_cast(floor((p.key / 2 - h[2] / 2) / (h[3] / 2 - h[2] / 2) * parts) AS BIGINT), 0)) "
        "= i), lambda p: p.value)), 0))) END)[1]"
    ),
}
"""Name and definition, each using only macros defined before it."""

_WORD = re.compile(r"\w+")
_NAME = re.compile(r"[a-z_0-9]+(?=\()")


@cache
def repeats(name: str) -> int:
    """How often a function writes out its arguments at most; 1 for one of DuckDB's own."""
    if name not in MACROS:
        return 2 if name == "nullif" else 1
    parameters, _, body = MACROS[name].partition(" AS ")
    below = max((repeats(n) for n in _NAME.findall(body)), default=1)
    return below * sum(
        len(re.findall(rf"\b{parameter}\b", body)) for parameter in _WORD.findall(parameters)
    )


def used_by(sql: str) -> tuple[str, ...]:
    """CREATE MACRO statements for the macros that an SQL text uses, in order of definition."""
    wanted = {name for name in _NAME.findall(sql) if name in MACROS}
    for name in reversed(MACROS):
        if name in wanted:
            wanted |= {n for n in _NAME.findall(MACROS[name]) if n in MACROS}
    return tuple(
        f"CREATE OR REPLACE TEMP MACRO {name}{MACROS[name]}" for name in MACROS if name in wanted
    )
