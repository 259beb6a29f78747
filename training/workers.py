"""Work that is spread over processes of this machine or of others: the only module that imports dask.

    function, what all items share, items -> function(shared, item) of each, in the order of the items

Without workers everything happens here, one item after the other, and dask is not loaded. What all items share is sent
to the workers once, and their answers come back over the connection, so they need no folder in common. One process does
one item at a time: the seeds of a training are those of its process.
"""

import contextlib
import io
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from tempfile import TemporaryDirectory
from typing import Any, Protocol, TypeVar

from tqdm import tqdm

from bellwether.core.errors import BellwetherError
from training.same_code import PROCESSOR, Print, fingerprint, other_code

ROUNDS = 4  #: times that what lost its data is sent again
PATIENCE = 60.0  #: seconds without any worker after which nobody waits for one
REACHABLE = 5  #: seconds in which a scheduler must answer
LOOK = 0.1  #: seconds between looks at what is done
ENVIRONMENT = {  # of workers here: they have the cores already, and a second thread changes no number
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
_ONE_AT_A_TIME = threading.Lock()

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")


class WorkersError(BellwetherError, code="workers"):
    """Work could not be spread: the text says what is wrong with the scheduler or its workers, and what to do."""


class Workers(Protocol):
    """Whoever does the work."""

    def map(
        self,
        function: Callable[[Shared, Item], Result],
        shared: Shared,
        items: Sequence[Item],
        label: str,
        done: Callable[[int, Result], object] = lambda at, result: None,
    ) -> list[Result]:
        """`function(shared, item)` of each item, in their order. `done` is told of each as soon as it is there."""


class Here:
    """No workers: this process does everything, and shows its own progress."""

    def map(
        self,
        function: Callable[[Shared, Item], Result],
        shared: Shared,
        items: Sequence[Item],
        label: str,
        done: Callable[[int, Result], object] = lambda at, result: None,
    ) -> list[Result]:
        """As the protocol says."""
        results = []
        for at, item in enumerate(items):
            results.append(function(shared, item))
            done(at, results[-1])
        return results


HERE = Here()


class Spread:
    """The workers of a dask scheduler."""

    def __init__(self, client: Any) -> None:
        """`client` is connected, and its workers run what we run."""
        self._client = client
        self._held: tuple[Any, Any] = (None, None)  #: what is shared, and where the workers have it

    def map(
        self,
        function: Callable[[Shared, Item], Result],
        shared: Shared,
        items: Sequence[Item],
        label: str,
        done: Callable[[int, Result], object] = lambda at, result: None,
    ) -> list[Result]:
        """As the protocol says, with one bar of progress for all workers. Raises WorkersError."""
        waiting, results = dict(enumerate(items)), dict[int, Result]()
        with tqdm(total=len(items), desc=label, unit="part", mininterval=0.5) as progress:
            for _ in range(ROUNDS):
                if not waiting:
                    break
                for at, (result, said) in self._round(function, shared, waiting):
                    if said:
                        tqdm.write(said)
                    results[at] = result
                    del waiting[at]
                    done(at, result)
                    progress.update()
                self._held = (None, None)  # what still waits lost what it shares with the worker that had it
        if waiting:
            raise WorkersError(_DIED)
        return [results[at] for at in range(len(items))]

    def _round(
        self, function: Callable[[Shared, Item], Result], shared: Shared, waiting: dict[int, Item]
    ) -> Iterator[tuple[int, tuple[Result, str]]]:
        """The answers to what waits, as they come; without those whose data went with a worker."""
        from distributed import as_completed

        held, ours = self._place(shared), fingerprint()
        futures = {
            self._client.submit(_run, held, function, item, ours, pure=False): at for at, item in waiting.items()
        }
        try:
            coming, watch = as_completed(futures), _Watch(self._client)
            while coming.count():
                ready = coming.next_batch(block=False)
                for future in ready:
                    if future.status == "error":
                        raise _explained(future.exception())
                    if future.status == "finished":
                        yield futures[future], future.result()
                        future.release()
                if not ready:
                    watch.look()
                    time.sleep(LOOK)
            watch.look()
        finally:
            self._client.cancel(list(futures), force=True)

    def _place(self, shared: Any) -> Any:
        """What is shared, at the workers; sent there once."""
        if self._held[0] is not shared or self._held[1] is None:
            try:
                self._held = shared, self._client.scatter(shared, broadcast=True, hash=False)
            except OSError as problem:
                raise WorkersError("The scheduler or all of its workers are gone; what is done is kept.") from problem
        return self._held[1]


class _Watch:
    """Tells of workers that are lost, and gives up where none are left."""

    def __init__(self, client: Any) -> None:
        self._client, self._known, self._alone_since = client, set(_workers_of(client)), 0.0

    def look(self) -> None:
        """Raises WorkersError after PATIENCE without a worker."""
        there = set(_workers_of(self._client))
        for _ in self._known - there:
            tqdm.write("notice: a worker was lost; what it worked on is done again")
        self._known = there
        self._alone_since = 0.0 if there else self._alone_since or time.monotonic()
        if self._alone_since and time.monotonic() - self._alone_since > PATIENCE:
            raise WorkersError(f"No worker has been there for {PATIENCE:.0f} s; what is done is kept.")


@contextlib.contextmanager
def opened(asked: int | str | None) -> Iterator[Workers]:
    """The workers that are asked for: None, so many processes of this machine, or a scheduler's by its address.

    Raises WorkersError. Processes started here end with the block, however it ends.
    """
    if asked is None:
        yield HERE
        return
    from distributed import Client, LocalCluster
    from distributed.system import MEMORY_LIMIT

    if isinstance(asked, str):
        with _connected(asked) as client:
            _check(client, asked)
            yield Spread(client)
        return
    memory = MEMORY_LIMIT // asked
    print(f"workers: {asked} on this machine, {memory / 2**30:.1f} GiB of memory each at most")
    with (
        TemporaryDirectory(prefix="bellwether-workers-") as folder,
        LocalCluster(
            n_workers=asked,
            threads_per_worker=1,
            memory_limit=memory,
            local_directory=folder,
            dashboard_address=None,
            silence_logs="CRITICAL",
            env=ENVIRONMENT,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield Spread(client)


@contextlib.contextmanager
def _connected(address: str) -> Iterator[Any]:
    """A client of the scheduler at the address."""
    from distributed import Client

    try:
        client = Client(address, timeout=REACHABLE)
    except (OSError, ValueError) as problem:
        raise WorkersError(
            f"No dask scheduler answers at {address}. Start one with `dask scheduler`, and workers with "
            f"`dask worker {address} --nthreads 1`."
        ) from problem
    with client:
        yield client


def _check(client: Any, address: str) -> None:
    """That there are workers, and that they run what we run."""
    try:
        client.wait_for_workers(1, timeout=REACHABLE)
    except TimeoutError as problem:
        raise WorkersError(
            f"The scheduler at {address} has no workers: `dask worker {address} --nthreads 1`."
        ) from problem
    ours = fingerprint()
    for who, theirs in _fingerprints(client).items():
        if other := other_code(ours, theirs):
            raise WorkersError(_REFUSED.format(who=who, other=other))
        if who != _SCHEDULER and theirs[PROCESSOR] != ours[PROCESSOR]:
            print(f"notice: {who} has another kind of processor; numbers may differ in their last bits")
    workers = _workers_of(client)
    memory = [told["memory_limit"] / 2**30 for told in workers.values()]
    print(f"workers: {len(workers)} at {address}, {min(memory):.1f} to {max(memory):.1f} GiB of memory each at most")


_DIED = (
    "Workers died again and again over the same part, most likely for lack of memory: give fewer workers more of it. "
    "What is done is kept."
)
_SCHEDULER = "The scheduler"
_INSTALL = "Install there what is here, and start it again."
_REFUSED = "{who} runs other code, so numbers may be others: {other}. " + _INSTALL


def _fingerprints(client: Any) -> dict[str, Print]:
    """Of the scheduler, which reads what it hands on, and of each worker."""
    try:
        told: dict[str, Print] = {_SCHEDULER: client.run_on_scheduler(fingerprint)}
        told |= {f"The worker {address}": theirs for address, theirs in client.run(fingerprint).items()}
    except Exception as problem:  # dask wraps what a worker could not even read
        raise WorkersError(f"The scheduler or a worker cannot run our code ({problem}). {_INSTALL}") from problem
    return told


def _workers_of(client: Any) -> dict[str, Any]:
    """By address what the scheduler tells of its workers."""
    told: dict[str, Any] = client.scheduler_info(n_workers=-1)["workers"]
    return told


def _run(shared: Any, function: Callable[[Any, Any], Any], item: Any, expected: Print) -> tuple[Any, str]:
    """In a worker: one item, and what was printed on the way. Bars of progress of a worker's own are of no use."""
    if other := other_code(expected, fingerprint()):
        raise WorkersError(_REFUSED.format(who="A worker that came later", other=other))
    said = io.StringIO()
    with _ONE_AT_A_TIME, contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
        result = function(shared, item)
    return result, said.getvalue().rstrip()


def _explained(problem: BaseException) -> BaseException:
    """What went wrong in a worker, in our words where they say more."""
    from distributed import KilledWorker

    if isinstance(problem, KilledWorker):
        return WorkersError(_DIED)
    if isinstance(problem, ModuleNotFoundError):
        return WorkersError(f"A worker lacks {problem.name}. {_INSTALL}")
    return problem
