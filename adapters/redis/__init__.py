"""Hints between processes and limits that they share. Nothing in Redis is relied on: it may vanish at any time."""

from adapters.redis.address import RedisAddress, read_address
from adapters.redis.bus import RedisBus
from adapters.redis.link import RedisRefused
from adapters.redis.standing import RedisState, Standing, look_at
from adapters.redis.throttle import RedisThrottle

__all__ = [
    "RedisAddress",
    "RedisBus",
    "RedisRefused",
    "RedisState",
    "RedisThrottle",
    "Standing",
    "look_at",
    "read_address",
]
