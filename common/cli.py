"""The frame every command shares: options, output, and exit statuses.

A verb is a thin function: it takes what the user gave, calls one function of its layer, and
returns a `Result`. Heavy imports belong inside it, so that ``--help`` answers at once.
"""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import sys
from dataclasses import dataclass, field
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from common.cluster import Place, lock_no_files, quiet_libraries
from common.errors import Interrupted, PipelineError
from common.stopping import STOP_SIGNALS, stop

if TYPE_CHECKING:
    from collections.abc import Callable

    Overrides = Callable[[Any, dict[str, Any]], Any]

LEVELS: Final = ("debug", "info", "warning", "error")
INPUT_PATH: Final = click.Path(path_type=Path)
FILE_PATH: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER_PATH: Final = click.Path(exists=True, file_okay=False, path_type=Path)
OUTPUT_PATH: Final = click.Path(path_type=Path)


class _OwnDisk(click.Path):
    """A folder of this machine; ``$NAME`` in it is a variable of this process.

    Who submits a job does not know yet what it will be on the node.
    """

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        def known(name: re.Match[str]) -> str:
            found = os.environ.get(name[1] or name[2])
            return found or self.fail(
                f"{value}: expected {name[0]} to be set, found nothing", param
            )

        return super().convert(re.sub(r"\$(?:(\w+)|{(\w+)})", known, str(value)), param, ctx)


SCRATCH: Final = click.option(
    "--scratch",
    type=_OwnDisk(path_type=Path),
    help="Folder on a fast local disk, such as $SLURM_TMPDIR, $TMPDIR, or /scratch in a "
    "container, that files are copied to before they are read. Results do not depend on it.",
)
MAX_FAILED: Final = click.option(
    "--max-failed",
    type=click.FloatRange(0, 1),
    default=1.0,
    help="Share of the slides that may have failed; one always may.",
)
_INTERRUPTED_STATUS: Final = 130

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Result:
    """What a verb says on standard output, and the exit status it ends with.

    Attributes
    ----------
    text : str
        For a person.
    data : dict
        The same for a script, printed with ``--json``.
    exit_status : int
        0, or that of the gravest thing that went wrong while the rest was finished.
    """

    text: str
    data: dict[str, Any] = field(default_factory=dict)
    exit_status: int = 0


class Verb(click.Command):
    """One command of a layer; `settings` names the class it reads, as ``module:Class``."""

    settings: str | None = None


def layer(name: str, description: str) -> click.Group:
    """An empty command group: the program of one layer."""
    group = click.Group(
        name=name,
        help=description,
        context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
    )
    group.params.append(_version_option())
    return group


def verb(
    group: click.Group,
    settings: str | None = None,
    name: str | None = None,
    overrides: Overrides | None = None,
    *,
    says_where: bool = False,
) -> Callable[[Callable[..., Result]], Verb]:
    """Add a function to `group` as a command.

    In a job its log begins with where it runs and with what, whatever becomes of it.

    Parameters
    ----------
    group : click.Group
    settings : str or None
        ``module:Class`` of the settings the verb reads. Adds ``--config`` and ``--set``, and hands
        the function the loaded settings as its argument `settings`.
    name : str or None
        The verb, where it is a word of Python or a built-in.
    overrides : callable or None
        Settings as other options than ``--set`` change them: gets those loaded and the options, of
        which it takes its own away, and gives those to use.
    says_where : bool
        Whether the log begins so outside jobs too.
    """

    def decorate(function: Callable[..., Result]) -> Verb:
        @wraps(function)
        def command(as_json: bool, log_level: str, **given: Any) -> None:
            _start_log(log_level)
            config_sha256 = ""
            try:
                if settings is not None:
                    given["settings"], config_sha256 = _settings_of(settings, given, overrides)
            except Exception:
                _begin_log()
                raise
            _begin_log(config_sha256, always=says_where)
            _finish(_result(function, given), as_json)

        made = click.command(name or function.__name__, cls=Verb)(command)
        made.settings = settings
        made.params += _shared_options(with_settings=settings is not None)
        group.add_command(made)
        return made

    return decorate


