"""What became of an update, and so of the delivery it came in."""

from collections.abc import Collection, Sequence

from domain.ids import DeliveryId
from domain.ports.deliveries import DeliveryResult, DeliveryState
from domain.updates import AccountNews, Ignored, MarketingChosen, Outcome, TemplateTold, Update, UpdateRecord, record_id
from domain.use_cases.work import Work


def results_of(records: Sequence[UpdateRecord], deliveries: Collection[DeliveryId]) -> list[DeliveryResult]:
    """A delivery is FAILED where an update of it failed, IGNORED where all of them were, else INTERPRETED."""
    return [_result(delivery, [each for each in records if each.delivery == delivery]) for delivery in deliveries]


def _result(delivery: DeliveryId, records: Sequence[UpdateRecord]) -> DeliveryResult:
    failed = [each for each in records if each.outcome is Outcome.FAILED]
    if failed:
        return DeliveryResult(delivery, DeliveryState.FAILED, failed[0].reason)
    ignored = [each for each in records if each.outcome is Outcome.IGNORED]
    if records and len(ignored) == len(records):
        return DeliveryResult(delivery, DeliveryState.IGNORED, ignored[0].reason)
    return DeliveryResult(delivery, DeliveryState.INTERPRETED)


def record_of(work: Work, update: Update, outcome: Outcome, reason: str | None = None) -> UpdateRecord:
    wamid = None if isinstance(update, (MarketingChosen, AccountNews, TemplateTold, Ignored)) else update.wamid
    place = update.place
    return UpdateRecord(
        work.tx.organization, record_id(place), place.delivery, place.index, outcome, work.now, reason, wamid
    )
