"""Commands that the grammar reads and this version cannot run."""

from __future__ import annotations

from logq.query.command import planned

planned("filterindex", "filterIndex field = value | field in [value, ...]", "skip groups by index")
planned("pattern", "pattern field", "cluster messages into patterns")
planned("diff", "diff [previousDay | previousWeek | previousMonth]", "compare two time windows")
planned("anomaly", "anomaly", "keep unusual patterns")
planned("appendcols", "appendcols [override=true] [max=n] (query)", "put two queries side by side")
planned("addtotals", "addtotals [fieldname=name] [row=false] [col=true] [field, ...]", "add totals")
planned("accum", "accum field [as name]", "running total")
planned("autoregress", "autoregress field [as name] [p=1-4]", "values of earlier rows")
planned("filldown", "filldown [field ...]", "carry the last value forward")
planned("fillmissing", "fillmissing [with value for field, ...]", "add rows for empty time buckets")
planned("outlier", "outlier [action=remove] [param=2.5] field ...", "cut extreme values")
planned("sessionize", "sessionize field, ... [maxspan 30m] [as name]", "group events into sessions")
planned("countfrequent", "countFrequent field, ...", "count the most frequent combinations")
planned("relevantfields", "relevantfields [field, ...] where condition", "fields that explain it")
planned("logcompare", "logcompare timeshift 7d", "compare with an earlier window")
planned("estimate", "estimate", "how much a query would read")
planned("saved", '$Name(parameter = "value", ...)', "run a saved query")