def for_scripts(plan: Callable[..., Result]) -> Callable[..., Result]:
    """The options of a plan that a script submits: its values, and a cohort for all tasks."""
    values = click.option(
        "--values", is_flag=True, help="Print what a shell script needs: a name and a value a line."
    )
    freeze = click.option(
        "--freeze",
        type=FOLDER_PATH,
        metavar="DIR",
        help="Write these slides into DIR, as a cohort CSV that all tasks can be given.",
    )
    return values(freeze(plan))


def overridden(**settings_of: str) -> Overrides:
    """What puts the values of options, where they were given, into the settings named for them."""

    def override(settings: Any, given: dict[str, Any]) -> Any:
        from common.config import with_values

        found = {name: given.pop(option) for option, name in settings_of.items()}
        values = {name: value for name, value in found.items() if value is not None and value != ()}
        return with_values(settings, values)

    return override


def run(group: click.Group) -> NoReturn:
    """Run `group` on the command line and leave with the status its outcome earned.

    SIGTERM and SIGUSR1 unwind like an error, so that half-written files vanish, and end with
    status 75.
    """
    for number in STOP_SIGNALS:
        signal.signal(number, stop)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not in the background
        signal.signal(signal.SIGINT, stop)
    try:
        status = group.main(standalone_mode=False)
    except click.ClickException as error:  # before the verb began
        _start_log("info")
        _begin_log()
        error.show()
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; the same command goes on from what is finished", err=True)
        status = _INTERRUPTED_STATUS
    except PipelineError as error:
        head = "" if isinstance(error, Interrupted) else "error: "
        click.echo(f"{head}{error}", err=True)
        status = error.exit_status
    sys.exit(status if isinstance(status, int) else 0)


def _result(function: Callable[..., Result], given: dict[str, Any]) -> Result:
    """What `function` gives; click would take a broken pipe in it for the end of our own output."""
    try:
        return function(**given)
    except BrokenPipeError as error:
        raise RuntimeError("another process ended while it was talked to") from error


def _finish(result: Result, as_json: bool) -> None:
    click.echo(json.dumps(result.data, indent=2, allow_nan=False) if as_json else result.text)
    if result.exit_status:
        raise click.exceptions.Exit(result.exit_status)


def _settings_of(
    target: str, given: dict[str, Any], overrides: Overrides | None
) -> tuple[Any, str]:
    """The settings a verb is to use, and their hash; takes ``--config`` and ``--set`` away."""
    from common.config import digest, load

    module, _, name = target.partition(":")
    kind = getattr(import_module(module), name)
    settings = load(kind, given.pop("config"), given.pop("overrides"))
    if overrides is not None:
        settings = overrides(settings, given)
    return settings, digest(settings)


def _begin_log(config_sha256: str = "", *, always: bool = False) -> None:
    """Say where this runs, and with what: in every job, at whatever level is logged."""
    in_job = bool(Place.here().job)
    if not in_job and not (always and log.isEnabledFor(logging.INFO)):
        return
    from common.provenance import log_head

    head = log_head(config_sha256)
    log.handle(log.makeRecord(log.name, logging.INFO, __file__, 0, head, (), None))


def _start_log(level: str) -> None:
    quiet_libraries()
    lock_no_files()
    logging.basicConfig(
        stream=sys.stderr,
        level=level.upper(),
        format="%(asctime)s %(levelname)s %(message)s",
        datefmt="%Y-%m-%dT%H:%M:%S",
        force=True,
    )


def _shared_options(*, with_settings: bool) -> list[click.Parameter]:
    config = click.Option(["--config"], type=FILE_PATH, help="YAML file with the settings.")
    overrides = click.Option(
        ["--set", "overrides"],
        multiple=True,
        metavar="KEY=VALUE",
        help="Override one setting, such as patch.size=96; may be repeated.",
    )
    as_json = click.Option(
        ["--json", "as_json"], is_flag=True, help="Print the result as JSON for a script."
    )
    log_level = click.Option(
        ["--log-level"], type=click.Choice(LEVELS), default="info", help="Least level logged."
    )
    own: list[click.Parameter] = [config, overrides] if with_settings else []
    return [*own, as_json, log_level, _version_option()]


def _version_option() -> click.Option:
    def show(context: click.Context, _: click.Parameter, value: bool) -> None:
        if value:
            from common.provenance import software

            click.echo(software())
            context.exit()

    return click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show,
        help="Show version and commit.",
    )
