"""The leads of a dispatch, for the page of a story, the API and the command line."""

from sqlalchemy import Connection

from onestory.pipelines.stories.leads import Lead, LeadCopy, LeadMatch, leads_of
from onestory.store.stories.records import StoryRecord, copies_of_story, matches_among

__all__ = ["story_leads"]

# Two leads have two copies each. The matches of a story that ran everywhere are too many to read for one page.
FEWEST_COPIES, MOST_COPIES = 4, 400


def story_leads(connection: Connection, record: StoryRecord) -> dict[str, Lead]:
    """The lead that each copy runs, by article; empty where the story has one lead or more than 400 copies."""
    if not FEWEST_COPIES <= record.copies <= MOST_COPIES:
        return {}
    members = copies_of_story(connection, record.id)
    copies = [LeadCopy(copy.id, copy.owner or copy.outlet, copy.credit, copy.first_seen) for copy in members]
    matches = (
        LeadMatch(
            match.a_article,
            match.b_article,
            match.evidence["jaccard"],
            match.evidence["containment_a"],
            match.evidence["containment_b"],
        )
        for match in matches_among(connection, [copy.id for copy in copies])
    )
    return leads_of(copies, matches)
