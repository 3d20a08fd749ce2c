"""What the network tells of an account: its templates, its numbers, and groups that are not shown."""

from dataclasses import replace
from datetime import datetime

from domain.channels.channels import Channel, ChannelState, Problem, ProblemCode, with_problem, without_problem
from domain.channels.template_news import heard
from domain.channels.template_sync import is_alike
from domain.events import ChannelChanged, TemplateChanged
from domain.ports.store import Transaction
from domain.updates import AccountNews, Outcome, TemplateTold, UpdateRecord
from domain.use_cases.channels.templates import read_again
from domain.use_cases.inbound.batch import Batch
from domain.use_cases.inbound.records import record_of
from domain.use_cases.marks import sane_time

READ_AGAIN = "the templates are read again"


async def receive_template(tx: Transaction, update: TemplateTold, now: datetime) -> UpdateRecord:
    """News that do not fit what is known here have all of the account's templates read again."""
    account = update.place.account
    if account is None:
        return record_of(tx.organization, update, Outcome.IGNORED, now, "a template of no account")
    template = await tx.template_of(account, update.network_id)
    if template is None or update.news is None:
        await read_again(tx, account, now)
        return record_of(tx.organization, update, Outcome.APPLIED, now, READ_AGAIN)
    told_at = sane_time(update.told_at, update.place.received_at)
    after = heard(template, update.news, told_at=told_at, now=now)
    if after.template != template:
        tx.save(after.template)
    if after.doubtful:
        await read_again(tx, account, now)
    if not is_alike(after.template, template):
        tx.record(TemplateChanged(template.id))
    elif not after.doubtful:
        return record_of(tx.organization, update, Outcome.DUPLICATE, now)
    return record_of(tx.organization, update, Outcome.APPLIED, now, READ_AGAIN if after.doubtful else None)


def tell_of_groups(tx: Transaction, desk: Batch, channel: Channel, now: datetime) -> None:
    problem = Problem(
        ProblemCode.UNSUPPORTED_TRAFFIC,
        "Messages of a group come to this number. They are not shown.",
        "Take the number out of the group, or read the group in the phone's app.",
        now,
    )
    noted = replace(channel, problems=with_problem(channel, problem))
    if noted != channel:
        desk.channels[channel.phone_number_id] = noted
        tx.save(noted)
        tx.record(ChannelChanged(channel.id))


def receive_account_news(tx: Transaction, desk: Batch, update: AccountNews, now: datetime) -> UpdateRecord:
    """The numbers it is about have one problem more, or one less."""
    meant = [
        channel
        for channel in desk.channels.values()
        if channel.account == update.place.account and update.phone in (None, channel.phone_number.removeprefix("+"))
    ]
    if not meant:
        return record_of(tx.organization, update, Outcome.IGNORED, now, "about a number that is not connected here")
    problem = Problem(update.problem, update.message, update.hint, now)
    moved = False
    for channel in meant:
        problems = without_problem(channel, problem.code) if update.is_over else with_problem(channel, problem)
        if problems != channel.problems:
            moved = True
            is_well = channel.state is ChannelState.DEGRADED and not problems
            state = ChannelState.CONNECTED if is_well else channel.state
            desk.channels[channel.phone_number_id] = replace(channel, problems=problems, state=state)
            tx.save(desk.channels[channel.phone_number_id])
            tx.record(ChannelChanged(channel.id))
    return record_of(tx.organization, update, Outcome.APPLIED if moved else Outcome.DUPLICATE, now)
