"""From groups of stories to records of events: ids, labels, and counts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from onestory.news_events.partition import Edges
from onestory.store.news_events.members import StoryRow
from onestory.store.news_events.records import NewsEventState

__all__ = ["event_state", "similarity_sums"]


def similarity_sums(stories: Sequence[str], edges: Edges, groups: Iterable[Sequence[str]]) -> dict[str, int]:
    """For each story the sum of its similarities within its group: the highest marks the most typical one."""
    home = {story: number for number, group in enumerate(groups) for story in group}
    labels = np.array([home.get(story, -1) for story in stories], dtype=np.int64)
    inside = (labels[edges.left] == labels[edges.right]) & (labels[edges.left] >= 0)
    sums = np.zeros(len(stories), dtype=np.int64)
    for ends in (edges.left, edges.right):
        np.add.at(sums, ends[inside], edges.similarity[inside])
    return dict(zip(stories, sums.tolist(), strict=True))


def event_state(
    rows: Sequence[StoryRow],
    *,
    typical: Mapping[str, int],
    outlets: Mapping[str, set[tuple[str, str]]],
    pinned: Sequence[str] = (),
) -> NewsEventState:
    """The record of an event of these stories.

    Its id is that of its first story to arrive. Its label is the last of the `pinned` stories that it holds, else the
    story most like the others. `outlets` has the pairs of outlet and owner of each story.
    """
    first = min(rows, key=lambda row: (row.arrival, row.id))
    held = {row.id for row in rows}
    chosen = [story for story in pinned if story in held]
    label = max(rows, key=lambda row: (typical.get(row.id, 0), row.copies, -row.arrival, row.id))
    languages = Counter(row.language for row in rows)
    running = set().union(*(outlets.get(row.id, set()) for row in rows))
    return NewsEventState(
        id=first.id,
        label_story=chosen[-1] if chosen else label.id,
        is_label_pinned=bool(chosen),
        languages=tuple(sorted(languages, key=lambda code: (-languages[code], code))),
        first_seen=min(row.first_seen for row in rows),
        last_seen=max(row.last_seen for row in rows),
        stories=len(rows),
        copies=sum(row.copies for row in rows),
        outlets=len({outlet for outlet, _ in running}),
        owners=len({owner for _, owner in running}),
    )
