"""The benchmarks themselves: that they run, and that what they check by the way holds. Times are never looked at."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.__main__ import AREAS, main
from benchmarks.areas import backlog, fanout, inbox, ingest, media, mutate
from benchmarks.desks import make_desk
from benchmarks.documents import page_document
from benchmarks.figures import Figure, Sample, Way, in_turns, write_figures
from benchmarks.limits.ingest import Rewriting
from benchmarks.places import place_of
from benchmarks.plan import TINY, Plan
from benchmarks.raw import connect_raw

PLAN = Plan(TINY, rounds=1)


async def test_every_webhook_answered_is_kept_and_interpreting_is_written_again_row_by_row() -> None:
    async with place_of("sqlite") as place:
        acknowledged, interpreted = await ingest.measure(PLAN, place)

    assert list(acknowledged.samples)[1:] == ["deskline serve", "deskline serve --without-worker"]
    assert list(interpreted.samples)[-1] == "deskline"
    assert_measured(acknowledged, interpreted)


async def test_a_backlog_is_worked_off_to_the_last_message() -> None:
    async with place_of("sqlite") as place:
        figures = await backlog.measure(PLAN, place)

    assert_measured(*figures)


async def test_the_inbox_and_a_thread_show_what_one_statement_finds() -> None:
    async with place_of("sqlite") as place:
        figures = await inbox.measure(PLAN, place)

    assert_measured(*figures)


async def test_every_socket_gets_every_event() -> None:
    async with place_of("sqlite") as place:
        figures = await fanout.measure(PLAN, place)

    assert_measured(*figures)


async def test_every_assignment_has_its_history_and_its_place_in_the_log() -> None:
    async with place_of("sqlite") as place:
        figures = await mutate.measure(PLAN, place)

    assert_measured(*figures)


async def test_a_file_goes_in_and_out_with_the_same_bytes() -> None:
    async with place_of("sqlite") as place:
        figures = await media.measure(PLAN, place)

    assert [list(figure.samples)[1:] for figure in figures] == [
        ["deskline"],
        ["deskline"],
        ["deskline", "deskline, by range"],
        ["deskline"],
    ]
    assert_measured(*figures)


def assert_measured(*figures: Figure) -> None:
    for figure in figures:
        assert all(len(samples) == PLAN.rounds for samples in figure.samples.values())
        assert all(sample.rate > 0 for samples in figure.samples.values() for sample in samples)


# What would be noticed


async def test_a_row_that_is_missing_from_what_was_written_again_is_noticed() -> None:
    async with place_of("sqlite") as place:
        ours, theirs = await make_desk(await place.new_database()), await make_desk(await place.new_database())
        rewriting = await Rewriting.begin(ours.url, theirs.url)
        await rewriting.check()
        raw = await connect_raw(theirs.url)
        await raw.rows("DELETE FROM users WHERE email = ?", "agent1@acme.example")
        await raw.close()

        with pytest.raises(AssertionError, match="users"):
            await rewriting.check()
        await rewriting.close()


# Figures


async def test_ways_are_measured_in_turns_and_compared_within_each_turn(tmp_path: Path) -> None:
    said: list[str] = []

    def way(name: str, rates: Sequence[float]) -> Way:
        left = list(rates)

        async def measure() -> Sample:
            said.append(name)
            return Sample(left.pop(0))

        return Way(name, measure)

    figure = await in_turns("answers", "answers", 3, way("limit", [10, 20, 40]), way("desk", [5, 5, 30]))

    assert said == ["limit", "desk"] * 3
    assert figure.ratios("desk") == [0.5, 0.25, 0.75]
    assert "0.500 [0.250-0.750]" in figure.lines()[2]
    around = {"at": "2026-11-21T12:00:00+00:00", "database": "SQLite 3"}
    assert write_figures(tmp_path, "inbox", around, [figure]).name == "inbox-sqlite-2026-11-21T120000+0000.json"


def test_the_areas_are_listed_without_one_and_an_unknown_one_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(AREAS)

    assert main(["mutate", "--database", "oracle"]) == 1
    assert "expected sqlite, postgres or postgresql://" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["outbox"])


def test_the_page_is_asked_for_its_own_documents() -> None:
    document = page_document("Inbox")

    assert document.startswith("query Inbox(")
    assert document.count("fragment ThreadParts on Thread") == 1
    assert "mutation" not in document
