"""Actions on what LogQ has none of: lists that clients read and that are empty here."""

from __future__ import annotations

from collections.abc import Callable

from logq.actions.action import action
from logq.actions.context import Context
from logq.audit.call import Access

NAMES = (
    "logs:DescribeAccountPolicies",
    "logs:DescribeDestinations",
    "logs:DescribeExportTasks",
    "logs:DescribeResourcePolicies",
    "logs:GetDataProtectionPolicy",
    "logs:ListAnomalies",
    "logs:ListLogAnomalyDetectors",
    "cloudwatch:DescribeAnomalyDetectors",
    "cloudwatch:DescribeInsightRules",
    "cloudwatch:ListMetricStreams",
)


def _look(name: str) -> Callable[[Context], None]:
    @action(name, Access.MANAGEMENT_READ)
    def look(context: Context) -> None:
        """Nothing: LogQ never has any of these."""
        context.require(name, "*")

    return look


LOOKS = {name: _look(name) for name in NAMES}
"""Check the policy and are recorded; the answer is always that there is nothing."""
