"""The features of a stored story."""

from datetime import datetime

from onestory.news_events.features import FEATURES_VERSION, SemanticFeatures, StoryFeatures, TermVector, term_vector
from onestory.news_events.series import series_of
from onestory.store.news_events.changed_stories import ChangedStory
from onestory.store.news_events.members import MemberRow

__all__ = ["features_of_row", "features_of_story", "row_of_features"]


def features_of_story(story: ChangedStory, semantic: SemanticFeatures | None = None) -> StoryFeatures:
    """Compute the features: some 2 ms a story. `semantic` is what was stored of its embedding."""
    title = story.title or ""
    return StoryFeatures(
        story=story.id,
        representative=story.representative,
        language=story.language,
        time=_time_of(story),
        seen=story.first_seen,
        vector=term_vector(title, story.text or "", language=story.language),
        outlet=story.outlet,
        series=series_of(title, story.outlet),
        is_observed=story.is_observed,
        semantic=semantic,
    )


def _time_of(story: ChangedStory) -> datetime | None:
    """The stated time, unless it lies after the observed one: nothing is reported before it is written."""
    if story.published is not None:
        return min(story.published, story.first_seen)
    return story.first_seen if story.is_observed else None


def row_of_features(features: StoryFeatures, story: ChangedStory) -> MemberRow:
    return MemberRow(
        story_id=features.story,
        event_id=None,
        representative=features.representative,
        time=features.time,
        seen=features.seen,
        is_observed=features.is_observed,
        language=features.language,
        outlet=features.outlet,
        series=features.series,
        vector=features.vector.to_bytes(),
        features=FEATURES_VERSION,
        story_updated=story.updated,
    )


def features_of_row(row: MemberRow, semantic: SemanticFeatures | None = None) -> StoryFeatures:
    return StoryFeatures(
        story=row.story_id,
        representative=row.representative,
        language=row.language,
        time=row.time,
        seen=row.seen,
        vector=TermVector.from_bytes(row.vector),
        outlet=row.outlet,
        series=row.series,
        is_observed=row.is_observed,
        semantic=semantic,
    )
