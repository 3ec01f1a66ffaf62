"""AWS logs made of blank-separated columns."""

from __future__ import annotations

from types import MappingProxyType

from logq.ingest.format import Sample, register
from logq.ingest.layout import Layout, LayoutFormat

_ADDRESS = r"(?:-|[\da-fA-F.:]+)"
_COUNT = r"(?:-|\d+)"


@register
class VpcFlow(LayoutFormat):
    """AWS VPC flow logs with the default columns (version 2)."""

    name = "vpcflow"
    title = "AWS VPC flow log"
    priority = 40
    shred = False
    dash = True
    ints = frozenset(
        {"version", "srcPort", "dstPort", "protocol", "packets", "bytes", "time", "endTime"}
    )
    keeps_time = True
    paths = MappingProxyType({"time": "startTime"})
    layouts = (
        Layout(
            r"^(?P<version>\d{1,2}) (?P<accountId>\w+) (?P<interfaceId>\S+) "
            rf"(?P<srcAddr>{_ADDRESS}) (?P<dstAddr>{_ADDRESS}) (?P<srcPort>{_COUNT}) "
            rf"(?P<dstPort>{_COUNT}) (?P<protocol>{_COUNT}) (?P<packets>{_COUNT}) "
            rf"(?P<bytes>{_COUNT}) (?P<time>\d+) (?P<endTime>\d+) "
            r"(?P<action>ACCEPT|REJECT|-) (?P<logStatus>OK|NODATA|SKIPDATA)\s*$"
        ),
    )
    samples = (
        Sample(
            "2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 "
            "1418530010 1418530070 ACCEPT OK",
            1418530010000,
            {
                "version": 2,
                "accountId": "123456789010",
                "interfaceId": "eni-1235b8ca123456789",
                "srcAddr": "172.31.16.139",
                "dstAddr": "172.31.16.21",
                "srcPort": 20641,
                "dstPort": 22,
                "protocol": 6,
                "packets": 20,
                "bytes": 4249,
                "startTime": 1418530010,
                "endTime": 1418530070,
                "action": "ACCEPT",
                "logStatus": "OK",
            },
        ),
        Sample(
            "2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA",
            1431280876000,
            {
                "version": 2,
                "accountId": "123456789010",
                "interfaceId": "eni-1235b8ca123456789",
                "startTime": 1431280876,
                "endTime": 1431280934,
                "logStatus": "NODATA",
            },
        ),
    )


@register
class Route53(LayoutFormat):
    """AWS Route 53 public query logs."""

    name = "route53"
    title = "AWS Route 53 query log"
    priority = 40
    shred = False
    dash = True
    keeps_time = True
    paths = MappingProxyType({"time": "queryTimestamp"})
    layouts = (
        Layout(
            r"^(?P<version>\d+\.\d+) (?P<time>\d{4}-\d\d-\d\dT[\d:.]+Z) (?P<hostZoneId>Z\w+) "
            r"(?P<queryName>\S+) (?P<queryType>\w+) (?P<responseCode>[A-Z0-9]+) "
            r"(?P<protocol>TCP|UDP) (?P<edgeLocation>\S+) "
            rf"(?P<resolverIp>{_ADDRESS}) (?P<ednsClientSubnet>\S+)\s*$"
        ),
    )
    samples = (
        Sample(
            "1.0 2017-12-13T08:16:02.130Z Z123412341234 example.com A NOERROR UDP FRA6 "
            "192.168.1.1 -",
            1513152962130,
            {
                "version": "1.0",
                "queryTimestamp": "2017-12-13T08:16:02.130Z",
                "hostZoneId": "Z123412341234",
                "queryName": "example.com",
                "queryType": "A",
                "responseCode": "NOERROR",
                "protocol": "UDP",
                "edgeLocation": "FRA6",
                "resolverIp": "192.168.1.1",
            },
        ),
    )
