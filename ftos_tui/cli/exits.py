"""The exit codes of the command line, and which failure has which."""

from enum import IntEnum

from ftos_tui.domain.failure import Failure


class ExitCode(IntEnum):
    """What the process tells its caller."""

    DONE = 0
    OTHER = 1
    USAGE = 2
    REFUSED = 3
    """Findings refuse the record, a warning was not acknowledged, channels depend on what is to be deleted, or a store
    is not fit to be copied; a provider cannot be tested as it stands."""
    CONFLICT = 4
    """Somebody saved in between, the name is taken, or the trial is over."""
    STORE = 5
    """Store or key are unreachable, damaged, newer, full or lost; a provider that is tested cannot be reached."""
    NOT_PERMITTED = 6
    """Whoever is signed in may not do that; a provider that is tested refuses the sign-in or the key."""
    INTERRUPTED = 130


class UsageProblem(Failure):
    """The command was not written as it can be carried out."""


def exit_code(failure: Failure) -> ExitCode:
    """The exit code of an expected failure.

    Args:
        failure: What stopped the command.
    """
    from ftos_tui.config.settings_file import ConfigError
    from ftos_tui.studio import failures

    if isinstance(failure, (UsageProblem, ConfigError, failures.WrongConfirmation)):
        return ExitCode.USAGE
    if isinstance(
        failure,
        (failures.Refused, failures.WarningsOpen, failures.ProviderInUse, failures.FileProblem, failures.CopyRefused),
    ):
        return ExitCode.REFUSED
    if isinstance(failure, (failures.MessageRefused, failures.NotTestable)):
        return ExitCode.REFUSED
    if isinstance(failure, (failures.StaleVersion, failures.NameTaken, failures.NoTrial)):
        return ExitCode.CONFLICT
    if isinstance(failure, (failures.NotPermitted, failures.StoreReadOnly, failures.StoreForbidden)):
        return ExitCode.NOT_PERMITTED
    if isinstance(failure, (failures.SignInNeeded, failures.SignInRefused)):
        return ExitCode.NOT_PERMITTED
    if isinstance(failure, failures.NotFound):
        return ExitCode.OTHER
    if isinstance(failure, (failures.StoreError, failures.VaultError)):
        return ExitCode.STORE
    return ExitCode.OTHER
