"""API schemas of events and webhooks."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from onestory.newsroom.http.parameters import MAX_DATABASE_ID
from onestory.newsroom.http.schemas import EXAMPLE_ID, EXAMPLE_TIME, ApiModel

__all__ = [
    "Event",
    "EventKind",
    "EventList",
    "NewWebhook",
    "ReplayRequest",
    "ReplayResult",
    "Webhook",
    "WebhookList",
    "WebhookMessage",
    "WebhookMessageList",
    "WebhookRequest",
]

EventKind = Literal[
    "story.created",
    "story.grew",
    "story.corrected",
    "story.withdrawn",
    "story.merged",
    "story.split",
    "coverage.started",
    "coverage.grew",
    "coverage.crossed_language",
    "watch.matched",
    "source.blocked",
    "source.silent",
    "source.failed",
    "sources.failing",
    "webhook.disabled",
]
EXAMPLE_MESSAGE_ID = "msg_5f0c6b7a9d2e4c1b8a3f7e605f0c6b7a"


class Event(ApiModel):
    """An event. `data` depends on the kind; for stories it includes copies, outlets and owners at that time."""

    id: Annotated[int, Field(description="Only rises: no event appears later with a lower number.", examples=[4711])]
    kind: Annotated[str, Field(examples=["story.grew"])]
    at: Annotated[datetime, Field(examples=[EXAMPLE_TIME])]
    story_id: Annotated[str | None, Field(description="The story may have been absorbed since.", examples=[EXAMPLE_ID])]
    source_id: int | None
    watch_id: int | None
    data: Annotated[dict[str, Any], Field(examples=[{"copies": 5, "outlets": 4, "owners": 3, "added": 2}])]


class EventList(ApiModel):
    events: Annotated[list[Event], Field(description="In order of their numbers.")]
    next: Annotated[int, Field(description="Pass it as `after` to continue, now or later.", examples=[4711])]
    reset: Annotated[
        bool,
        Field(
            description="True if events after `after` are no longer available: they were deleted, or the number is "
            "another store's. Read the stories again; the events listed are those still kept."
        ),
    ] = False


class WebhookRequest(BaseModel):
    """The settings of a webhook. No kinds means all kinds; every other filter must match."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(max_length=2000, examples=["https://newsroom.example/hooks/onestory"])]
    form: Annotated[
        Literal["standard", "slack", "email"],
        Field(description="Standard Webhooks, Slack messages, or mails to a `mailto:` URL."),
    ] = "standard"
    kinds: Annotated[list[EventKind], Field(max_length=20, examples=[["story.corrected", "story.withdrawn"]])] = []
    watch_id: Annotated[int | None, Field(ge=1, le=MAX_DATABASE_ID, description="Only events of this watch.")] = None
    outlet: Annotated[
        str | None, Field(max_length=300, description="Only stories that this outlet runs.", examples=["Harbour Post"])
    ] = None
    language: Annotated[
        str | None, Field(pattern="^[a-z]{2,3}(-[a-z0-9]{1,4})?$", description="The story's language.", examples=["en"])
    ] = None


class Webhook(ApiModel):
    """A webhook. It is disabled after five days without success, and by a 410 response."""

    id: int
    url: Annotated[str, Field(examples=["https://newsroom.example/hooks/onestory"])]
    form: Annotated[str, Field(examples=["standard"])]
    kinds: Annotated[list[str], Field(examples=[["story.corrected", "story.withdrawn"]])]
    watch_id: int | None
    outlet: str | None
    language: str | None
    created: datetime
    last_success: datetime | None
    failing_since: datetime | None
    why: Annotated[str | None, Field(description="The error of the last message.")]
    disabled: datetime | None


class NewWebhook(Webhook):
    secret: Annotated[
        str, Field(description="Shown only once, for verifying signatures.", examples=["whsec_MfKQ9r8GKYqr"])
    ]


class WebhookList(ApiModel):
    webhooks: list[Webhook]


class WebhookMessage(ApiModel):
    """A message. It is retried until delivered, and given up after eight attempts in 29 hours."""

    message_id: Annotated[
        str, Field(description="`webhook-id`: the same for every attempt.", examples=[EXAMPLE_MESSAGE_ID])
    ]
    story_id: str | None
    created: datetime
    due: Annotated[datetime | None, Field(description="The next attempt; null if no attempt is left.")]
    attempts: int
    delivered: datetime | None
    http_status: int | None
    why: str | None


class WebhookMessageList(ApiModel):
    messages: Annotated[list[WebhookMessage], Field(description="Newest first.")]


class ReplayRequest(BaseModel):
    """Exactly one of the two fields."""

    model_config = ConfigDict(extra="forbid")

    message_id: Annotated[str | None, Field(max_length=40, examples=[EXAMPLE_MESSAGE_ID])] = None
    since: Annotated[
        str | None, Field(max_length=40, description="All messages made since this time.", examples=["24h"])
    ] = None


class ReplayResult(ApiModel):
    messages: Annotated[int, Field(description="The number of messages sent again.", examples=[3])]
