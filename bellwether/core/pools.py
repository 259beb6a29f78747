"""Pools of threads that end with the service: an idle one must not look like a question that is still open."""

from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from weakref import WeakSet

_pools: WeakSet[ThreadPoolExecutor] = WeakSet()
_lock = Lock()


def pool(threads: int, name: str) -> ThreadPoolExecutor:
    """A pool of so many threads, whose names begin with `name`."""
    made = ThreadPoolExecutor(threads, thread_name_prefix=name)
    with _lock:
        _pools.add(made)
    return made


def shut_down() -> None:
    """Let every thread of a pool end that has nothing to do; what waits for one is dropped."""
    with _lock:
        pools = list(_pools)
    for made in pools:
        made.shutdown(wait=False, cancel_futures=True)
