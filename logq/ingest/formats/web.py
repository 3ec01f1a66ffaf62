"""Access and error logs of web servers."""

from __future__ import annotations

from types import MappingProxyType

from logq.ingest.format import Sample, register
from logq.ingest.layout import MSG, Layout, LayoutFormat

_QUOTED = r'(?:[^"\\]|\\.)*'


@register
class CommonLog(LayoutFormat):
    """Access logs of Apache and nginx: common and combined, also with fields added at the end."""

    name = "clf"
    title = "Apache and nginx access log"
    priority = 30
    shred = False
    keeps_time = True
    dash = True
    ints = frozenset({"status", "bytes"})
    paths = MappingProxyType({"remote": "remoteIP", "agent": "userAgent"})
    layouts = (
        Layout(
            r"^(?:[\w.:-]+:\d+ )?(?P<remote>\S+) (?P<ident>\S+) (?P<user>[^\[\n]*?) "
            r"\[(?P<time>[^\]\n]+)\] "
            rf'"(?P<request>(?:(?P<method>[A-Za-z]+) (?P<path>[^\s"]+)'
            r"(?: (?P<protocol>[A-Z]+/[\d.]+))?"
            rf'|{_QUOTED}))" (?P<status>\d{{3}}|-) (?P<bytes>\d+|-)'
            rf'(?: "(?P<referrer>{_QUOTED})"(?: "(?P<agent>{_QUOTED})")?)?'
        ),
    )
    samples = (
        Sample(
            '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326',
            971211336000,
            {
                "remoteIP": "127.0.0.1",
                "user": "frank",
                "time": "10/Oct/2000:13:55:36 -0700",
                "request": "GET /apache_pb.gif HTTP/1.0",
                "method": "GET",
                "path": "/apache_pb.gif",
                "protocol": "HTTP/1.0",
                "status": 200,
                "bytes": 2326,
            },
        ),
        Sample(
            '2001:db8::7 - - [05/Jan/2026:10:00:00 +0000] "POST /a?b=1 HTTP/2.0" 502 - '
            '"https://shop.example/" "Mozilla/5.0 (\\"x\\")" 0.031 "upstream"',
            1767607200000,
            {
                "remoteIP": "2001:db8::7",
                "time": "05/Jan/2026:10:00:00 +0000",
                "request": "POST /a?b=1 HTTP/2.0",
                "method": "POST",
                "path": "/a?b=1",
                "protocol": "HTTP/2.0",
                "status": 502,
                "referrer": "https://shop.example/",
                "userAgent": 'Mozilla/5.0 (\\"x\\")',
            },
        ),
        Sample(
            '203.0.113.9 - - [05/Jan/2026:10:00:01 +0000] "-" 408 0 "-" "-"',
            1767607201000,
            {
                "remoteIP": "203.0.113.9",
                "time": "05/Jan/2026:10:00:01 +0000",
                "status": 408,
                "bytes": 0,
            },
        ),
    )


@register
class ApacheError(LayoutFormat):
    """Error logs of Apache 2.2 and 2.4."""

    name = "apache_error"
    title = "Apache error log"
    priority = 30
    ints = frozenset({"pid", "tid"})
    layouts = (
        Layout(
            r"^\[(?P<time>[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d(?:\.\d+)? \d{4})\] "
            r"\[(?:(?P<module>[\w-]*):)?(?P<level>[a-z]+\d?)\] "
            r"(?:\[pid (?P<pid>\d+)(?::tid (?P<tid>\d+))?\] )?(?:\[client (?P<client>[^\]\n]+)\] )?"
            rf"(?:(?P<code>AH\d{{5}}): )?{MSG}"
        ),
    )
    samples = (
        Sample(
            "[Sun Dec 04 04:47:44 2005] [error] [client 203.0.113.5] File does not exist: /x",
            1133671664000,
            {"level": "error", "client": "203.0.113.5", "msg": "File does not exist: /x"},
        ),
        Sample(
            "[Mon Jan 05 10:00:00.123456 2026] [core:notice] [pid 7:tid 140] AH00094: Command line",
            1767607200123,
            {
                "module": "core",
                "level": "notice",
                "pid": 7,
                "tid": 140,
                "code": "AH00094",
                "msg": "Command line",
            },
        ),
    )


@register
class NginxError(LayoutFormat):
    """Error logs of nginx."""

    name = "nginx_error"
    title = "nginx error log"
    priority = 30
    ints = frozenset({"pid", "tid", "connection"})
    layouts = (
        Layout(
            r"^(?P<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) \[(?P<level>[a-z]+)\] "
            rf"(?P<pid>\d+)#(?P<tid>\d+): (?:\*(?P<connection>\d+) )?{MSG}"
        ),
    )
    samples = (
        Sample(
            "2026/01/05 10:00:00 [error] 31#31: *17 connect() failed (111: Connection refused)",
            1767607200000,
            {
                "level": "error",
                "pid": 31,
                "tid": 31,
                "connection": 17,
                "msg": "connect() failed (111: Connection refused)",
            },
        ),
    )
