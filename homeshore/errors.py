"""What a command may end with. Exit codes: 0 fine, 1 a verdict, 2 bad input, 3 our own fault, 130 Ctrl-C."""

from __future__ import annotations


class UserError(Exception):
    """Bad input or usage, or a user program that fails: exit code 2.

    The message names the file, the path, what is wrong and the remedy; it is shown as it is, without a traceback.
    """

    exit_code = 2


class Verdict(Exception):  # noqa: N818 - a verdict is an outcome, not an error
    """A judgement that fails the run (violation, broken budget, accounting that does not close): exit code 1."""

    exit_code = 1
