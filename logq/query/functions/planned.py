"""Functions of the language that this version cannot run; a query that uses one is told so."""

from __future__ import annotations

from logq.query.function import planned

planned("haversine", "toInt", "toLong", "hexToDec", "decToHex")
planned("queryStartTime", "queryEndTime", "queryTimeRange", "nowMillis", "parseDate", "formatDate")
planned("strftime", "messageSize", "unmask", "jsonParse", "jsonStringify", "jsonArraySize")
planned("jsonArrayContains", "md5", "sha256", "regexReplace", "urlencode", "urldecode")
planned("base64encode", "base64decode", "hexToAscii", "split", "ipv4ToNumber", "isPrivateIP")
planned("isPublicIP", "isReservedIP", "values", "collect_values", "topk", "rate", "countOverTime")
planned("sumOverTime", "histogram", "median", "first", "last", "count_if")
