"""What a server stores for a client: log groups, batches of events, checkpoints."""

from __future__ import annotations

from logq.client.groups import Groups
from logq.client.server import Server


class Storage:
    """The storage of a server, as far as clients may use it.

    ``owner`` names the client in the owners of its checkpoints, so that two agents with files of
    one inode number do not take each other's places.
    """

    def __init__(self, server: Server, owner: str = "") -> None:
        self.groups = Groups(server)
