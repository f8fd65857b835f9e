"""Writes sensor-backoff.json: intervals of Airflow's exponential sensor backoff, by the formula of its base sensor, computed with Python's own hash, integer
arithmetic and dates. Run by hand: python3 make_sensor_backoff.py
"""
import hashlib
import json
import random
from datetime import datetime, timezone
from pathlib import Path

rng = random.Random(3)


def wait(ids: str, started: datetime, interval: float, poke: int) -> int:
    base = max(int(interval * 2 ** (poke - 2)), 1)
    digest = hashlib.sha1(f"{ids}#{started}#{poke}".encode()).hexdigest()
    return base + int(digest, 16) % base


def row(mode: str) -> list:
    at = 1_767_225_600_000 + rng.randrange(10**10)
    if rng.random() < 0.3:
        at -= at % 1000
    started = datetime.fromtimestamp(at // 1000, timezone.utc).replace(microsecond=at % 1000 * 1000)
    interval, timeout = rng.choice([0.5, 1, 5, 60, 300]), 604_800
    poke, elapsed = rng.randint(1, 14), rng.randrange(0, 100_000) / 1000
    max_wait = rng.choice([None, None, 90, 3600])
    count = poke
    if mode == "reschedule":
        # Which poke would have come by now, were each wait as long as it should be.
        total, count = 0.0, 0
        while total <= elapsed:
            count += 1
            total += wait("etl#wait", started, interval, count)
    seconds = min(timeout - int(elapsed), wait("etl#wait", started, interval, count))
    if max_wait is not None:
        seconds = min(max_wait, seconds)
    return [mode, at, interval, poke, elapsed, max_wait, seconds]


rows = [row(mode) for mode in ("poke", "reschedule") for _ in range(150)]
Path(__file__).with_name("sensor-backoff.json").write_text("[\n  " + ",\n  ".join(json.dumps(one) for one in rows) + "\n]\n")
