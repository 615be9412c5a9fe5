"""The `onestory webhooks` commands."""

from typing import Annotated, Any

import typer

from onestory.errors import BadInput
from onestory.newsroom.terminal.console import (
    HomeOption,
    JsonOption,
    load_config,
    notice,
    open_store,
    parse_language_option,
    parse_time_option,
    print_json,
)
from onestory.newsroom.terminal.output import format_time, print_line
from onestory.newsroom.webhooks.delivery import new_webhook_secret
from onestory.newsroom.webhooks.mail import check_target
from onestory.store.events.event_log import EVENT_KINDS
from onestory.store.frontier.hosts import database_time
from onestory.store.webhooks.outbox import OutboxMessage, add_test_message, messages_of_webhook, replay_messages
from onestory.store.webhooks.webhooks import (
    WebhookEntry,
    WebhookForm,
    WebhookRecord,
    add_webhook,
    enable_webhook,
    list_webhooks,
    load_webhook,
    remove_webhook,
)
from onestory.text import printable

__all__ = ["webhooks_app"]

MAX_MESSAGES_LISTED = 100_000

webhooks_app = typer.Typer(
    help="Deliver events to other programs, one message per story. `onestory run` and `serve` send them.",
    no_args_is_help=True,
)

WebhookArgument = Annotated[int, typer.Argument(metavar="WEBHOOK", min=1, help="Number shown by `list`.")]


@webhooks_app.command("add")
def add_webhook_command(
    url: Annotated[str, typer.Argument(metavar="URL", help="The URL that receives the messages, by POST.")],
    form: Annotated[str, typer.Option(help="standard (Standard Webhooks), slack, or email.")] = "standard",
    kind: Annotated[
        list[str] | None,
        typer.Option(help=f"Only these kinds of events: {', '.join(EVENT_KINDS)}. Repeatable. Default: all."),
    ] = None,
    watch: Annotated[int | None, typer.Option(help="Only events of this watch.")] = None,
    outlet: Annotated[str | None, typer.Option(help="Only stories that this outlet runs.")] = None,
    language: Annotated[str | None, typer.Option(help="Only stories in this language, such as en or English.")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Add a webhook for events from now on. Its secret is shown only once."""
    entry = WebhookEntry(
        check_target(url, form), _form(form), tuple(kind or ()), watch, outlet, parse_language_option(language)
    )
    with open_store(load_config(home)) as store, store.write() as connection:
        added = add_webhook(connection, entry, secret=new_webhook_secret(), now=database_time(connection))
    if json:
        print_json({**added.to_public_dict(), "secret": added.secret})
        return
    typer.echo(f"webhook {added.id}; its secret, shown only this once: {added.secret}")
    notice(f"`onestory webhooks test {added.id}` sends it a message")


def _form(value: str) -> WebhookForm:
    if value == "standard":
        return "standard"
    if value == "slack":
        return "slack"
    raise BadInput(f"--form: {value[:40]!r} is not a format: choose standard, slack or email")


@webhooks_app.command("list")
def list_webhooks_command(
    number: Annotated[
        int | None,
        typer.Argument(
            metavar="[WEBHOOK]", min=1, help="Show the messages of this webhook. Default: list all webhooks."
        ),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_MESSAGES_LISTED, help="Maximum number of messages.")] = 50,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """List webhooks and their delivery state, or the latest messages of one."""
    with open_store(load_config(home)) as store, store.read() as connection:
        if number is not None:
            _print_messages(messages_of_webhook(connection, number, limit=limit), json=json)
        else:
            _print_webhooks(list_webhooks(connection), json=json)


def _print_webhooks(found: list[WebhookRecord], *, json: bool) -> None:
    for hook in found:
        if json:
            print_json(hook.to_public_dict())
            continue
        print_line(f"{hook.id:>4}  {_state(hook):<32}  {hook.form:<8}  {printable(hook.url)}")
        if wanted := _wanted(hook):
            print_line(f"      {wanted}", style="dim")
        if hook.why:
            print_line(f"      {printable(hook.why)}", style="dim")
    if not found and not json:
        notice("no webhooks yet: `onestory webhooks add URL` adds one")


def _state(hook: WebhookRecord) -> str:
    if hook.disabled is not None:
        return f"disabled {format_time(hook.disabled)}"
    if hook.failing_since is not None:
        return f"failing since {format_time(hook.failing_since)}"
    return f"ok {format_time(hook.last_success)}" if hook.last_success else "no message yet"


def _wanted(hook: WebhookRecord) -> str:
    values: dict[str, Any] = {"watch": hook.watch_id, "outlet": hook.outlet, "language": hook.language}
    filters = [f"{name} {printable(str(value))}" for name, value in values.items() if value is not None]
    return "  ".join([*hook.kinds, *filters])


def _print_messages(found: list[OutboxMessage], *, json: bool) -> None:
    for message in found:
        kinds = ", ".join(dict.fromkeys(str(event["kind"]) for event in message.gathered))
        if json:
            print_json(message)
            continue
        print_line(f"{message.message_id}  {_ended(message)}")
        print_line(f"      {kinds}" + (f"  story {message.story_id}" if message.story_id else ""), style="dim")
        if message.why:
            print_line(f"      {printable(message.why)}", style="dim")
    if not found and not json:
        notice("no messages yet")


def _ended(message: OutboxMessage) -> str:
    if message.delivered is not None:
        return f"delivered {format_time(message.delivered)}"
    if message.due is None:
        return f"given up after {message.attempts} attempts"
    return f"due {format_time(message.due)}, {message.attempts} attempts so far"


@webhooks_app.command("test")
def send_test_webhook_command(number: WebhookArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Send a test message. A running server sends it within seconds."""
    with open_store(load_config(home)) as store, store.write() as connection:
        message = add_test_message(connection, number, now=database_time(connection))
    if json:
        print_json(message)
    else:
        typer.echo(f"message {message.message_id} is queued; see `onestory webhooks list {number}` for the result")


@webhooks_app.command("replay")
def replay_messages_command(
    number: WebhookArgument,
    message: Annotated[str | None, typer.Option(help="One message, by its id.")] = None,
    since: Annotated[str | None, typer.Option(help="All messages made since this time.")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Send messages again, under the same ids."""
    if (message is None) == (since is None):
        raise BadInput("choose the messages to send again: --message ID or --since TIME")
    earliest = parse_time_option(since, option="--since")
    with open_store(load_config(home)) as store, store.write() as connection:
        now = database_time(connection)
        count = replay_messages(connection, number, message_id=message, since=earliest, now=now)
    if json:
        print_json({"messages": count})
    else:
        typer.echo(f"{count} {'message is' if count == 1 else 'messages are'} sent again")


@webhooks_app.command("enable")
def enable_webhook_command(number: WebhookArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Re-enable a disabled webhook. Events missed meanwhile are not sent."""
    with open_store(load_config(home)) as store, store.write() as connection:
        enabled = enable_webhook(connection, number)
    if json:
        print_json(enabled.to_public_dict())
    else:
        typer.echo(f"webhook {number} is enabled for events from now on")


@webhooks_app.command("remove")
def remove_webhook_command(number: WebhookArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Remove a webhook and its messages."""
    with open_store(load_config(home)) as store, store.write() as connection:
        gone = load_webhook(connection, number)
        remove_webhook(connection, number)
    if json:
        print_json(gone.to_public_dict())
    else:
        typer.echo(f"webhook {number} was removed")
