"""Why a command can't be carried out, one line each. A module of its own: the command line knows them before it loads
what may raise them."""


class WrongSetting(Exception):
    """A setting that is none: the variable's name, and what was expected."""


class CannotListen(Exception):
    """The address is taken, or not ours."""


class DatabaseNotReady(Exception):
    """The database has to be brought up to date first, or is not ours; the message says what to do."""


class CannotBackUp(Exception):
    """Why there is no backup, or nothing was restored; one line."""
