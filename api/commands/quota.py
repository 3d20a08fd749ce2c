"""The month's conversations, explained."""

import re
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from api.operating.process import DONE, REFUSED, run, say, start

if TYPE_CHECKING:
    from api.operating.quota_explained import Month

EXAMPLE = "Example: deskline quota explain --month 2024-10 --organization Acme"

quota = App(name="quota", help="The month's conversations.", help_epilogue=EXAMPLE)


def as_month(text: str) -> "Month":
    """Raises ValueError for what is none."""
    from api.operating.quota_explained import Month

    found = re.fullmatch(r"(197[0-9]|19[89][0-9]|[2-8][0-9]{3})-(0[1-9]|1[0-2])", text)
    if found is None:
        raise ValueError("A month is a year and a month, such as 2024-10.")
    return Month(int(found[1]), int(found[2]))


def _is_month(kind: object, text: str | None) -> None:
    if text is not None:
        as_month(text)


@quota.command(name="explain", help_epilogue=EXAMPLE)
def explain(
    *, month: Annotated[str | None, Parameter(validator=_is_month)] = None, organization: str | None = None
) -> int:
    """Why a month's count is what it is, line by line. Exit 1 where it is not what the ledger says.

    Args:
        month: The billing month that begins in this month of the calendar, such as 2024-10. Left out: the running one.
        organization: Its name; needed where there are several.
    """
    from api.operating.quota_explained import explain_quota
    from api.wiring import wired

    settings = start()
    asked = as_month(month) if month is not None else None

    async def explaining() -> bool:
        async with wired(settings) as desk:
            return await explain_quota(desk.ports, organization, asked, say)

    return DONE if run(explaining()) else REFUSED
