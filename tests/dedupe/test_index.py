"""The band index on a real server."""

import random
import threading

import pytest
from redis import Redis

from onestory.dedupe.errors import EvictionPolicyUnsafe, IndexLost, ParametersDiffer
from onestory.dedupe.index import BandIndex
from onestory.dedupe.signature import KEY_BYTES, Parameters, Signature, band_keys, sign
from tests.dedupe.news import article, join


def signed(seed: int, *, paragraphs: int = 4) -> Signature:
    return sign(join(*article(seed, paragraphs=paragraphs)))


@pytest.fixture
def index(redis_client: Redis, prefix: str) -> BandIndex:
    opened = BandIndex(redis_client, prefix=prefix)
    opened.open()
    opened.create("first")
    return opened


def test_a_server_without_an_index_has_no_generation(redis_client: Redis, prefix: str):
    assert BandIndex(redis_client, prefix=prefix).open().generation is None


def test_registering_answers_with_the_earlier_copies(index: BandIndex):
    first, second, other = index.register([(7, signed(1)), (8, signed(1)), (9, signed(2))])
    assert (first.earlier, second.earlier, other.earlier) == ((), (7,), ())
    assert [one.sequence for one in (first, second, other)] == [1, 2, 3]


def test_registering_again_changes_nothing_and_sees_the_later_ones_too(index: BandIndex):
    index.register([(7, signed(1)), (8, signed(1))])
    [again] = index.register([(7, signed(1))])
    assert (again.new, again.earlier, again.sequence) == (False, (8,), 2)
    assert index.state().count == 2


def test_an_excerpt_meets_its_whole(index: BandIndex):
    story = article(5)
    index.register([(1, sign(join(*story)))])
    for cut in (story[:2], story[5:7], story[10:]):
        assert index.lookup(sign(join(*cut))) == (1,)


def test_a_lookup_leaves_no_trace(index: BandIndex):
    index.lookup(signed(1))
    assert index.register([(1, signed(1))])[0].earlier == ()


def test_short_and_exact_texts_are_found(index: BandIndex):
    index.register([(1, sign("Fire out")), (2, sign(""))])
    assert index.lookup(sign("FIRE, OUT!")) == (1,)
    assert index.lookup(sign("")) == ()


def test_ids_are_compared_whole(index: BandIndex):
    """The bytes of id 0x01000000 then 0x00000001 hold those of others across the border."""
    numbers = [0x01000000, 0x00000001, 0x00010000, 0x00000100]
    index.register([(number, signed(1)) for number in numbers])
    index.remove([(0x00000001, signed(1))])
    assert sorted(index.lookup(signed(1))) == sorted(set(numbers) - {1})


def test_what_was_removed_is_gone_and_may_come_back(index: BandIndex):
    index.register([(1, signed(1)), (2, signed(1))])
    assert index.remove([(1, signed(1))]) == 3
    assert index.lookup(signed(1)) == (2,)
    assert index.remove([(1, signed(1))]) == 3
    assert index.state().count == 1
    assert index.register([(1, signed(1))])[0].new


def crowd(size: int) -> list[tuple[int, Signature]]:
    """Articles that share one paragraph, and little else."""
    shared = article(77, paragraphs=1)
    return [(number, sign(join(*shared, *article(number + 100, paragraphs=1)))) for number in range(1, size + 1)]


def pairs_of(index: BandIndex, entries: list[tuple[int, Signature]]) -> set[frozenset[int]]:
    return {frozenset((one.number, other)) for one in index.register(entries) for other in one.earlier}


def test_what_a_crowded_band_shows_depends_on_the_articles_and_not_on_their_order(index: BandIndex):
    entries = crowd(120)
    shown = []
    for seed in range(4):
        random.Random(seed).shuffle(entries)
        index.create(f"shuffle {seed}")
        index.register(entries)
        shown.append(set(index.lookup(sign(join(*article(77, paragraphs=1))))))
    assert len(shown[0]) >= 24
    assert all(one == shown[0] for one in shown)


def shown_pairs(entries: list[tuple[int, Signature]]) -> set[frozenset[int]]:
    """Each article of a band with the 24 of the lowest priority in it."""
    bands: dict[bytes, set[tuple[int, int]]] = {}
    for number, signature in entries:
        keys, priority = band_keys(signature), int.from_bytes(signature.digest[:4], "little")
        for at in range(0, len(keys), KEY_BYTES):
            bands.setdefault(keys[at : at + KEY_BYTES], set()).add((priority, number))
    pairs = ((one, other) for inside in bands.values() for one in sorted(inside)[:24] for other in inside)
    return {frozenset((one[1], other[1])) for one, other in pairs if one != other}


