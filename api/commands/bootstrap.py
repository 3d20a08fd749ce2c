"""An organization to begin with."""

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from api.operating.process import Refused, run, say, start
from domain.errors import Refused as DomainRefused

if TYPE_CHECKING:
    from api.settings import Settings
    from domain.use_cases.people.bootstrap import Bootstrap, Bootstrapped


@Parameter(name="*")
@dataclass(frozen=True)
class Months:
    """How an organization's months are counted.

    Args:
        time_zone: Where the organization's months turn, by its IANA name.
        subscribed_on: The day of the subscription, such as 2026-01-31; today where left out.
        quota: Conversations a month.
    """

    time_zone: str = "UTC"
    subscribed_on: str | None = None
    quota: int = 1000


UTC_MONTHS = Months()


def bootstrap(
    *,
    organization: str,
    email: str,
    password: str | None = None,
    months: Months = UTC_MONTHS,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
) -> None:
    """A new organization with its first administrator and an API key that has the administrator's rights.

    Args:
        organization: The organization's name.
        email: The administrator's address, to sign in with.
        password: The administrator's password; made and shown where left out.
        as_json: Print one line of JSON: organizationId, userId, apiKey, and password where it was made.
    """
    from domain.use_cases.people.bootstrap import Bootstrap
    from schema.engine.values.id_text import id_text

    settings = start()
    command = Bootstrap(organization, email, password, months.time_zone, _day(months.subscribed_on), months.quota)
    begun = run(_begin(settings, command))
    ids = {"organizationId": id_text("Organization", begun.organization), "userId": id_text("User", begun.user)}
    if as_json:
        made = {"password": begun.password} if password is None else {}
        say(json.dumps(ids | {"apiKey": begun.secret} | made))
        return
    say(f"Organization {organization}: {ids['organizationId']}")
    say(f"Administrator {email}: {ids['userId']}")
    if password is None:
        say(f"Password, shown this once: {begun.password}")
    say(f"API key, shown this once: {begun.secret}")


async def _begin(settings: "Settings", command: "Bootstrap") -> "Bootstrapped":
    from api.wiring import wired
    from domain.use_cases.people.bootstrap import Bootstrapped
    from domain.use_cases.people.bootstrap import bootstrap as carry_out

    async with wired(settings) as desk:
        begun = await carry_out(desk.ports, command)
    if isinstance(begun, Bootstrapped):
        return begun
    assert isinstance(begun, DomainRefused), begun  # of the refusals it needs only the plain one
    raise Refused(begun.message)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise Refused(f"--subscribed-on: expected a day such as 2026-01-31, not {text!r}") from None
