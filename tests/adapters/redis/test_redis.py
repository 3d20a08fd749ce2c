"""Redis on bad days: gone, frozen, cut off, locked, full, read-only. The desk goes on, and recovers by itself."""

import asyncio
import random
from urllib.parse import urlsplit

import pytest
from structlog.testing import capture_logs

from adapters.memory import MemoryThrottle
from adapters.redis import Health, RedisBus, RedisRefused, RedisThrottle, look_at, read_address
from adapters.redis.link import Reply
from domain.ports.hints import OUTBOX, WEBHOOK_INBOX
from tests.adapters.redis.desk import SOON_S, eventually, heard, hint_passes, told, two_buses
from tests.builders import ACME, GLOBEX, FixedClock
from tests.peers.proxy import Fault, proxy_before
from tests.peers.servers import Redis, own_redis

BACK_WITHIN_S = 5.0  # what is promised, after Redis is there again
SECRET = "swordfish%"


def throttle_at(url: str) -> RedisThrottle:
    return RedisThrottle(read_address(url), MemoryThrottle(FixedClock()))


async def channels_of(server: Redis) -> list[bytes]:
    [channels] = await told(server.url, ("PUBSUB", "CHANNELS"))
    return words(channels)


def words(reply: Reply) -> list[bytes]:
    assert isinstance(reply, list)
    return [word for word in reply if isinstance(word, bytes)]


# ---------------------------------------------------------------- good days


async def test_a_hint_reaches_the_other_process(redis_server: Redis) -> None:
    async with (
        two_buses(redis_server.url) as (here, there),
        there.listen(ACME) as acme,
        there.listen(WEBHOOK_INBOX) as webhook_inbox,
    ):
        await heard(acme, 0)  # it listens
        await heard(webhook_inbox, 0)

        here.hint(ACME, 7)
        here.hint(WEBHOOK_INBOX)

        await heard(acme, 7)
        await heard(webhook_inbox, 0)


async def test_what_a_process_says_comes_back_to_it_once(redis_server: Redis) -> None:
    async with two_buses(redis_server.url) as (here, there), here.listen(ACME) as hints, there.listen(ACME) as others:
        await heard(others, 0)
        await heard(hints, 0)

        here.hint(ACME, 7)
        assert await anext(hints) == 7
        await heard(others, 7)
        there.hint(ACME, 8)

        assert await anext(hints) == 8
        assert (here.tally.heard, there.tally.heard) == (1, 1)


async def test_a_process_hears_only_of_what_it_listens_to(redis_server: Redis) -> None:
    async with two_buses(redis_server.url) as (here, there):
        async with there.listen(GLOBEX) as left:
            await heard(left, 0)
        async with there.listen(ACME) as hints:
            await heard(hints, 0)
            here.hint(GLOBEX, 3)
            here.hint(ACME, 7)
            await heard(hints, 7)

            async with asyncio.timeout(SOON_S):
                while f"deskline:0:{{{GLOBEX}}}".encode() in await channels_of(redis_server):
                    pass
            assert f"deskline:0:{{{ACME}}}".encode() in await channels_of(redis_server)


async def test_a_burst_of_hints_becomes_few(redis_server: Redis) -> None:
    async with two_buses(redis_server.url) as (here, there), there.listen(ACME) as hints:
        await heard(hints, 0)

        for position in range(1, 10_001):
            here.hint(ACME, position)

        await heard(hints, 10_000)
        assert here.tally.published == 1


async def test_hints_that_are_late_doubled_or_nonsense_do_no_harm(redis_server: Redis) -> None:
    async with two_buses(redis_server.url) as (here, there), there.listen(ACME) as hints:
        await heard(hints, 0)
        channel = f"deskline:0:{{{ACME}}}"

        await told(
            redis_server.url,
            *(("PUBLISH", channel, word) for word in ("other 9", "other 9", "other 4", "other", "other x", "other -1")),
            *(("PUBLISH", channel, word) for word in ("", b"\xff\xfe", "a b c", "other 9" + "9" * 400)),
        )
        here.hint(ACME, 12)

        await heard(hints, 12)
        assert there.tally.strange == 7
        assert there.healthy


async def test_nothing_of_a_process_stays_with_redis(redis_server: Redis) -> None:
    async with two_buses(redis_server.url) as (here, _), here.listen(ACME), throttle_at(redis_server.url).running():
        here.hint(ACME, 1)
    tasks = asyncio.all_tasks()

    [clients] = await told(redis_server.url, ("CLIENT", "LIST"))

    assert isinstance(clients, bytes)
    assert clients.count(b"name=deskline") == 1  # who asks
    assert tasks == {asyncio.current_task()}


# ---------------------------------------------------------------- gone


