"""What one owner's pages repeat on a shared host removes nothing from the pages of another."""

from collections.abc import Iterator

import pytest

from onestory.pipelines.boilerplate.learning import learn_boilerplate
from onestory.pipelines.boilerplate.repeated_lines import fingerprints_for_page
from onestory.pipelines.runtime.read_capture import read_capture
from onestory.pipelines.stories.index_client import IndexClient
from onestory.store.articles.captures import Capture
from onestory.store.boilerplate import active_fingerprints
from onestory.store.database import Store
from onestory.urls import path_owner
from tests.news_texts import wire_article
from tests.readings import NOON, fresh_registry, reading, take

TRUE = "The council approved the bridge on Monday by seven votes to two, the clerk said."
FORMS = ["https://stories.example/@{}/{}", "https://stories.example/~{}/{}", "https://www.stories.example/users/{}/{}"]


@pytest.fixture
def index_client(store: Store, redis_url: str, prefix: str) -> Iterator[IndexClient]:
    made = fresh_registry(store, redis_url, prefix)
    made.rebuild()
    yield made
    made.index.redis.close()


def repeated(form: str, owner: str, numbers: range, line: str = TRUE) -> list[tuple[str, str]]:
    return [(form.format(owner, number), f"{wire_article(number)}\n{line}") for number in numbers]


def is_removed(store: Store, url: str, line: str) -> bool:
    with store.read() as connection:
        in_force = active_fingerprints(connection)
    text = f"{wire_article(99)}\n{line}"
    return line not in read_capture(Capture(url, NOON, "test", text=text), furniture=in_force).extracted.text


@pytest.mark.parametrize("form", FORMS)
def test_a_neighbours_repetition_does_not_reach_a_true_sentence(
    store: Store, index_client: IndexClient, form: str
) -> None:
    pages = repeated(form, "hostile", range(20))
    take(
        store,
        index_client,
        [reading(*page) for page in [*pages, (form.format("ada", 50), f"{wire_article(50)}\n{TRUE}")]],
    )
    learn_boilerplate(store, index_client, now=NOON)
    assert not is_removed(store, form.format("ada", 99), TRUE)
    assert is_removed(store, form.format("hostile", 99), TRUE)
    assert not is_removed(store, "https://stories.example/about-the-bridge", TRUE)


def test_what_many_owners_pages_show_is_the_hosts(store: Store, index_client: IndexClient) -> None:
    """And what two of them share is not, however many pages they fill."""
    form, line = FORMS[0], "Sign up for a free account to read more stories"
    owners = ["ada", "ben", "cyd", "dan", "eve"]
    pages = [page for at, owner in enumerate(owners) for page in repeated(form, owner, range(4 * at, 4 * at + 2), line)]
    pages += [
        page for at, owner in enumerate(owners[:2]) for page in repeated(form, owner, range(40 + 9 * at, 49 + 9 * at))
    ]
    take(store, index_client, [reading(*page) for page in pages])
    learn_boilerplate(store, index_client, now=NOON)
    assert is_removed(store, form.format("fay", 99), line)
    assert not is_removed(store, form.format("fay", 99), TRUE)


def test_learning_again_changes_nothing_and_what_is_gone_is_forgotten_with_its_owner(
    store: Store, index_client: IndexClient
) -> None:
    take(store, index_client, [reading(*page) for page in repeated(FORMS[0], "ada", range(9))])
    first = learn_boilerplate(store, index_client, now=NOON)
    with store.read() as connection:
        in_force = active_fingerprints(connection)
    assert set(in_force) == {"stories.example/@ada"}
    second = learn_boilerplate(store, index_client, now=NOON)
    assert (first.texts, second.texts, second.lines) == (9, 0, first.lines)


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/@Ada/1", "@ada"),
        ("/~ada", "~ada"),
        ("/users/ada/posts/1", "users/ada"),
        ("/u/ada/", "u/ada"),
        ("/news/@ada/1", None),
        ("/usability/ada/1", None),
        ("/users", None),
        ("/@", None),
        ("/", None),
    ],
)
def test_owners_are_read_from_the_path(path: str, owner: str | None) -> None:
    assert path_owner(f"https://stories.example{path}") == owner


def test_a_page_has_the_lines_of_its_owner_its_host_and_the_names_above() -> None:
    in_force = {
        name: frozenset({at}) for at, name in enumerate(["b.example/@ada", "b.example", "a.b.example", "c.example"])
    }
    assert fingerprints_for_page("https://www.b.example/@ada/1", in_force) == {0, 1}
    assert fingerprints_for_page("https://a.b.example/@ada/1", in_force) == {1, 2}
