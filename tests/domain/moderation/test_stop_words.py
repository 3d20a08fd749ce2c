"""A message that is a stop word and nothing else opts its sender out."""

from dataclasses import replace

import pytest

from domain.conversations.contents import InteractiveReply, Text
from domain.moderation.stop_words import folded, says_stop
from domain.updates import IncomingContent
from tests.builders import HOUR, NOON, an_organization
from tests.domain.one_desk import Desk, open_desk

STOP_WORDS = ("Stop", "Arrêt", "No más mensajes", "停止")


@pytest.mark.parametrize(
    "text",
    ["Stop", "STOP", "  stop.\n", "¡Stop!", '"stop"', "ARRET", "arre\u0302t", "no  mas\nmensajes", "停止", "ＳＴＯＰ"],  # noqa: RUF001
)
def test_the_exact_words_are_known_whatever_their_case_accents_and_punctuation(text: str) -> None:
    assert says_stop(text, STOP_WORDS)


@pytest.mark.parametrize(
    "text", ["Don't stop", "stop it", "sto p", "stopp", "no mensajes", "", "...", "stop " * 100, "s.t.o.p"]
)
def test_a_word_among_others_says_nothing(text: str) -> None:
    assert not says_stop(text, STOP_WORDS)


def test_without_stop_words_nothing_stops() -> None:
    assert not says_stop("stop", ())


def test_the_signs_of_other_scripts_keep_what_tells_their_words_apart() -> None:
    assert folded("रुको") != folded("रको")
    assert folded("がき") != folded("かき")


@pytest.fixture
async def desk() -> Desk:
    desk = await open_desk()
    await desk.given(replace(an_organization(), stop_words=STOP_WORDS))
    return desk


@pytest.mark.parametrize("content", [Text("stop!"), InteractiveReply("2", "Stop")])
async def test_the_contact_is_opted_out_from_then_on(desk: Desk, content: IncomingContent) -> None:
    await desk.wrote()
    at = desk.later(HOUR)

    await desk.receive(desk.message(content=content))

    assert (await desk.contact()).opted_out_at == at
    assert (await desk.messages())[-1].content == content


async def test_saying_it_again_keeps_the_first_time_and_saying_more_takes_nothing_back(desk: Desk) -> None:
    await desk.wrote("STOP")
    desk.later(HOUR)

    await desk.wrote("stop")
    await desk.wrote("Please write to me again")

    assert (await desk.contact()).opted_out_at == NOON


async def test_talking_about_stopping_opts_nobody_out(desk: Desk) -> None:
    await desk.wrote("Where does the bus stop?")
    await desk.receive(desk.message(content=InteractiveReply("2", "Go on")))
    await desk.wrote_from_the_phone("Stop")

    assert (await desk.contact()).opted_out_at is None