async def test_hints_stay_in_the_process_while_redis_is_gone_and_pass_again_soon_after(redis_server: Redis) -> None:
    async with two_buses(redis_server.url) as (here, there), here.listen(ACME) as hints:
        await hint_passes(here, there, ACME)

        redis_server.kill()
        await eventually(lambda: not here.healthy and not there.healthy)
        here.hint(ACME, 99)
        await heard(hints, 99)

        redis_server.start()
        await hint_passes(here, there, ACME, BACK_WITHIN_S)
        await hint_passes(there, here, OUTBOX, BACK_WITHIN_S)
        await eventually(lambda: here.healthy and there.healthy)


async def test_who_listened_through_an_outage_is_told_to_look(redis_server: Redis) -> None:
    async with two_buses(redis_server.url) as (_, there), there.listen(ACME) as hints:
        await heard(hints, 0)

        redis_server.restart()

        await heard(hints, 0)


async def test_a_desk_starts_without_redis_says_so_once_and_uses_it_when_it_comes(redis_server: Redis) -> None:
    redis_server.stop()

    with capture_logs() as logs:
        async with two_buses(redis_server.url) as (here, there):
            async with here.listen(ACME) as hints:
                here.hint(ACME, 1)
                await heard(hints, 1)
            assert not here.healthy
            redis_server.start()
            await hint_passes(here, there, ACME, BACK_WITHIN_S)
            await eventually(lambda: here.healthy and there.healthy)

    assert [entry["event"] for entry in logs].count("redis.away") == 2  # once each
    assert [entry["event"] for entry in logs].count("redis.back") == 2


async def test_a_frozen_redis_stops_nobody(redis_server: Redis) -> None:
    async with two_buses(redis_server.url) as (here, there), here.listen(ACME) as hints:
        redis_server.freeze()
        for position in range(1, 1_001):
            here.hint(ACME, position)
        await heard(hints, 1_000)
        await eventually(lambda: not here.healthy)

        redis_server.thaw()

        await hint_passes(here, there, ACME, BACK_WITHIN_S)


@pytest.mark.parametrize("fault", list(Fault)[1:])
async def test_a_process_cut_off_goes_on_and_joins_again(redis_server: Redis, fault: Fault) -> None:
    async with (
        proxy_before(redis_server.port) as proxy,
        two_buses(f"redis://127.0.0.1:{proxy.port}", redis_server.url) as (here, there),
        here.listen(ACME) as hints,
    ):
        proxy.fail(fault)
        await eventually(lambda: not here.healthy)
        here.hint(ACME, 5)
        await heard(hints, 5)
        assert there.healthy

        proxy.heal()

        await hint_passes(here, there, ACME, BACK_WITHIN_S)
        await hint_passes(there, here, ACME, BACK_WITHIN_S)


async def test_what_waits_to_be_said_is_bounded(redis_server: Redis) -> None:
    redis_server.stop()
    async with RedisBus(read_address(redis_server.url)).running() as bus:
        for number in range(12_000):
            bus.hint(f"organization-{number}", 1)

        assert bus.tally.dropped == 2_000


# ---------------------------------------------------------------- locked


@pytest.mark.parametrize(
    ("word", "reason"),
    [("", "wants a password"), (":wrong@", "refuses this user"), ("anna:wrong@", "refuses this user")],
)
async def test_a_desk_does_not_start_with_the_wrong_password_and_names_the_setting(word: str, reason: str) -> None:
    with own_redis(password=SECRET) as server:
        url = f"redis://{word}127.0.0.1:{server.port}"

        with pytest.raises(RedisRefused, match=f"DESKLINE_REDIS_URL: .*{reason}") as refused:
            async with RedisBus(read_address(url)).running():
                pass
        with pytest.raises(RedisRefused, match=reason):
            async with throttle_at(url).running():
                pass
        state = await look_at(read_address(url))

    assert state.health is Health.REFUSED
    assert state.message == str(refused.value)
    assert "wrong" not in state.message


async def test_the_right_password_opens(redis_server: Redis) -> None:
    with own_redis(password=SECRET) as server:
        async with two_buses(server.url) as (here, there):
            await hint_passes(here, there, ACME)
        state = await look_at(read_address(server.url))

    assert state.health is Health.READY
    assert "swordfish" not in state.message


@pytest.mark.parametrize(
    ("url", "reason"), [("redis://:word@{}", "has no password; leave it out"), ("redis://{}/99", "has no database 99")]
)
async def test_a_setting_that_asks_for_what_is_not_there_is_refused(redis_server: Redis, url: str, reason: str) -> None:
    address = read_address(url.format(urlsplit(redis_server.url).netloc))

    with pytest.raises(RedisRefused, match=reason):
        async with RedisBus(address).running():
            pass


