"""The database up to date."""

from api.operating.process import run, say, start


def migrate(*, to: str | None = None) -> None:
    """Bring the database up to date. Safe while Deskline is serving, but where the release says to stop it first.

    Args:
        to: Stop at the migration of this name.
    """
    from api.wiring import opened

    settings = start()

    async def migrating() -> list[str]:
        async with opened(settings) as database:
            return await database.migrate(to)

    for name in run(migrating()) or ["The database is up to date."]:
        say(name)
