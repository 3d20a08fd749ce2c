"""What the network tells of an account: its templates, its numbers, and groups that are not shown."""

from domain.channels.channels import Channel, Problem, ProblemCode
from domain.channels.health.account_news import told
from domain.channels.health.problems import looks_alike, noticed
from domain.channels.template_news import heard
from domain.channels.template_sync import is_alike
from domain.contacts import number_variants
from domain.events import TemplateChanged
from domain.updates import AccountNews, Outcome, TemplateTold, UpdateRecord
from domain.use_cases.channels.health import keep_channel
from domain.use_cases.channels.templates import read_again
from domain.use_cases.inbound.batch import Batch
from domain.use_cases.inbound.records import record_of
from domain.use_cases.marks import sane_time

READ_AGAIN = "the templates are read again"


async def receive_template(batch: Batch, update: TemplateTold) -> UpdateRecord:
    """News that do not fit what is known here have all of the account's templates read again."""
    account = update.place.account
    if account is None:
        return record_of(batch, update, Outcome.IGNORED, "a template of no account")
    template = await batch.tx.template_of(account, update.network_id)
    if template is None or update.news is None:
        await read_again(batch.tx, account, batch.now)
        return record_of(batch, update, Outcome.APPLIED, READ_AGAIN)
    told_at = sane_time(update.told_at, update.place.received_at)
    after = heard(template, update.news, told_at=told_at, now=batch.now)
    if after.template != template:
        batch.tx.save(after.template)
    if after.doubtful:
        await read_again(batch.tx, account, batch.now)
    if not is_alike(after.template, template):
        batch.tx.record(TemplateChanged(template.id))
    elif not after.doubtful:
        return record_of(batch, update, Outcome.DUPLICATE)
    return record_of(batch, update, Outcome.APPLIED, READ_AGAIN if after.doubtful else None)


def tell_of_groups(batch: Batch, channel: Channel) -> None:
    problem = Problem(
        ProblemCode.UNSUPPORTED_TRAFFIC,
        "Messages of a group come to this number. They are not shown.",
        "Take the number out of the group, or read the group in the phone's app.",
        batch.now,
    )
    _keep(batch, channel, noticed(channel, problem, batch.now))


def receive_account_news(batch: Batch, update: AccountNews) -> UpdateRecord:
    """The numbers it is about have a problem more or less, or another limit."""
    forms = number_variants(update.phone) if update.phone is not None else None
    meant = [
        channel
        for channel in batch.channels.values()
        if channel.account == update.place.account
        and (forms is None or channel.phone_number.removeprefix("+") in forms)
    ]
    if not meant:
        return record_of(batch, update, Outcome.IGNORED, "about a number that is not connected here")
    told_at = sane_time(update.told_at, update.place.received_at)
    moved = False
    for channel in meant:
        after = channel
        for news in update.news:
            after = told(after, news, told_at=told_at, now=batch.now)
        if after != channel:
            moved = _keep(batch, channel, after) or moved
    return record_of(batch, update, Outcome.APPLIED if moved else Outcome.DUPLICATE)


def _keep(batch: Batch, before: Channel, after: Channel) -> bool:
    """Whether anybody sees a difference."""
    batch.channels[after.phone_number_id] = keep_channel(batch.tx, before, after, batch.now)
    return not looks_alike(before, after)
