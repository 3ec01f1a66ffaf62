"""The made-up story in ``sample_logs/``: ``python -m tests.samples`` writes the files anew.

A shop, on 17 March 2026 from 14:00 to 15:30 UTC. At 14:20 checkout 2.4.0 is rolled out; it keeps
database connections it should give back. From 14:24 its pool runs dry, requests wait and time out,
nginx answers 5xx, customers try again, the database refuses the orders service too, pods fail their
probes and are restarted, and at 14:46 the release is rolled back. Every file tells its part of it,
and a request has one id everywhere. Only ``Dice.roll`` is random, so the files never change.
"""

from __future__ import annotations

from pathlib import Path

from tests.samples.facts import Story
from tests.samples.machines import Machines
from tests.samples.shop import Shop

DIRECTORY = Path(__file__).parents[2] / "sample_logs"


def tell() -> dict[str, str]:
    """The files by name."""
    story = Story()
    Shop(story).shoppers()
    machines = Machines(story)
    machines.cluster()
    machines.database_host()
    machines.network()
    return story.files()
