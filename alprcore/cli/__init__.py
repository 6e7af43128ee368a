# SPDX-License-Identifier: Apache-2.0
"""``alprcore …``: one module a sub-command.

Exit codes: 0 everything was read, 1 the command was wrong or its output could not be written,
2 some input could not be read. Messages go to standard error.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

from alprcore.cli import (
    agent,
    archive,
    compare,
    countries,
    evaluate,
    explain,
    frigate,
    keys,
    recognize,
    redact,
    serve,
    train_bank,
    version,
    video,
)
from alprcore.errors import AlprError

_INTERRUPTED = 130  # what a shell reports for Ctrl-C
_PIPE_CLOSED = 141  # and for a reader that went away


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # "-10,-10,640,480" is a value, as "-10" is for argparse: no option begins with a digit.
        self._negative_number_matcher = re.compile(r"-\.?\d")

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(1, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = _Parser(prog="alprcore", description="Find and read number plates in pictures.")
    printed = f"alprcore {metadata.version('alprcore')}"
    top.add_argument("--version", action="version", version=printed)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for module in (
        recognize,
        video,
        redact,
        archive,
        agent,
        evaluate,
        compare,
        explain,
        countries,
        serve,
        frigate,
        keys,
        version,
        train_bank,
    ):
        module.add_parser(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    arguments
        Words after the program's name; those of the process when None.

    Returns
    -------
    int
        0 everything was read, 1 wrong command, 2 some input could not be read.
    """

    def run() -> int:
        chosen = parser().parse_args(arguments)
        code: int = chosen.run(chosen)
        return code

    return guarded("alprcore", run)


def guarded(program: str, run: Callable[[], int]) -> int:
    """Return the exit code of a program, also when it is stopped or its reader goes away.

    Parameters
    ----------
    program
        Name for messages.
    run
        Does the work and returns the exit code.
    """
    if sys.stderr is None:  # closed by the caller: messages would end up on standard output
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # file names may be any bytes
    usual, warnings.formatwarning = warnings.formatwarning, partial(_warning, program)
    try:
        code = run()
        sys.stdout.flush()
    except BrokenPipeError:
        # What is still buffered would raise again when the interpreter closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except KeyboardInterrupt:
        return _INTERRUPTED
    except (AlprError, OSError) as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 1
    finally:
        warnings.formatwarning = usual
    return code


def _warning(program: str, message: Warning | str, *_: object, **__: object) -> str:
    """Return a warning as a line of a program's messages, without a place in the source."""
    return f"{program}: {message}\n"
