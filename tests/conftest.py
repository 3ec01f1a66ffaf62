"""What holds for every test: chance that is the same on every machine, and patience.

``pytest --hypothesis-profile=random`` looks for new examples, and so does every run with LOGQ_SOAK;
a run of the suite always tries the same ones, so that nobody's change fails for another's fault.
"""

from __future__ import annotations

import os

import httpx2
from hypothesis import HealthCheck, settings

from logq.actions import completing
from logq.work import runs

PATIENCE = 60.0
"""Seconds before a request counts as lost; five, the library's own default, pass on busy machines.
"""

settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("random", settings.get_profile("steady"), derandomize=False)
settings.load_profile("random" if "LOGQ_SOAK" in os.environ else "steady")

_usual = httpx2._config.DEFAULT_TIMEOUT_CONFIG
_usual.connect = _usual.read = _usual.write = _usual.pool = PATIENCE

# What the server does within a second or two where the machine is free: no test may hang on it.
runs.PATIENCE_SECONDS = completing.VALUE_SECONDS = PATIENCE
