"""Functions that encode, decode and hash text, always as UTF-8."""

from __future__ import annotations

from logq.query.build import Sql, fn
from logq.query.function import Example, function
from logq.query.value import Type

_TEXT = Type.TEXT


@function("md5", "text", _TEXT, Example('md5("abc")', "900150983cd24fb0d6963f7d28e17f72"))
def md5(value: Sql) -> Sql:
    """The MD5 hash in hexadecimal digits."""
    return fn("md5", value)


@function(
    "sha256",
    "text",
    _TEXT,
    Example('sha256("abc")', "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
)
def sha256(value: Sql) -> Sql:
    """The SHA-256 hash in hexadecimal digits."""
    return fn("sha256", value)


@function("urlencode", "text", _TEXT, Example('urlencode("a b/é")', "a%20b%2F%C3%A9"))
def urlencode(value: Sql) -> Sql:
    """The text in percent coding."""
    return fn("url_encode", value)


@function(
    "urldecode",
    "text",
    _TEXT,
    Example('urldecode("a%20b%2F%C3%A9")', "a b/é"),
    Example('urldecode("100%")', None),
)
def urldecode(value: Sql) -> Sql:
    """The text without its percent coding; missing where that is not valid."""
    return fn("url_text", value)


@function("base64encode", "text", _TEXT, Example('base64encode("hello")', "aGVsbG8="))
def base64encode(value: Sql) -> Sql:
    """The text in Base64."""
    return fn("base64", fn("encode", value))


@function(
    "base64decode",
    "text",
    _TEXT,
    Example('base64decode("aGVsbG8=")', "hello"),
    Example('base64decode("aGVsbG8")', None),
)
def base64decode(value: Sql) -> Sql:
    """The text behind Base64; missing where that is not valid or no text."""
    return fn("base64_text", value)


@function(
    "hexToAscii",
    "text",
    _TEXT,
    Example('hexToAscii("48656c6c6f")', "Hello"),
    Example('hexToAscii("4")', None),
)
def hex_to_ascii(value: Sql) -> Sql:
    """The text whose bytes are written as pairs of hexadecimal digits."""
    return fn("hex_text", value)
