"""What the network tells of an account: its templates, its numbers, and groups that are not shown."""

from dataclasses import replace

from domain.channels.channels import Channel, ChannelState, Problem, ProblemCode, with_problem, without_problem
from domain.channels.template_news import heard
from domain.channels.template_sync import is_alike
from domain.events import ChannelChanged, TemplateChanged
from domain.updates import AccountNews, Outcome, TemplateTold, UpdateRecord
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
    noted = replace(channel, problems=with_problem(channel, problem))
    if noted != channel:
        batch.channels[channel.phone_number_id] = noted
        batch.tx.save(noted)
        batch.tx.record(ChannelChanged(channel.id))


def receive_account_news(batch: Batch, update: AccountNews) -> UpdateRecord:
    """The numbers it is about have one problem more, or one less."""
    meant = [
        channel
        for channel in batch.channels.values()
        if channel.account == update.place.account and update.phone in (None, channel.phone_number.removeprefix("+"))
    ]
    if not meant:
        return record_of(batch, update, Outcome.IGNORED, "about a number that is not connected here")
    problem = Problem(update.problem, update.message, update.hint, batch.now)
    moved = False
    for channel in meant:
        problems = without_problem(channel, problem.code) if update.is_over else with_problem(channel, problem)
        if problems != channel.problems:
            moved = True
            is_well = channel.state is ChannelState.DEGRADED and not problems
            state = ChannelState.CONNECTED if is_well else channel.state
            batch.channels[channel.phone_number_id] = replace(channel, problems=problems, state=state)
            batch.tx.save(batch.channels[channel.phone_number_id])
            batch.tx.record(ChannelChanged(channel.id))
    return record_of(batch, update, Outcome.APPLIED if moved else Outcome.DUPLICATE)