async def test_a_redis_that_lets_nobody_speak_is_named_and_does_no_harm(redis_server: Redis) -> None:
    await told(redis_server.url, ("ACL", "SETUSER", "mute", "on", ">word", "~*", "&*", "+@all", "-publish"))
    address = read_address(f"redis://mute:word@127.0.0.1:{redis_server.port}")

    with capture_logs() as logs:
        async with RedisBus(address).running() as bus, bus.listen(ACME) as hints:
            bus.hint(ACME, 3)
            await heard(hints, 3)
            await eventually(lambda: bus.tally.failed > 0)
            assert not bus.healthy
    state = await look_at(address)

    assert [entry["event"] for entry in logs] == ["redis.away"]
    assert state.health is Health.LIMITED
    assert "hints are not passed on" in state.message


# ---------------------------------------------------------------- full, read-only


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        (("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0")),
        (("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE")),
    ],
    ids=["full", "read-only"],
)
async def test_a_redis_that_takes_no_more_still_passes_hints_and_limits_hold_per_process(
    redis_server: Redis, worse: tuple[str, ...], better: tuple[str, ...]
) -> None:
    async with two_buses(redis_server.url) as (here, there), throttle_at(redis_server.url).running() as throttle:
        assert await throttle.take("anna", 2, 60) is None
        await told(redis_server.url, worse)

        await hint_passes(here, there, ACME)
        assert await throttle.take("anna", 2, 60) is None  # it remembers the one it granted
        assert await throttle.take("anna", 2, 60) is not None
        assert not throttle.healthy
        assert throttle.tally.alone == 2
        state = await look_at(read_address(redis_server.url))
        assert state.health is Health.LIMITED
        assert "DESKLINE_REDIS_URL" in state.message
        assert "limits hold per process only" in state.message

        await told(redis_server.url, better)
        assert await throttle.take("bela", 2, 60) is None
        assert throttle.healthy


# ---------------------------------------------------------------- limits


async def test_limits_hold_over_processes(redis_server: Redis) -> None:
    async with throttle_at(redis_server.url).running() as here, throttle_at(redis_server.url).running() as there:
        assert await here.take("anna", 2, 60) is None
        assert await there.take("anna", 2, 60) is None

        assert await here.take("anna", 2, 60) is not None
        assert await there.take("anna", 2, 60) is not None


async def test_names_of_people_are_not_kept_in_redis(redis_server: Redis) -> None:
    async with throttle_at(redis_server.url).running() as throttle:
        await throttle.take("anna@acme.example", 2, 60)

    [keys] = await told(redis_server.url, ("KEYS", "*"))
    assert len(words(keys)) == 1
    assert b"anna" not in words(keys)[0]


async def test_limits_hold_per_process_while_redis_is_gone_and_are_shared_again_soon_after(redis_server: Redis) -> None:
    async with throttle_at(redis_server.url).running() as throttle:
        assert await throttle.take("anna", 2, 60) is None
        redis_server.kill()

        assert await throttle.take("anna", 2, 60) is None
        assert await throttle.take("anna", 2, 60) is not None
        assert not throttle.healthy

        redis_server.start()
        await eventually(lambda: throttle.healthy, BACK_WITHIN_S)
        assert await throttle.take("bela", 1, 60) is None
        assert throttle.tally.shared == 2


async def test_a_redis_that_answers_nothing_costs_half_a_second_once(redis_server: Redis) -> None:
    async with (
        proxy_before(redis_server.port) as proxy,
        throttle_at(f"redis://127.0.0.1:{proxy.port}").running() as throttle,
    ):
        proxy.fail(Fault.HOLE)
        async with asyncio.timeout(1.0):
            assert await throttle.take("anna", 1, 60) is None
        await eventually(lambda: not throttle.healthy)

        async with asyncio.timeout(0.2):
            assert await throttle.take("anna", 1, 60) is not None

        proxy.heal()
        await eventually(lambda: throttle.healthy, BACK_WITHIN_S)


async def test_who_gives_up_waiting_leaves_no_answer_for_somebody_else(redis_server: Redis) -> None:
    chance = random.Random(17)
    async with (
        proxy_before(redis_server.port) as proxy,
        throttle_at(f"redis://127.0.0.1:{proxy.port}").running() as throttle,
    ):
        # Of "full" there is none left, of "free" there always is: an answer in the wrong hands shows.
        assert await throttle.take("full", 1, 600) is None
        proxy.delay_s = 0.001
        cancelled = 0
        for _ in range(500):
            asking = [asyncio.create_task(throttle.take(name, 1, 600)) for name in ("full", "full", "full")]
            asking += [asyncio.create_task(throttle.take("free", 1_000_000, 600)) for _ in range(3)]
            given_up = chance.sample(range(6), 3)
            await asyncio.sleep(chance.random() * 0.004)
            cancelled += sum(asking[index].cancel() for index in given_up)
            answers = await asyncio.gather(*asking, return_exceptions=True)
            assert all(answer is None for answer in answers[3:] if not isinstance(answer, asyncio.CancelledError))
            assert None not in answers[:3]
        assert cancelled >= 500
        assert throttle.tally.alone == 0
