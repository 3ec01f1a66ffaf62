"""Logs of Java programs: log4j, logback, Spring Boot, Hadoop, Kafka, ZooKeeper."""

from __future__ import annotations

from logq.ingest.format import Sample, register
from logq.ingest.layout import ISO, LEVELS, MSG, Layout, LayoutFormat

_TIME = (
    rf"(?P<time>{ISO}|\d\d/\d\d/\d\d \d\d:\d\d:\d\d(?:[.,]\d+)?"
    r"|\d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d(?:[.,]\d+)?)"
)
_LEVEL = rf"\[? *(?P<level>{LEVELS})\b *\]?"
_THREAD = r"\[ *(?P<thread>[^\n]*?) *\]"
_LOGGER = r"(?P<logger>[\w$.\[\]/@-]+)"


@register
class Log4j(LayoutFormat):
    """Logs of Java programs in the usual layouts of log4j, logback and Spring Boot."""

    name = "log4j"
    title = "log4j, logback, Spring Boot"
    priority = 20
    multiline = "java"
    ints = frozenset({"pid", "line"})
    layouts = (
        Layout(  # ZooKeeper: thread, class and line in one bracket
            rf"^{_TIME} - {_LEVEL} +\[(?P<thread>[^\n]*?):(?P<logger>[\w$.]+)@(?P<line>\d+)\]"
            rf" - {MSG}"
        ),
        Layout(  # Spring Boot
            rf"^{_TIME} +{_LEVEL} +(?P<pid>\d+) --- (?:\[(?P<app>[^\]\n]*)\] )?{_THREAD} "
            rf"(?:\[(?P<trace>[^\]\n]*)\] )?{_LOGGER} *: {MSG}"
        ),
        Layout(rf"^{_TIME} +{_THREAD} +{_LEVEL} +{_LOGGER}(?: *-|:) {MSG}"),
        Layout(rf"^{_TIME}(?: -)? +{_LEVEL} +{_THREAD} +{_LOGGER}(?: *-|:) {MSG}"),
        Layout(rf"^{_TIME}(?: -)? +{_LEVEL} +{_THREAD}(?: -|:)? +{MSG}"),
        Layout(rf"^{_TIME} +(?P<level>{LEVELS}) +{_LOGGER}(?: *-|:) {MSG}"),
        Layout(  # HDFS
            rf"^(?P<time>\d{{6}} \d{{6}}) (?P<pid>\d+) (?P<level>{LEVELS}) {_LOGGER}: {MSG}"
        ),
        Layout(  # Kafka
            rf"^\[{_TIME}\] (?P<level>{LEVELS}) (?P<msg>[^\n]*?) "
            r"\((?P<logger>[\w$.-]+)\)\s*(?:\n|$)"
        ),
        Layout(rf"^(?P<level>{LEVELS}) +\[?{_TIME}\]? +{_THREAD} +{_LOGGER}(?: *-|:) {MSG}"),
    )
    samples = (
        Sample(
            "2015-07-29 17:41:44,747 - INFO  [QuorumPeer[myid=1]/0:0:2181:FastLeaderElection@774] "
            "- Notification time out: 3200",
            1438191704747,
            {
                "level": "INFO",
                "thread": "QuorumPeer[myid=1]/0:0:2181",
                "logger": "FastLeaderElection",
                "line": 774,
                "msg": "Notification time out: 3200",
            },
        ),
        Sample(
            "2026-01-05T10:00:00.123Z  INFO 4242 --- [shop] [nio-8080-exec-1] c.e.shop.Orders : up",
            1767607200123,
            {
                "level": "INFO",
                "pid": 4242,
                "app": "shop",
                "thread": "nio-8080-exec-1",
                "logger": "c.e.shop.Orders",
                "msg": "up",
            },
        ),
        Sample(
            "2026-01-05 10:00:00.123 [main] ERROR com.x.Y - it broke",
            1767607200123,
            {"thread": "main", "level": "ERROR", "logger": "com.x.Y", "msg": "it broke"},
        ),
        Sample(
            "2026-01-05 10:00:00,123 INFO  [exec-1] c.e.Orders - stored order 7",
            1767607200123,
            {"level": "INFO", "thread": "exec-1", "logger": "c.e.Orders", "msg": "stored order 7"},
        ),
        Sample(
            "2026-01-05 10:00:00,123 WARN [exec-1] slow query",
            1767607200123,
            {"level": "WARN", "thread": "exec-1", "msg": "slow query"},
        ),
        Sample(
            "17/06/09 20:10:40 INFO spark.SecurityManager: Changing view acls to: yarn",
            1497039040000,
            {
                "level": "INFO",
                "logger": "spark.SecurityManager",
                "msg": "Changing view acls to: yarn",
            },
        ),
        Sample(
            "081109 203615 148 INFO dfs.DataNode$PacketResponder: terminating",
            1226262975000,
            {
                "pid": 148,
                "level": "INFO",
                "logger": "dfs.DataNode$PacketResponder",
                "msg": "terminating",
            },
        ),
        Sample(
            "[2026-01-05 10:00:00,123] INFO Kafka version: 3.9 (org.apache.kafka.AppInfoParser)",
            1767607200123,
            {
                "level": "INFO",
                "msg": "Kafka version: 3.9",
                "logger": "org.apache.kafka.AppInfoParser",
            },
        ),
    )
