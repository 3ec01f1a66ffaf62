"""The schema of the catalog, as the list of steps that lead to it.

Step ``n`` takes a catalog from version ``n`` to ``n + 1``; SQLite's ``user_version`` holds the
version. A step that has been released is never changed. ``catalog.py`` runs each one in a
transaction of its own and keeps a copy of the catalog as it was before the first.
"""

from __future__ import annotations

_FIRST = """
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counters VALUES ('seq', 0);

CREATE TABLE log_groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    retention_days INTEGER,
    format TEXT NOT NULL,
    tags TEXT NOT NULL
);

CREATE TABLE log_streams (
    group_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (group_id, name)
) WITHOUT ROWID;

-- What batches share: paths, kinds, columns. Counts differ from batch to batch and stay there.
CREATE TABLE schemas (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);

CREATE TABLE journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id INTEGER NOT NULL,
    written INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    schema_id INTEGER NOT NULL,
    counts TEXT NOT NULL,
    streams TEXT NOT NULL,
    crc INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE INDEX journal_by_group ON journal (group_id, id, written, bytes);

CREATE TABLE segments (
    id TEXT PRIMARY KEY,
    group_id INTEGER NOT NULL,
    day TEXT NOT NULL,
    rows INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    disk_bytes INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    schema_id INTEGER NOT NULL,
    columns TEXT NOT NULL,
    counts TEXT NOT NULL,
    row_groups BLOB NOT NULL,
    stream_names TEXT NOT NULL,
    grams_sha256 TEXT,
    damage TEXT,
    streams TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX segments_by_group ON segments (group_id, day);

-- Files that no query may find any more, or not yet: unlinked when due.
CREATE TABLE garbage (path TEXT PRIMARY KEY, due INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE checkpoints (
    owner TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (owner, key)
) WITHOUT ROWID;
"""

_DEFINITIONS = """
-- What people define, as JSON; group_id is 0 for what belongs to no log group.
CREATE TABLE definitions (
    kind TEXT NOT NULL,
    group_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    body TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (kind, group_id, name)
) WITHOUT ROWID;
"""

_GROUP_MARKS = """
ALTER TABLE log_groups ADD COLUMN log_class TEXT NOT NULL DEFAULT 'STANDARD';
ALTER TABLE log_groups ADD COLUMN kms_key TEXT;
ALTER TABLE log_groups ADD COLUMN protected INTEGER NOT NULL DEFAULT 0;
"""

_ANSWERS = """
-- Queries that were started to be fetched later; ended is null while one runs.
CREATE TABLE answers (
    id TEXT PRIMARY KEY,
    created INTEGER NOT NULL,
    ended INTEGER,
    status TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX answers_by_time ON answers (created);
"""

_HIDDEN = """
-- Streams whose events in this segment or batch have been deleted, and how many these are.
ALTER TABLE segments ADD COLUMN hidden TEXT NOT NULL DEFAULT '[]';
ALTER TABLE segments ADD COLUMN hidden_rows INTEGER NOT NULL DEFAULT 0;
ALTER TABLE segments ADD COLUMN hidden_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE journal ADD COLUMN hidden TEXT NOT NULL DEFAULT '[]';
ALTER TABLE journal ADD COLUMN hidden_rows INTEGER NOT NULL DEFAULT 0;
ALTER TABLE journal ADD COLUMN hidden_bytes INTEGER NOT NULL DEFAULT 0;
"""

_OUTBOX = """
-- What is to be delivered to other services, until it was.
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    key TEXT NOT NULL,
    kind TEXT NOT NULL,
    "to" TEXT NOT NULL,
    lane TEXT NOT NULL,
    body TEXT NOT NULL,
    created INTEGER NOT NULL,
    stream TEXT NOT NULL,
    attempts INTEGER,
    seconds INTEGER,
    source TEXT NOT NULL,
    hops INTEGER NOT NULL,
    tried INTEGER NOT NULL DEFAULT 0,
    first_try INTEGER,
    next_at INTEGER NOT NULL,
    fault TEXT NOT NULL DEFAULT '',
    UNIQUE (id, "to")
);
CREATE INDEX outbox_by_key ON outbox (key, seq);
CREATE INDEX outbox_by_lane ON outbox (lane, seq);

-- What subscribers were told is wrong, until they are told that it is over.
CREATE TABLE told (
    subscription TEXT NOT NULL,
    subject TEXT NOT NULL,
    since INTEGER NOT NULL,
    repeat_at INTEGER,
    body TEXT NOT NULL,
    PRIMARY KEY (subscription, subject)
) WITHOUT ROWID;
"""

