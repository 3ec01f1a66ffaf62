"""What all tests share: how hypothesis searches."""

from __future__ import annotations

import os

from hypothesis import settings

# No example may be too slow for a busy machine; in CI the examples are the same in every run.
settings.register_profile("logq", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("logq")
