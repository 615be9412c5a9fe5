"""onestory story merge, split, pin, undo, log: what an editor decides, and who decided it."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from newsroom.commands.options import HomeOption, JsonOption
from newsroom.lines import print_decisions
from newsroom.session import configuration, opened_store, print_json
from pipelines.decide import Decided, Word, merge, pin, split, story_named, undo
from store.decisions import decision_log
from store.records import copies

__all__ = ["story_app"]

MAX_LIMIT = 100_000

story_app = typer.Typer(help="An editor's decisions: they outlive every evaluation.", no_args_is_help=True)

WhoOption = Annotated[str, typer.Option("--who", help="Who decides.")]
WhyOption = Annotated[str, typer.Option("--why", help="Why, for whoever reads the log.")]
StoriesArgument = Annotated[list[str], typer.Argument(metavar="STORY|URL…", help="Story ids, or URLs of articles.")]
ArticlesArgument = Annotated[list[str], typer.Argument(metavar="ARTICLE|URL…", help="Articles, by id or URL.")]


@story_app.command("merge")
def merge_command(
    stories: StoriesArgument, who: WhoOption, why: WhyOption, home: HomeOption = None, json: JsonOption = False
) -> None:
    """These are one story."""
    with opened_store(configuration(home)) as store:
        _tell(merge(store, stories, _word(who, why)), json=json)


@story_app.command("split")
def split_command(
    articles: ArticlesArgument, who: WhoOption, why: WhyOption, home: HomeOption = None, json: JsonOption = False
) -> None:
    """These leave their story, as one story of their own."""
    with opened_store(configuration(home)) as store:
        _tell(split(store, articles, _word(who, why)), json=json)


@story_app.command("pin")
def pin_command(
    article: Annotated[str, typer.Argument(metavar="ARTICLE|URL", help="An article, by id or URL.")],
    who: WhoOption,
    why: WhyOption,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """This is the original of its story."""
    with opened_store(configuration(home)) as store:
        _tell(pin(store, article, _word(who, why)), json=json)


@story_app.command("undo")
def undo_command(
    decision: Annotated[int, typer.Argument(metavar="DECISION", help="Its number, as the log has it.")],
    who: WhoOption,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """This decision holds no longer."""
    with opened_store(configuration(home)) as store:
        _tell(undo(store, decision, _word(who, "")), json=json)


@story_app.command("log")
def log_command(
    story: Annotated[str | None, typer.Argument(metavar="[STORY|URL]", help="Of one story; of all without.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_LIMIT, help="At most so many.")] = 50,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """What was decided, the newest first: who, when, why."""
    with opened_store(configuration(home)) as store, store.read() as connection:
        members = story and [copy.id for copy in copies(connection, story_named(connection, story))]
        records = decision_log(connection, members or None, limit=limit)
    if not json:
        print_decisions(records)
    for record in records if json else ():
        print_json(record)


def _word(who: str, why: str) -> Word:
    return Word(who, why, datetime.now(UTC))


def _tell(decided: Decided, *, json: bool) -> None:
    if json:
        print_json(decided)
        return
    typer.echo(f"decision {decided.number}; its articles stand in")
    for story in decided.stories:
        typer.echo(f"  story {story}")
