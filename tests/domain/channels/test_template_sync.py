"""Reading all templates again: what came, what changed, what went, and when the next reading is due."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.channels.template_sync import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    SOONEST,
    Compared,
    TemplateSync,
    compared,
    pause_after,
    soon,
)
from domain.channels.templates import Template, TemplateStatus
from domain.ids import TemplateId
from tests.builders import ACCOUNT, ACME, HOUR, MINUTE, NOON, TEMPLATE, a_template, an_id

BEGAN = NOON + HOUR
SYNC = TemplateSync(ACME, ACCOUNT, NOON + HOUR)


def told(template: Template, **changes: object) -> Template:
    """As the network tells it in the reading that began at BEGAN: under an id that is new here."""
    return replace(template, id=TemplateId(an_id(900)), synced_at=BEGAN, **changes)


def test_a_template_that_was_not_here_is_added_under_its_new_id() -> None:
    new = told(a_template())

    assert compared([], [new], BEGAN) == Compared(added=(new,))


def test_one_that_is_as_it_was_is_only_read_again() -> None:
    kept = a_template()

    found = compared([kept], [told(kept)], BEGAN)

    assert found == Compared(same=(replace(kept, synced_at=BEGAN),))


def test_one_that_changed_keeps_its_id_and_what_it_was_told_of_alone() -> None:
    kept = replace(a_template(), told_at=NOON, heard_at=NOON)

    found = compared([kept], [told(kept, body="Hello {{1}}!", told_at=None, heard_at=None)], BEGAN)

    assert found == Compared(changed=(replace(kept, body="Hello {{1}}!", synced_at=BEGAN),))


def test_one_the_network_does_not_tell_of_is_deleted_and_stays() -> None:
    kept = a_template()

    found = compared([kept], [], BEGAN)

    assert found == Compared(removed=(replace(kept, status=TemplateStatus.DELETED, synced_at=BEGAN),))
    assert compared(found.removed, [], BEGAN + HOUR).removed == (), "it goes once"


def test_one_that_is_about_to_be_deleted_counts_as_gone_and_a_new_one_of_that_kind_is_left_out() -> None:
    kept = a_template()
    going = told(kept, status=TemplateStatus.DELETED)

    assert compared([kept], [going], BEGAN).removed == (replace(going, id=TEMPLATE),)
    assert compared([], [going], BEGAN) == Compared()


def test_each_language_is_a_template_of_its_own() -> None:
    english = a_template()
    german = a_template(TemplateId(an_id(1)), language="de", network_id="2")

    found = compared([english, german], [told(english), told(german, status=TemplateStatus.PAUSED)], BEGAN)

    assert [each.id for each in found.same] == [TEMPLATE]
    assert [each.id for each in found.changed] == [german.id]


@pytest.mark.parametrize("order", [1, -1])
def test_a_template_deleted_and_made_anew_goes_on_as_the_same(order: int) -> None:
    """The network may list the old one, on its way out, next to the new one of the same name and language."""
    kept = a_template(network_id="1")
    old = told(kept, status=TemplateStatus.DELETED)
    new = told(kept, network_id="2", status=TemplateStatus.PENDING)

    found = compared([kept], [old, new][::order], BEGAN)

    assert found == Compared(changed=(replace(new, id=TEMPLATE),))


def test_a_template_that_comes_back_is_added_again() -> None:
    gone = a_template(status=TemplateStatus.DELETED, network_id="1")

    found = compared([gone], [told(gone, status=TemplateStatus.PENDING, network_id="2")], BEGAN)

    assert [(each.id, each.network_id) for each in found.added] == [(TEMPLATE, "2")]


@pytest.mark.parametrize(("heard_at", "stays"), [(BEGAN, False), (BEGAN + timedelta(microseconds=1), True)])
def test_what_was_heard_of_a_template_since_the_reading_began_is_newer(heard_at: datetime, stays: bool) -> None:
    kept = replace(a_template(), status=TemplateStatus.PAUSED, heard_at=heard_at)

    assert (compared([kept], [told(kept, status=TemplateStatus.APPROVED)], BEGAN) == Compared()) is stays
    assert (compared([kept], [], BEGAN) == Compared()) is stays, "one made since is not gone"


def test_what_the_network_told_of_makes_a_reading_due_at_once() -> None:
    assert soon(SYNC, NOON) == replace(SYNC, due_at=NOON)
    assert soon(replace(SYNC, due_at=None), NOON).due_at == NOON
    assert soon(replace(SYNC, due_at=NOON - MINUTE), NOON).due_at == NOON - MINUTE, "it was due before"


def test_and_a_minute_after_the_last_at_the_earliest() -> None:
    begun = replace(SYNC, begun_at=NOON - SOONEST / 2)

    assert soon(begun, NOON).due_at == NOON + SOONEST / 2
    assert soon(replace(SYNC, begun_at=NOON - HOUR), NOON).due_at == NOON


def test_what_fails_is_tried_after_pauses_that_double_up_to_an_hour() -> None:
    pauses = [pause_after(replace(SYNC, tries=tries)) for tries in (0, 1, 2, 3, 6, 7, 1000)]

    assert pauses == [FIRST_PAUSE, FIRST_PAUSE, 2 * MINUTE, 4 * MINUTE, 32 * MINUTE, LONGEST_PAUSE, LONGEST_PAUSE]
