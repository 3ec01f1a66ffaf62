"""Lists that are always empty, so that consoles and Terraform's data sources do not fail."""

from __future__ import annotations

from logq.actions.absent import LOOKS
from logq.actions.context import Context
from logq.server.cloudwatch.fault import WireError
from logq.server.cloudwatch.operation import Params, Result, operation

_LISTS = {
    ("logs", "DescribeAccountPolicies"): "accountPolicies",
    ("logs", "DescribeDestinations"): "destinations",
    ("logs", "DescribeExportTasks"): "exportTasks",
    ("logs", "DescribeResourcePolicies"): "resourcePolicies",
    ("logs", "ListAnomalies"): "anomalies",
    ("logs", "ListLogAnomalyDetectors"): "anomalyDetectors",
    ("cloudwatch", "DescribeAnomalyDetectors"): "AnomalyDetectors",
    ("cloudwatch", "DescribeInsightRules"): "InsightRules",
    ("cloudwatch", "ListMetricStreams"): "Entries",
}


def _empty(service: str, name: str, member: str) -> None:
    look = LOOKS[f"{service}:{name}"]

    @operation(service, name)
    def answer(context: Context, params: Params) -> Result:
        look(context)
        return {member: []}


for (_service, _name), _member in _LISTS.items():
    _empty(_service, _name, _member)


@operation("logs", "GetDataProtectionPolicy")
def get_data_protection_policy(context: Context, params: Params) -> Result:
    LOOKS["logs:GetDataProtectionPolicy"](context)
    raise WireError(
        "ResourceNotFoundException", "The specified data protection policy does not exist."
    )
