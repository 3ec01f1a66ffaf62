"""Commands that the grammar reads and this version cannot run."""

from __future__ import annotations

from logq.query.command import planned

planned("filterindex", "filterIndex field = value | field in [value, ...]", "skip groups by index")
planned("pattern", "pattern field", "cluster messages into patterns")
planned("diff", "diff [previousDay | previousWeek | previousMonth]", "compare two time windows")
planned("anomaly", "anomaly", "keep unusual patterns")
planned("relevantfields", "relevantfields [field, ...] where condition", "fields that explain it")
planned("logcompare", "logcompare timeshift 7d", "compare with an earlier window")