_FILTER_MINUTES = """
-- Minutes with events of a log group, for metric filters with a default value; closed is 1 once
-- it was decided whether the minute gets it.
CREATE TABLE filter_minutes (
    log_group TEXT NOT NULL,
    filter TEXT NOT NULL,
    minute INTEGER NOT NULL,
    matched INTEGER NOT NULL,
    closed INTEGER NOT NULL,
    PRIMARY KEY (log_group, filter, minute)
) WITHOUT ROWID;
CREATE INDEX filter_minutes_by_time ON filter_minutes (closed, minute);
"""

_METRICS = """
CREATE TABLE metrics (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    dimensions TEXT NOT NULL,
    last INTEGER NOT NULL,
    UNIQUE (namespace, name, dimensions)
);

-- What was measured lately. By time first: what is written together lies together.
CREATE TABLE datapoints (
    resolution INTEGER NOT NULL,
    start INTEGER NOT NULL,
    metric_id INTEGER NOT NULL,
    unit TEXT NOT NULL,
    samples REAL NOT NULL,
    total REAL NOT NULL,
    low REAL NOT NULL,
    high REAL NOT NULL,
    detail BLOB,
    PRIMARY KEY (resolution, start, metric_id, unit)
) WITHOUT ROWID;

-- Older datapoints of one metric, packed: 1,440 times the resolution, from number times that on.
CREATE TABLE datapoint_blocks (
    resolution INTEGER NOT NULL,
    number INTEGER NOT NULL,
    metric_id INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (resolution, number, metric_id)
);
"""

_EMBEDDED = """
ALTER TABLE log_groups ADD COLUMN embedded_metrics INTEGER NOT NULL DEFAULT 0;
"""

_RULE_SCHEDULES = """
-- When rules with a schedule are due, and the schedule and rule that this was reckoned for.
CREATE TABLE rule_schedules (
    rule TEXT PRIMARY KEY,
    schedule TEXT NOT NULL,
    made INTEGER NOT NULL,
    due INTEGER
) WITHOUT ROWID;
"""

_ALARMS = """
-- Where each alarm stands; see alarms/standing.py.
CREATE TABLE alarm_states (
    name TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    reason_data TEXT,
    updated INTEGER NOT NULL,
    transitioned INTEGER NOT NULL,
    evaluation TEXT,
    muted_from TEXT,
    pending INTEGER NOT NULL,
    timer TEXT,
    timer_due INTEGER,
    version INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX alarms_by_timer ON alarm_states (timer_due) WHERE timer_due IS NOT NULL;
CREATE INDEX alarms_muted ON alarm_states (muted_from) WHERE muted_from IS NOT NULL;

-- What alarms did, also after they were deleted.
CREATE TABLE alarm_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time INTEGER NOT NULL,
    alarm TEXT NOT NULL,
    alarm_type TEXT NOT NULL,
    type TEXT NOT NULL,
    summary TEXT NOT NULL,
    data TEXT NOT NULL,
    contributor TEXT,
    attributes TEXT,
    groups TEXT NOT NULL
);
CREATE INDEX alarm_history_by_alarm ON alarm_history (alarm, time);
CREATE INDEX alarm_history_by_time ON alarm_history (time);

-- The series of log alarms, and the results of their last runs.
CREATE TABLE alarm_contributors (
    alarm TEXT NOT NULL,
    id TEXT NOT NULL,
    attributes TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    value REAL,
    transitioned INTEGER NOT NULL,
    PRIMARY KEY (alarm, id)
) WITHOUT ROWID;
CREATE TABLE alarm_runs (
    alarm TEXT NOT NULL,
    time INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (alarm, time)
) WITHOUT ROWID;

-- changed: counts changes of alarms and mute rules. ticked: the last evaluation, epoch ms.
CREATE TABLE alarm_marks (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""

MIGRATIONS: list[str] = [
    _FIRST,
    _DEFINITIONS,
    _GROUP_MARKS,
    _ANSWERS,
    _HIDDEN,
    _OUTBOX,
    _FILTER_MINUTES,
    _METRICS,
    _EMBEDDED,
    _RULE_SCHEDULES,
    _ALARMS,
]
