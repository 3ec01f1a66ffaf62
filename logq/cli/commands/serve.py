"""``logq serve``: the server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from logq.cli.apps import command_app
from logq.cli.session import session

if TYPE_CHECKING:
    from logq.server.running import Server

app = command_app()

OPEN = "no key has been made: whoever uses this machine acts as administrator"
CLOSED = "every request needs a key"


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="N", help="0 chooses a free one.")
    ] = 5080,
    tls_cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The certificate (PEM) and its chain.")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The key of the certificate (PEM).")
    ] = None,
    insecure: Annotated[
        bool,
        typer.Option("--insecure", help="Listen to other machines without TLS, behind a proxy."),
    ] = False,
    syslog_tcp: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Take syslog over TCP here.")
    ] = None,
    syslog_udp: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Take syslog over UDP here.")
    ] = None,
    syslog_tls: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Take syslog over TLS here, with --tls-cert."),
    ] = None,
) -> None:
    """Serve the data directory over HTTP: to CloudWatch clients, shippers and programs."""
    from logq.server import logs
    from logq.server.running import Binding
    from logq.server.running import serve as run_server

    run = session(context)
    log = logs.start(run.verbose, run.quiet)
    binding = Binding(host, port, tls_cert, tls_key, insecure)
    with run.open_here(create=True) as logq:

        def started(url: str, server: Server) -> None:
            is_open = binding.local and logq.access.open_to_local()
            fields = {"url": url, "data": str(logq.data), "open": is_open}
            log.log(
                logs.ALWAYS,
                "listening on %s; %s",
                url,
                OPEN if is_open else CLOSED,
                extra={"fields": fields},
            )

        given = {
            "tcp": syslog_tcp,
            "udp": syslog_udp,
            "tls": syslog_tls,
            "certificate": str(tls_cert) if tls_cert and syslog_tls else None,
            "key": str(tls_key) if tls_key and syslog_tls else None,
            "insecure": insecure or None,
        }
        options = {name: value for name, value in given.items() if value is not None}
        run_server(logq, binding, started, options)
        log.info("stopped; everything that was acknowledged is stored")
