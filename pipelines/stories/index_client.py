"""The index as the pipeline uses it: distrusted, checked against SQL, waited for, and rebuilt when it lost something.

Redis may lose what it was told last when it dies, or all of it. Each attached version keeps the sequence under
which the index took it; the index keeps its last one. What SQL has beyond that was lost, and is done again.
"""

import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import LockError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.lock import Lock

from onestory.dedupe.errors import DedupeError, IndexLost, ParametersDiffer
from onestory.dedupe.index import BandIndex, IndexState, IndexStats, Registered
from onestory.dedupe.signature import Signature, sign_many
from onestory.errors import IndexUnavailable, IndexUnusable
from onestory.store.articles.versions import (
    VersionText,
    reopen_after_sequence,
    reopen_versions,
    replace_signatures,
    update_sequences,
    versions_after,
)
from onestory.store.database import Store
from onestory.store.settings import INDEX_GENERATION, read_setting, write_setting

__all__ = ["IndexClient", "signature_of"]

logger = logging.getLogger(__name__)

GONE = (RedisConnectionError, RedisTimeoutError)
BATCH = 512
LOCK_SECONDS = 15
LOCK = "onestory-rebuild"
Progress = Callable[[int], None]


def _hold(lock: Lock) -> None:
    """Keep the lock for another while. It is taken again if it ran out while a batch waited for its turn to write.

    Whoever took it in between made an index of another generation, in which nothing of ours can be registered.
    """
    try:
        lock.reacquire()
    except LockError:
        if not lock.acquire(blocking=False):
            raise