def test_every_article_of_a_crowd_is_paired_with_those_that_it_shows(index: BandIndex):
    entries = crowd(120)
    pairs = pairs_of(index, entries)
    assert shown_pairs(entries) <= pairs
    assert len(pairs) < 120 * 119 / 2
    stats = index.stats()
    assert stats.overflowed > 0
    assert stats.hottest[0][1] >= 80


def test_one_that_waits_takes_the_place_of_one_that_is_removed(index: BandIndex):
    entries = crowd(60)
    index.register(entries)
    asked = sign(join(*article(77, paragraphs=1)))
    before = set(index.lookup(asked))
    gone = [entry for entry in entries if entry[0] in before][:5]
    index.remove(gone)
    left = [entry for entry in entries if entry not in gone]
    after = set(index.lookup(asked))
    assert not after & {number for number, _ in gone}
    index.create("the others alone")
    index.register(left)
    assert set(index.lookup(asked)) == after


def test_shards_grow_with_the_articles_and_nothing_is_lost(index: BandIndex):
    entries = [(number, signed(number, paragraphs=2)) for number in range(2500)]
    index.register(entries)
    stats = index.stats()
    assert stats.epochs[0].shards > 1024
    assert stats.ids == 2500
    assert stats.bytes_an_article < 1000
    assert all(number in index.lookup(signature) for number, signature in entries[::50])


def test_old_epochs_expire_and_their_keys_go(redis_client: Redis, prefix: str):
    index = BandIndex(redis_client, prefix=prefix, epoch_articles=50, epochs=2)
    index.create("small")
    entries = [(number, signed(number, paragraphs=1)) for number in range(400)]
    index.register(entries)
    assert 0 not in index.lookup(entries[0][1])
    assert 399 in index.lookup(entries[399][1])
    assert 340 in index.lookup(entries[340][1])
    assert index.state().count <= 100
    epochs = {key.split(b":")[-2] for key in redis_client.scan_iter(match=f"{index.prefix}*:*")}
    live = index.state().epoch
    assert all(int(epoch) >= live - 3 for epoch in epochs if epoch.isdigit())


def test_of_two_at_once_at_least_one_sees_the_other(redis_client: Redis, redis_url: str, index: BandIndex):
    seen: dict[int, tuple[int, ...]] = {}

    def run(first: int) -> None:
        with Redis.from_url(redis_url) as client:
            mine = BandIndex(client, prefix=index.prefix)
            mine.open()
            for one in mine.register([(first + 2 * seed, signed(seed, paragraphs=1)) for seed in range(60)]):
                seen[one.number] = one.earlier

    threads = [threading.Thread(target=run, args=(first,)) for first in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(2 * seed + 1 in seen[2 * seed] or 2 * seed in seen[2 * seed + 1] for seed in range(60))


def test_scripts_are_loaded_again_when_the_server_forgot_them(redis_client: Redis, index: BandIndex):
    index.register([(1, signed(1))])
    redis_client.script_flush()
    assert index.register([(2, signed(1))])[0].earlier == (1,)


def test_other_parameters_are_refused_by_name(redis_client: Redis, index: BandIndex):
    with pytest.raises(ParametersDiffer, match=r"bands=16.*bands=8"):
        BandIndex(redis_client, prefix=index.prefix, parameters=Parameters(bands=8)).open()


def test_a_flushed_index_is_lost_not_empty(redis_client: Redis, index: BandIndex):
    index.register([(1, signed(1))])
    redis_client.delete(index.head)
    with pytest.raises(IndexLost) as lost:
        index.register([(2, signed(1))])
    assert (lost.value.found, lost.value.wanted) == (None, "first")


def test_a_new_generation_starts_empty(redis_client: Redis, index: BandIndex):
    index.register([(1, signed(1))])
    late = BandIndex(redis_client, prefix=index.prefix)
    late.open()
    index.create("second")
    assert index.lookup(signed(1)) == ()
    with pytest.raises(IndexLost, match="second"):
        late.lookup(signed(1))


def test_an_evicting_server_is_refused(redis_client: Redis, index: BandIndex):
    redis_client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(EvictionPolicyUnsafe, match="allkeys-lru"):
            index.open()
    finally:
        redis_client.config_set("maxmemory-policy", "noeviction")
