"""What each refusal of the network means for a message and for the person who reads about it."""

import pytest

from domain.channels.health.cannot_send import problem_in
from domain.outbound.failures import SAID_LIMIT, SEALED, Remedy, refuses_for_certain, verdict

DOCUMENTED = (
    0, 1, 2, 3, 4, 10, 33, 100, 190, 200, 299, 368, 80007, 130403, 130429, 130472, 130497, 131000, 131005, 131008,
    131009, 131016, 131020, 131021, 131026, 131030, 131031, 131037, 131041, 131042, 131043, 131045, 131047, 131048,
    131049, 131050, 131051, 131052, 131053, 131055, 131056, 131057, 131059, 131062, 131063, 131064, 132000, 132001,
    132005, 132007, 132008, 132012, 132015, 132016, 132018, 132068, 132069, 133000, 133004, 133005, 133006, 133008,
    133009, 133010, 133015, 133016, 134011, 134100, 134101, 134102, 135000,
)  # fmt: skip

GENERAL_TITLE = verdict(None, None).failure.title


@pytest.mark.parametrize("code", [1, 2, 4, 80007, 130429, 131000, 131016, 131048, 131056, 131057, 133004])
def test_what_passes_by_itself_goes_back_into_the_queue_and_may_be_tried_again(code: int) -> None:
    found = verdict(code, None)

    assert (found.remedy, found.failure.retryable, found.failure.code) == (Remedy.LATER, True, code)


@pytest.mark.parametrize(
    "code", [0, 3, 10, 190, 200, 250, 299, 33, 368, 131005, 131031, 131037, 131042, 131045, 133006, 133010]
)
def test_what_speaks_of_the_number_or_its_account_holds_the_channels_queue(code: int) -> None:
    found = verdict(code, None)

    assert (found.remedy, found.problem, found.failure.retryable) == (Remedy.CHANNEL, problem_in(code), True)
    assert refuses_for_certain(code), "also where it comes as the network's own trouble"


@pytest.mark.parametrize("code", [100, 131008, 131009, 131026, 131047, 131049, 131050, 131051, 132000, 132016, 135000])
def test_what_never_works_for_this_message_ends_it(code: int) -> None:
    found = verdict(code, None)

    assert (found.remedy, found.failure.retryable) == (Remedy.FAIL, False)


@pytest.mark.parametrize("code", [130403, 131030, 131064, 132001, 132015, 133005])
def test_what_somebody_can_repair_ends_the_attempt_and_may_be_tried_again(code: int) -> None:
    found = verdict(code, None)

    assert (found.remedy, found.failure.retryable) == (Remedy.FAIL, True)


@pytest.mark.parametrize("code", DOCUMENTED)
def test_every_documented_code_has_a_title_of_its_own_and_says_what_to_do(code: int) -> None:
    failure = verdict(code, None).failure

    assert failure.title != GENERAL_TITLE
    assert len(failure.title) <= 60
    assert failure.hint.endswith(".")


@pytest.mark.parametrize("code", [None, 199, 300, 999999])
def test_an_unknown_refusal_ends_the_message_and_quotes_the_network(code: int | None) -> None:
    found = verdict(code, " Something new happened. ")

    assert (found.remedy, found.failure.retryable, found.failure.code) == (Remedy.FAIL, False, code)
    assert found.failure.hint.endswith("The network said: Something new happened.")


def test_a_refusal_that_says_nothing_is_not_quoted() -> None:
    assert "The network said" not in verdict(999999, "  ").failure.hint


def test_a_code_that_tells_too_little_is_explained_in_the_networks_own_words() -> None:
    assert verdict(132000, "body: 1 given, 2 expected").failure.hint.endswith(
        "The network said: body: 1 given, 2 expected"
    )
    assert "The network said" not in verdict(131047, "Re-engagement message").failure.hint


def test_a_long_speech_of_the_network_is_cut() -> None:
    hint = verdict(100, "x" * 10_000).failure.hint

    assert hint.endswith("x…")
    assert hint.count("x") <= SAID_LIMIT + len("x")


def test_outside_the_24_hours_the_person_is_pointed_to_templates() -> None:
    assert "template" in verdict(131047, None).failure.hint


LISTED = [0, 3, 10, 190, 200, 299, 4, 80007, 130429, 131056, 131047, 131026, 131051, 132000, 132999]


@pytest.mark.parametrize("code", [*LISTED, 100, 131008, 131009, 368, 131031])
def test_a_listed_code_proves_that_nothing_was_sent(code: int) -> None:
    assert refuses_for_certain(code)


@pytest.mark.parametrize("code", [None, 1, 2, 131000, 131016, 131057, 131999, 133000, 999999])
def test_any_other_trouble_of_the_networks_own_proves_nothing(code: int | None) -> None:
    assert not refuses_for_certain(code)


def test_a_title_is_a_sentence_without_its_full_stop() -> None:
    """A number's problem is told with one, and a title in a line of its own without."""
    codes = (*range(1000), *range(80_000, 81_000), *range(130_000, 136_000))
    titles = {verdict(code, None).failure.title for code in codes} | {SEALED.title}

    assert [title for title in titles if not title[-1].isalnum()] == []
