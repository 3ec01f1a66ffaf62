"""Actions on the audit."""

from __future__ import annotations

from logq.actions.action import action
from logq.actions.context import Context
from logq.audit.call import Access
from logq.audit.store import AUDIT
from logq.audit.verify import Report


@action("logq:VerifyAudit", Access.MANAGEMENT_READ)
def verify_audit(context: Context, start: int | None = None, end: int | None = None) -> Report:
    """Prove that no record between two times (epoch milliseconds) is missing or changed."""
    context.require("logq:VerifyAudit", context.place.log_group(AUDIT))
    return context.logq.verify_audit(start, end)
