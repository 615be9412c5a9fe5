"""onestory webhooks add, list, test, replay, enable, remove; and onestory events."""

from typing import Annotated, Any

import typer

from newsroom.commands.options import HomeOption, JsonOption
from newsroom.lines import say, when
from newsroom.printable import printable
from newsroom.session import configuration, notice, opened_store, print_json, read_time
from newsroom.webhook_call import checked_target, new_secret
from store.errors import BadInput
from store.events import KINDS, bounds, events_after
from store.hosts import database_time
from store.webhook_messages import Message, messages_of, replay_messages, trial_message
from store.webhooks import (
    Form,
    Webhook,
    WebhookEntry,
    add_webhook,
    enable_webhook,
    list_webhooks,
    remove_webhook,
    webhook,
)

__all__ = ["events_command", "webhooks_app"]

MAX_LIMIT = 100_000

webhooks_app = typer.Typer(
    help="Programs that are told of what happens, one message a story. `onestory run` and `serve` send them.",
    no_args_is_help=True,
)

NumberArgument = Annotated[int, typer.Argument(metavar="WEBHOOK", min=1, help="Its number, as list has it.")]


@webhooks_app.command("add")
def add_command(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where messages are sent, by POST.")],
    form: Annotated[str, typer.Option(help="standard (Standard Webhooks), or slack.")] = "standard",
    kind: Annotated[
        list[str] | None, typer.Option(help=f"Only these: {', '.join(KINDS)}. May be given again; all without.")
    ] = None,
    watch: Annotated[int | None, typer.Option(help="Only what this watch matched.")] = None,
    outlet: Annotated[str | None, typer.Option(help="Only stories that this outlet runs.")] = None,
    language: Annotated[str | None, typer.Option(help="Only stories in this language, such as en.")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Tell a program of what happens from now on. Its secret is shown this once."""
    entry = WebhookEntry(checked_target(url), _form(form), tuple(kind or ()), watch, outlet, language)
    with opened_store(configuration(home)) as store, store.write() as connection:
        added = add_webhook(connection, entry, secret=new_secret(), now=database_time(connection))
    if json:
        print_json({**added.told(), "secret": added.secret})
        return
    typer.echo(f"webhook {added.id}; its secret, shown this once: {added.secret}")
    notice(f"`onestory webhooks test {added.id}` sends it a message")


def _form(value: str) -> Form:
    if value == "standard":
        return "standard"
    if value == "slack":
        return "slack"
    raise BadInput(f"--form: {value[:40]!r} is neither standard nor slack")


@webhooks_app.command("list")
def list_command(
    number: Annotated[
        int | None, typer.Argument(metavar="[WEBHOOK]", min=1, help="Its messages; all webhooks without.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_LIMIT, help="At most so many messages.")] = 50,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Who is told of what and how that goes; or the last messages of one."""
    with opened_store(configuration(home)) as store, store.read() as connection:
        if number is not None:
            _print_messages(messages_of(connection, number, limit=limit), json=json)
        else:
            _print_webhooks(list_webhooks(connection), json=json)


def _print_webhooks(found: list[Webhook], *, json: bool) -> None:
    for hook in found:
        if json:
            print_json(hook.told())
            continue
        say(f"{hook.id:>4}  {_state(hook):<32}  {hook.form:<8}  {printable(hook.url)}")
        if wanted := _wanted(hook):
            say(f"      {wanted}", style="dim")
        if hook.why:
            say(f"      {printable(hook.why)}", style="dim")
    if not found and not json:
        notice("nobody is told of anything yet: `onestory webhooks add URL`")


def _state(hook: Webhook) -> str:
    if hook.disabled is not None:
        return f"disabled {when(hook.disabled)}"
    if hook.failing_since is not None:
        return f"failing since {when(hook.failing_since)}"
    return f"ok {when(hook.last_success)}" if hook.last_success else "no message yet"


def _wanted(hook: Webhook) -> str:
    told: dict[str, Any] = {"watch": hook.watch_id, "outlet": hook.outlet, "language": hook.language}
    filters = [f"{name} {printable(str(value))}" for name, value in told.items() if value is not None]
    return "  ".join([*hook.kinds, *filters])


def _print_messages(found: list[Message], *, json: bool) -> None:
    for message in found:
        kinds = ", ".join(dict.fromkeys(str(event["kind"]) for event in message.gathered))
        if json:
            print_json(message)
            continue
        say(f"{message.message_id}  {_ended(message)}")
        say(f"      {kinds}" + (f"  story {message.story_id}" if message.story_id else ""), style="dim")
        if message.why:
            say(f"      {printable(message.why)}", style="dim")
    if not found and not json:
        notice("nothing was sent yet, and nothing waits")


def _ended(message: Message) -> str:
    if message.delivered is not None:
        return f"delivered {when(message.delivered)}"
    if message.due is None:
        return f"given up after {message.attempts} attempts"
    return f"due {when(message.due)}, {message.attempts} attempts so far"


@webhooks_app.command("test")
def trial_command(number: NumberArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Send a message that tells of nothing; whoever serves the store sends it within seconds."""
    with opened_store(configuration(home)) as store, store.write() as connection:
        message = trial_message(connection, number, now=database_time(connection))
    if json:
        print_json(message)
    else:
        typer.echo(f"message {message.message_id} waits; `onestory webhooks list {number}` says how it went")


@webhooks_app.command("replay")
def replay_command(
    number: NumberArgument,
    message: Annotated[str | None, typer.Option(help="One message, by its id.")] = None,
    since: Annotated[str | None, typer.Option(help="All that were made since this time.")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Send messages again, under the same ids."""
    if (message is None) == (since is None):
        raise BadInput("say what to send again: either --message ID or --since TIME")
    earliest = read_time(since, option="--since")
    with opened_store(configuration(home)) as store, store.write() as connection:
        now = database_time(connection)
        count = replay_messages(connection, number, message_id=message, since=earliest, now=now)
    if json:
        print_json({"messages": count})
    else:
        typer.echo(f"{count} {'message is' if count == 1 else 'messages are'} sent again")


@webhooks_app.command("enable")
def enable_command(number: NumberArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Tell one again that was disabled; of what happened meanwhile it is not told."""
    with opened_store(configuration(home)) as store, store.write() as connection:
        enabled = enable_webhook(connection, number)
    if json:
        print_json(enabled.told())
    else:
        typer.echo(f"webhook {number} is told of what happens from now on")


@webhooks_app.command("remove")
def remove_command(number: NumberArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Tell it of nothing any more, and forget its messages."""
    with opened_store(configuration(home)) as store, store.write() as connection:
        gone = webhook(connection, number)
        remove_webhook(connection, number)
    if json:
        print_json(gone.told())
    else:
        typer.echo(f"webhook {number} is gone")


def events_command(
    after: Annotated[int, typer.Option(min=0, help="Behind the event of this number.")] = 0,
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; may be given again.")] = None,
    story: Annotated[str | None, typer.Option(help="Only of the story with this id.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_LIMIT, help="At most so many.")] = 100,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """What happened, the earliest first."""
    if unknown := [one for one in kind or () if one not in KINDS]:
        raise BadInput(f"--kind: {unknown[0][:40]!r} is no kind of event: choose from {', '.join(KINDS)}")
    with opened_store(configuration(home)) as store, store.read() as connection:
        found = events_after(connection, after, limit=limit, kinds=kind or (), story_id=story)
        known = bounds(connection)
    if after and known.has_lost(after):
        notice(f"event {after} does not lead on here: the earliest that is kept comes behind {known.forgotten}")
    for event in found:
        if json:
            print_json(event)
        else:
            about = f"story {event.story_id}" if event.story_id else f"source {event.source_id or '-'}"
            say(f"{event.id:>8}  {when(event.at)}  {event.kind:<16}  {about}")
