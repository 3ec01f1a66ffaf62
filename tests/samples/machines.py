"""The machines around the shop: its cluster, the host of its database, and the network."""

from __future__ import annotations

import json
from typing import Any

from tests.samples.facts import (
    MINUTES,
    NEW,
    OLD,
    POD_NAMES,
    RESTARTS,
    ROLLBACK,
    ROLLOUT,
    Story,
    at,
    iso,
    trouble,
)

RUNTIME_LIMIT = 16_384  # a container runtime cuts longer lines


class Machines:
    """What they write by themselves."""

    def __init__(self, story: Story) -> None:
        self.story, self.dice = story, story.dice
        self.told: set[str] = set()

    def cluster(self) -> None:
        """Events of Kubernetes as its container runtime keeps them, and what the pods say."""
        for release, minutes in ((NEW, ROLLOUT), (OLD, ROLLBACK)):
            verb = "updated" if release == NEW else "rolled back"
            text = f"deployment checkout {verb} to {release}"
            self.kube(minutes[0] - 0.1, "Normal", "Deploying", text, "deployer")
            for pod, minute in enumerate(minutes):
                text = f"image shop/checkout:{release} is on the node"
                self.kube(minute - 0.05, "Normal", "Pulled", text, pod)
                self.pod_starts(minute, pod, release)
        for minute, pod in RESTARTS:
            for back in (0.5, 0.33, 0.17):
                text, seen = "liveness probe failed", {"status": 503, "ms": 2000}
                self.kube(minute - back, "Warning", "Unhealthy", text, pod, probe=seen)
            text = "container checkout failed its liveness probe"
            self.kube(minute - 0.02, "Normal", "Killing", text, pod)
            self.pod_starts(minute, pod, NEW)
        for minute in range(0, MINUTES, 2):
            job = "cart-cleanup"
            self.kube(minute + 0.4, "Normal", "Completed", f"cron job {job} finished", job)

    def pod_starts(self, minute: float, pod: int, release: str) -> None:
        self.kube(minute, "Normal", "Started", f"started container checkout {release}", pod)
        flags = {"one-click": True, "gift-cards": release == NEW}
        fields = {"port": 8080, "flags": flags, "regions": ["eu-1", "eu-2"]}
        text = f"checkout {release} is listening"
        self.story.app("checkout", minute + 0.03, "INFO", text, None, release, pod, **fields)

    def kube(
        self, minute: float, kind: str, reason: str, text: str, pod: int | str, **fields: Any
    ) -> None:
        name = f"checkout-{POD_NAMES[pod]}" if isinstance(pod, int) else pod
        about = {"type": kind, "reason": reason, "object": {"kind": "Pod", "name": name}}
        stamp = f"{iso(minute).removesuffix('Z')}{self.dice.whole(0, 999_999):06}Z"
        if reason == "Killing" and "dump" not in self.told:
            self.told.add("dump")
            place = {"state": "waiting", "at": "checkout/pool.py:41"}
            fields["dump"] = [{"thread": number, **place} for number in range(300)]
        message = json.dumps({**about, "note": text, **fields})
        while len(message) > RUNTIME_LIMIT:
            self.story.tell("kubernetes.log", minute, f"{stamp} stderr P {message[:RUNTIME_LIMIT]}")
            message = message[RUNTIME_LIMIT:]
        self.story.tell("kubernetes.log", minute, f"{stamp} stderr F {message}")

    def database_host(self) -> None:
        dice = self.dice
        for minute in range(MINUTES):
            if minute % 5 == 0:
                self.sys(minute + 0.02, f"CRON[{2210 + minute}]", "(postgres) CMD (archive-wal)")
                text = f"wrote {dice.whole(90, 700)} buffers in {dice.whole(80, 900)} ms"
                self.sys(minute + 0.5, "postgres[812]", f"LOG:  checkpoint complete: {text}")
            if minute % 17 == 3:
                self.sys(minute + 0.3, "systemd[1]", "Started backup-status.service.")
            if dice.chance(0.25):
                user, address = dice.pick(("admin", "test", "oracle")), dice.whole(1, 254)
                port = dice.whole(20_000, 60_000)
                text = f"Invalid user {user} from 198.51.100.{address} port {port}"
                self.sys(minute + 0.7, f"sshd[{dice.whole(3_000, 9_000)}]", text)
            refused = round(12 * trouble(minute) * dice.roll())
            for moment in sorted(dice.roll() for _ in range(refused)):
                user, client = dice.pick(("checkout", "orders")), f"10.0.2.{dice.whole(21, 23)}"
                who = f"user {user}, client {client}"
                text = f"FATAL:  too many connections for database shop ({who})"
                self.sys(minute + moment, f"postgres[{dice.whole(9_000, 9_900)}]", text)
        login = "publickey for oncall from 10.0.9.4 port 51522 ssh2"
        self.sys(40.4, "sshd[9127]", f"Accepted {login}")
        self.sys(41.8, "sudo[9140]", "oncall : USER=postgres ; COMMAND=/usr/bin/psql shop")
        self.sys(52.2, "sshd[9127]", "Disconnected from user oncall 10.0.9.4 port 51522")

    def sys(self, minute: float, program: str, text: str) -> None:
        self.story.tell(
            "db-1.syslog", minute, f"{at(minute):%b %d %H:%M:%S} db-1 {program}: {text}"
        )

    def network(self) -> None:
        """Flow records of the database's interface, one minute each."""
        dice = self.dice
        for minute in range(MINUTES):
            for pod in (21, 22, 23):
                for _ in range(1 + round(3 * trouble(minute)) + dice.whole(0, 1)):
                    ports, packets = f"{dice.whole(32_768, 60_999)} 5432", dice.whole(12, 60)
                    size = packets * dice.whole(90, 700)
                    ends = f"10.0.2.{pod} 10.0.3.15 {ports} 6 {packets} {size}"
                    self.flow(minute, ends, "ACCEPT OK")
            if dice.chance(0.5):
                scanner, port = f"198.51.100.{dice.whole(1, 254)}", dice.pick((22, 3389, 5432))
                ends = f"{scanner} 10.0.3.15 {dice.whole(1_024, 65_535)} {port} 6 1 40"
                self.flow(minute, ends, "REJECT OK")
            if minute % 30 == 29:
                self.flow(minute, "- - - - - - -", "- NODATA")

    def flow(self, minute: int, ends: str, outcome: str) -> None:
        start = int(at(minute).timestamp()) + self.dice.whole(0, 5)
        head = f"2 123456789012 eni-0d1b5db0a7c3e9f24 {ends}"
        self.story.tell("vpc-flow.log", minute, f"{head} {start} {start + 55} {outcome}")
