"""Why a database is not used, in a module that loads without any of what databases need."""


class DatabaseRefused(Exception):
    """This database can't be used as it is; the message says why and what to do, for whoever runs Deskline."""
