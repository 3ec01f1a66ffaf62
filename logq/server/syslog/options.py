"""The table ``[syslog]`` of the configuration: which listeners there are."""

from __future__ import annotations

import dataclasses
import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from logq.errors import InvalidConfig

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def option(default: T, help: str) -> T:
    """A field of ``SyslogOptions`` with the help that users see."""
    return dataclasses.field(default=default, metadata={"help": help})


@dataclass(frozen=True, slots=True)
class SyslogOptions:
    """Listeners for syslog; without an address there is none."""

    tcp: Address | None = option(None, "HOST:PORT to take syslog over TCP at")
    udp: Address | None = option(None, "HOST:PORT to take syslog over UDP at")
    tls: Address | None = option(None, "HOST:PORT to take syslog over TLS at")
    certificate: str | None = option(None, "the certificate for TLS and its chain, a file in PEM")
    key: str | None = option(None, "the key of the certificate, a file in PEM")
    client_ca: str | None = option(
        None, "authorities, a file in PEM: senders over TLS must have a certificate of theirs"
    )
    group: str = option("syslog", "the log group; its streams are the hosts that messages name")
    insecure: bool = option(False, "let anybody in the network send, for syslog has no passwords")

    @property
    def wanted(self) -> bool:
        """Whether there is anything to listen on."""
        return any((self.tcp, self.udp, self.tls))

    def tls_context(self) -> ssl.SSLContext:
        """What TLS connections are made with; raises InvalidConfig."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.certificate or "", self.key)
            if self.client_ca:
                context.load_verify_locations(self.client_ca)
                context.verify_mode = ssl.CERT_REQUIRED
        except (OSError, ssl.SSLError) as error:
            raise InvalidConfig(
                f"[syslog]: the certificate cannot be used: {error}",
                hint="certificate, key and client_ca name files in PEM",
            ) from None
        return context


def read_options(table: Mapping[str, Any]) -> SyslogOptions:
    """The options that a table states; raises InvalidConfig."""
    known = {field.name for field in fields(SyslogOptions)}
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in known:
            raise InvalidConfig(
                f"[syslog] has no option {name!r}", hint=f"there are {', '.join(sorted(known))}"
            )
        wanted = bool if name == "insecure" else str
        if type(value) is not wanted:
            raise InvalidConfig(f"[syslog] {name} must be of type {wanted.__name__}")
        values[name] = read_address(str(value)) if name in ("tcp", "udp", "tls") else value
    options = SyslogOptions(**values)
    if options.tls and not options.certificate:
        raise InvalidConfig("[syslog] tls needs a certificate", hint="name a file in PEM")
    exposed = [a for a in (options.tcp, options.udp) if a and not a.is_loopback]
    if options.tls and not options.tls.is_loopback and not options.client_ca:
        exposed.append(options.tls)
    if exposed and not options.insecure:
        raise InvalidConfig(
            f"[syslog] {exposed[0]} would take messages from anybody in the network",
            hint="use tls with client_ca, or set insecure = true if that is meant",
        )
    return options


def read_address(text: str) -> Address:
    """An address written as ``HOST:PORT``; raises InvalidConfig."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdecimal() or int(port) > 65_535:
        raise InvalidConfig(
            f"[syslog] {text!r} is no address", hint="write HOST:PORT, for example 127.0.0.1:5514"
        )
    return Address(host.removeprefix("[").removesuffix("]"), int(port))
