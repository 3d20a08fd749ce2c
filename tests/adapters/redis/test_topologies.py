"""Redis behind Sentinels, as a Cluster, over TLS."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.memory import MemoryThrottle
from adapters.redis import Health, RedisThrottle, look_at, read_address
from tests.adapters.redis.desk import SOON_S, eventually, hint_passes, told, two_buses
from tests.builders import ACME, FixedClock
from tests.peers.proxy import proxy_before
from tests.peers.servers import Redis, free_port, own_redis

SLOTS = 16_384
FAILED_OVER_WITHIN_S = 30.0


def throttle_at(url: str) -> RedisThrottle:
    return RedisThrottle(read_address(url), MemoryThrottle(FixedClock()))


# ---------------------------------------------------------------- Sentinel


async def test_a_desk_follows_its_sentinels_to_the_new_master(redis_server: Redis) -> None:
    with own_redis() as replica, own_redis("--sentinel") as sentinel:
        await told(replica.url, ("REPLICAOF", "127.0.0.1", redis_server.port))
        await told(
            sentinel.url,
            ("SENTINEL", "MONITOR", "desk", "127.0.0.1", redis_server.port, 1),
            ("SENTINEL", "SET", "desk", "down-after-milliseconds", 200),
            ("SENTINEL", "SET", "desk", "failover-timeout", 1000),
        )
        await replicates(replica)
        await knows_a_replica(sentinel)
        url = f"redis+sentinel://127.0.0.1:1,127.0.0.1:{sentinel.port}/desk"

        async with two_buses(url) as (here, there), throttle_at(url).running() as throttle:
            await hint_passes(here, there, ACME)
            assert await throttle.take("anna", 1, 60) is None

            redis_server.kill()

            await hint_passes(here, there, ACME, FAILED_OVER_WITHIN_S)
            async with asyncio.timeout(FAILED_OVER_WITHIN_S):
                while throttle.tally.shared == 1:  # until the new master counts, each process counts alone
                    assert await throttle.take("bela", 1_000_000, 60) is None
                    await asyncio.sleep(0.02)


async def test_a_service_that_no_sentinel_knows_is_named(redis_server: Redis) -> None:
    with own_redis("--sentinel") as sentinel:
        state = await look_at(read_address(f"redis+sentinel://127.0.0.1:{sentinel.port}/desk"))

    assert state.health is Health.AWAY
    assert "no Sentinel" in state.message
    assert "'desk'" in state.message


async def replicates(replica: Redis) -> None:
    await _until_told(replica, ("INFO", "replication"), b"master_link_status:up")


async def knows_a_replica(sentinel: Redis) -> None:
    await _until_told(sentinel, ("INFO", "sentinel"), b"slaves=1")


async def _until_told(server: Redis, question: tuple[str, ...], answer: bytes) -> None:
    async with asyncio.timeout(SOON_S):
        while True:
            [text] = await told(server.url, question)
            if isinstance(text, bytes) and answer in text:
                return


# ---------------------------------------------------------------- Cluster


async def test_a_desk_on_a_cluster_reaches_every_node_through_any_other() -> None:
    buses = (free_port(), free_port())
    with (
        own_redis("--cluster-enabled", "yes", "--cluster-port", str(buses[0])) as one,
        own_redis("--cluster-enabled", "yes", "--cluster-port", str(buses[1])) as other,
    ):
        await told(one.url, ("CLUSTER", "ADDSLOTSRANGE", 0, SLOTS // 2))
        await told(other.url, ("CLUSTER", "ADDSLOTSRANGE", SLOTS // 2 + 1, SLOTS - 1))
        await told(one.url, ("CLUSTER", "MEET", "127.0.0.1", other.port, buses[1]))
        for node in (one, other):
            await _until_told(node, ("CLUSTER", "INFO"), b"cluster_state:ok")
        here = f"redis+cluster://127.0.0.1:{one.port}"
        there = f"redis+cluster://127.0.0.1:1,127.0.0.1:{other.port}"

        async with two_buses(here, there) as (one_bus, other_bus):
            await hint_passes(one_bus, other_bus, ACME)
            await hint_passes(other_bus, one_bus, ACME)
        async with throttle_at(here).running() as one_throttle, throttle_at(there).running() as other_throttle:
            await eventually(lambda: other_throttle.healthy)  # the first node it names is not there
            assert await one_throttle.take("anna", 2, 60) is None
            assert await other_throttle.take("anna", 2, 60) is None
            assert await one_throttle.take("anna", 2, 60) is not None
            assert await other_throttle.take("anna", 2, 60) is not None
            assert (one_throttle.tally.alone, other_throttle.tally.alone) == (0, 0)

        assert (await look_at(read_address(here))).health is Health.READY
        standings = [await look_at(read_address(f"redis://127.0.0.1:{node.port}")) for node in (one, other)]
        assert ["redis+cluster://" in state.message for state in standings].count(True) == 1


# ---------------------------------------------------------------- TLS


async def test_redis_over_tls_is_believed_with_the_certificate_that_is_named_and_no_other(
    redis_server: Redis, tmp_path: Path
) -> None:
    certificate = a_certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    async with proxy_before(redis_server.port, tls=tls) as proxy:
        url = f"rediss://127.0.0.1:{proxy.port}"

        async with two_buses(f"{url}?ca={certificate}", redis_server.url) as (here, there):
            await hint_passes(here, there, ACME)
        stranger = await look_at(read_address(url))

    assert stranger.health is Health.AWAY
    assert "certificate verify failed" in stranger.message


async def test_a_certificate_that_is_not_there_is_told(redis_server: Redis) -> None:
    state = await look_at(read_address(f"rediss://127.0.0.1:{redis_server.port}?ca=/nowhere.pem"))

    assert state.health is Health.REFUSED
    assert "/nowhere.pem" in state.message


def a_certificate(folder: Path) -> Path:
    """One for this machine, which vouches for itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a redis")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "redis.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file
