"""The OpenTelemetry SDK's own exporter against the real server."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from tests.server.cloudwatch.serving import Served


@pytest.mark.parametrize("compression", list(Compression), ids=lambda one: one.name)
def test_what_a_program_logs_through_the_sdk_is_found(
    compression: Compression, served: Served
) -> None:
    exporter = OTLPLogExporter(endpoint=f"{served.url}/v1/logs", compression=compression)
    provider = LoggerProvider(
        Resource.create({"service.name": "shop/checkout", "host.name": "web-1"})
    )
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    logger = provider.get_logger("shop.pay", "1.2")
    for number in range(300):
        logger.emit(
            LogRecord(
                timestamp=1_767_607_200_000_000_000 + number * 1_000_000,
                severity_number=SeverityNumber.WARN,
                severity_text="WARN",
                body=f"order {number} is slow",
                attributes={"order": number, "tags": ["a", "b"], "nested": {"x": 0.5}},
            )
        )
    assert provider.force_flush()
    provider.shutdown()

    query = (
        "filter severityText = 'WARN' and attributes.order >= 298"
        " | fields @timestamp, @logStream, body, attributes.nested.x, scope.name | sort @timestamp"
    )
    rows: list[Any] = list(served.logq.queries.run(query, groups=["shop/checkout"]).rows())
    assert rows == [
        (1_767_607_200_298, "web-1", "order 298 is slow", 0.5, "shop.pay"),
        (1_767_607_200_299, "web-1", "order 299 is slow", 0.5, "shop.pay"),
    ]
