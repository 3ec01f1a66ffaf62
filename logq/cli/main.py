"""The program ``logq``: global options, its commands, and what happens when one fails."""

from __future__ import annotations

import importlib
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from logq.cli import faults, plain, version
from logq.cli.session import Session
from logq.errors import LogQError, NotFound, StorageError
from logq.terminal import lines

COMMANDS = (
    *("demo", "serve", "ingest", "agent"),
    *("query", "explain", "fmt", "tail", "fields"),
    *("groups", "streams", "filters", "tables", "queries"),
    *("metrics", "alarms", "topics", "subscriptions"),
    *("rules", "plan", "apply"),
    *("keys", "policies", "audit"),
    *("compact", "retention", "doctor"),
    "help",
)
"""The commands in the order of the help; each is a module in ``commands/``."""


class ReaderGone(Exception):
    """Nobody reads standard output any more."""


class LazyGroup(TyperGroup):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name; imports only its module."""
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in self.commands:
            module = importlib.import_module(f"logq.cli.commands.{cmd_name}")
            command = typer.main.get_command(module.app)
            command.name = cmd_name
            self.commands[cmd_name] = command
        return self.commands[cmd_name]

    def invoke(self, ctx: Any) -> Any:
        """As always; typer would turn a reader that has left into exit code 1."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ReaderGone from None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """As always; but a name that is not there is compared with all names."""
        if args and args[0] not in COMMANDS:
            for name in COMMANDS:
                self.get_command(ctx, name)
        return super().resolve_command(ctx, args)


plain.install()
app = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # see apps.py
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="'logq help' is the reference of commands, the query language and settings.",
)


def _version(wanted: bool) -> None:
    if wanted:
        print(version())
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    data: Annotated[
        str | None,
        typer.Option(
            metavar="DIR", help="The data directory; else $LOGQ_DATA, else ~/.local/share/logq."
        ),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            envvar="LOGQ_SERVER",
            help="A LogQ server to work on, in place of a data directory.",
        ),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(metavar="TOKEN", envvar="LOGQ_TOKEN", help="The access token for --server."),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Configuration (TOML); default: logq.toml here, else in the data directory.",
        ),
    ] = None,
    no_color: Annotated[
        bool, typer.Option("--no-color", help="No colours, as with NO_COLOR.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say more, with details of bugs.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress, reports or warnings.")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """LogQ: ask questions about your logs, on your own machine."""
    session = context.obj = context.obj or Session(no_color=no_color)
    session.data, session.server, session.token = data, server, token
    session.config = Path(config) if config is not None else None
    session.verbose, session.quiet = verbose, quiet


def run(args: Sequence[str]) -> int:
    """Run the program and return its exit code; nothing is raised."""
    session = Session(no_color="--no-color" in args, verbose=bool({"-v", "--verbose"} & {*args}))
    if not session.verbose:  # what libraries say to programmers is nothing for users
        warnings.simplefilter("ignore")
    try:
        result = typer.main.get_command(app).main(
            list(args), prog_name="logq", standalone_mode=False, obj=session
        )
        sys.stdout.flush()
        return result if isinstance(result, int) else faults.DONE
    except LogQError as error:
        return _failed(error, session)
    except typer.TyperException as error:
        return _wrong_usage(error, session)
    except (KeyboardInterrupt, typer.Abort):
        return faults.INTERRUPTED
    except (BrokenPipeError, ReaderGone):
        _abandon_output()
        return faults.DONE
    except OSError as error:
        return _failed(_of_system(error), session)
    except Exception as error:
        return _bug(error, session)


def _failed(error: LogQError, session: Session) -> int:
    _flush_output()
    faults.show(error, session.err, session.query)
    return faults.exit_code(error)


def _wrong_usage(error: Any, session: Session) -> int:
    context = getattr(error, "ctx", None)
    if context and type(error).__name__ == "NoArgsIsHelpError":
        print(context.get_help())
        return faults.DONE if context.parent is None else faults.WRONG_USAGE
    path = context.command_path if context else "logq"
    message = error.format_message().rstrip(".")
    usage = faults.WrongUsage(message, hint=f"'{path} --help' shows how it is used")
    return _failed(usage, session)


def _of_system(error: OSError) -> LogQError:
    """A fault of a file or of the disk in plain words."""
    reason = (error.strerror or str(error)).lower()
    name = f"{error.filename}: " if error.filename is not None else ""
    if isinstance(error, FileNotFoundError):
        return NotFound(f"{name}{reason}")
    return StorageError(f"{name}{reason}")


def _bug(error: Exception, session: Session) -> int:
    _flush_output()
    text = f"this is a bug in LogQ: {type(error).__name__}: {error}".replace("\n", " ")
    hint = (
        "" if session.verbose else "\n  = run it again with 'logq -v ...' and report what it says"
    )
    if session.verbose:
        import traceback

        text += "\n" + "".join(traceback.format_exception(error)).rstrip()
    session.err.write(f"{lines(text) if session.err.terminal else text}{hint}\n")
    session.err.flush()
    return faults.FAILED


def _flush_output() -> None:
    """What was answered before the fault comes before the words about it."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _abandon_output()


def _abandon_output() -> None:
    """Let Python's own flush at exit go nowhere: the reader has left."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