class IndexClient:
    """Registers versions and answers with the earlier ones in their bands.

    `index.redis` must not retry by itself: a lost connection has to be seen, as the server may have lost data.
    """

    def __init__(self, store: Store, index: BandIndex, *, ensure_server: Callable[[], object]) -> None:
        self.store = store
        self.index = index
        self._ensure_server = ensure_server
        self._run_id: str | None = None
        self._last: tuple[int, ...] = ()
        self.left_as_signed = 0  # versions of the latest rebuilds whose text, and so a new signature, is not to be had
        self.has_lost = False  # set when versions were reopened; whoever sweeps sets it back

    def register(self, entries: Sequence[tuple[int, Signature]]) -> list[Registered]:
        """One answer for each entry, in order.

        Raises IndexUnavailable when the server is gone (wait, and call again: registering twice changes nothing),
        IndexRefused when it must not be used.
        """
        with _translated():
            self._check()
            try:
                registered = self.index.register(entries)
            except IndexLost:
                self._recover()
                registered = self.index.register(entries)
        self._last = tuple(number for number, _ in entries)
        return registered

    def forget(self, entries: Sequence[tuple[int, Signature]]) -> None:
        """Takes versions out of the bands of these signatures: they are to be registered with others, or are gone."""
        with _translated():
            self._check()
            try:
                self.index.remove(entries)
            except IndexLost:
                self._recover()
                self.index.remove(entries)

    def lookup(self, signature: Signature) -> tuple[int, ...] | None:
        """Versions that share a band with the signature; None while the index is not whole."""
        with _translated():
            self._ensure_server()
            if not self._is_whole(self.index.open()):
                return None
            return self.index.lookup(signature)

    def remove(self, versions: Sequence[VersionText]) -> None:
        """Takes versions out of the index; one that lost its data, or is another's, does not have them."""
        with _translated():
            self._ensure_server()
            if self.index.open().generation is None:
                return
            with suppress(IndexLost):
                self.index.remove([(version.number, signature_of(version)) for version in versions])
            # The append-only file still has what was written; rewritten, it has what is there.
            with suppress(ResponseError):
                self.index.redis.bgrewriteaof()

    def stats(self) -> IndexStats:
        """What the index holds and costs; all zero where there is none."""
        with _translated():
            self._ensure_server()
            self.index.open()
            return self.index.stats()

    def window_is_full(self) -> bool:
        """Whether the index has let go of its oldest articles: what ran before them is not found by likeness."""
        with _translated():
            self._ensure_server()
            return self.index.has_expired()

    def is_whole(self) -> bool:
        """Whether the index is the one that SQL knows of."""
        with _translated():
            self._ensure_server()
            return self._is_whole(self.index.open())

    def recover(self, *, progress: Progress = lambda done: None) -> None:
        """Looks for what the index lost, and rebuilds it when it is not the one that SQL knows of.

        An error of `progress` ends the rebuilding; it begins again at the next call.
        """
        with _translated():
            self._check(progress)
            if not self._is_whole(self.index.open()):
                self._recover(progress)

    def rebuild(self, *, progress: Progress = lambda done: None) -> int:
        """Makes the index anew from SQL, whatever state it is in; how many versions it holds."""
        with _translated():
            self._ensure_server()
            with self._alone() as lock:
                return self._rebuild(progress, lock)

    def _check(self, progress: Progress = lambda done: None) -> None:
        """Notices a server that was restarted since the last call, and looks for what it lost."""
        self._ensure_server()
        run_id = str(self.index.redis.info("server")["run_id"])
        if run_id != self._run_id:
            self._recover(progress)
            self._run_id = run_id

    def _recover(self, progress: Progress = lambda done: None) -> None:
        state = self.index.open()
        if not self._is_whole(state):
            logger.info("making the index from the store")
            with self._alone() as lock:
                if not self._is_whole(self.index.open()):
                    self._rebuild(progress, lock)
        self._reopen_lost()

    def _reopen_lost(self) -> None:
        """What SQL counts as registered and the index does not know of is to be done again."""
        with self.store.write() as connection:
            lost = reopen_after_sequence(connection, after_sequence=self.index.state().sequence)
            # Ours may have been committed after somebody else had looked for what was lost.
            reopen_versions(connection, self._last)
        self.has_lost = self.has_lost or bool(lost or self._last)
        if lost:
            logger.warning("the index lost %d articles: they are registered again", lost)

    def _is_whole(self, state: IndexState) -> bool:
        with self.store.read() as connection:
            known = read_setting(connection, INDEX_GENERATION)
        return state.generation is not None and state.generation == known

    def _rebuild(self, progress: Progress, lock: Lock) -> int:
        # SQL hears of the generation when the index is complete: until then nobody takes it for whole.
        generation = uuid.uuid4().hex
        self.index.create(generation)
        done = 0
        for batch in self._batches():
            _hold(lock)
            try:
                registered = self.index.register([(version.number, signature_of(version)) for version in batch])
            except IndexLost as error:
                raise IndexUnavailable(f"the index was lost, or made by another process, meanwhile: {error}") from error
            with self.store.write() as connection:
                update_sequences(connection, {answer.number: answer.sequence for answer in registered})
            done += len(batch)
            progress(done)
        with self.store.write() as connection:
            write_setting(connection, INDEX_GENERATION, generation)
        return done

    def _batches(self) -> Iterator[list[VersionText]]:
        after = 0
        while True:
            with self.store.read() as connection:
                batch = versions_after(connection, after=after, limit=BATCH)
            if not batch:
                return
            after = batch[-1].number
            yield self._resigned(batch)

    def _resigned(self, batch: Sequence[VersionText]) -> list[VersionText]:
        """The batch with signatures of today's parameters; those that had others are signed and compared again."""
        params = self.index.parameters.encode()
        outdated = [version for version in batch if version.signature_params != params]
        # What has no text any more keeps its signature, and its matches.
        self.left_as_signed += sum(not version.text for version in outdated)
        outdated = [version for version in outdated if version.text]
        signatures = sign_many([version.text for version in outdated], self.index.parameters)
        fresh = {v.number: (s.to_bytes(), s.digest) for v, s in zip(outdated, signatures, strict=True)}
        if fresh:
            with self.store.write() as connection:
                replace_signatures(connection, fresh, params=params)
        self.has_lost = self.has_lost or bool(fresh)
        return [replace(v, signature=fresh[v.number][0]) if v.number in fresh else v for v in batch]

    @contextmanager
    def _alone(self) -> Iterator[Lock]:
        """One rebuilds; the others wait for it. One that dies is waited for a few seconds."""
        lock = self.index.redis.lock(LOCK, timeout=LOCK_SECONDS)
        if not lock.acquire(blocking=False):
            logger.warning("another process makes the index: waiting for it")
            lock.acquire()
        try:
            yield lock
        finally:
            with suppress(LockError, *GONE):
                lock.release()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except GONE as error:
        raise IndexUnavailable(f"Redis does not answer: {error}") from error
    except ParametersDiffer as error:
        raise IndexUnusable(f"{error}: run `onestory reindex`") from error
    except LockError as error:
        raise IndexUnavailable(f"another process makes the index: {error}") from error
    except (DedupeError, ResponseError) as error:
        raise IndexUnusable(f"Redis cannot be used: {error}") from error


def signature_of(version: VersionText) -> Signature:
    return Signature.from_bytes(version.signature)
