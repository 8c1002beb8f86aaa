"""The commands that find topics and sentiment in survey responses, and suggest topics for them."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TextIO

import typer

from app.terminal import give_way, open_services
from services.errors import InputError
from services.surveys.models import Response
from services.surveys.run_models import RunEstimate

InputFile = Annotated[Path, typer.Argument(help="The survey: CSV, TSV, XLSX or JSONL.")]
TextColumn = Annotated[str, typer.Option(help="Name of the column with the open-ended responses.")]


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (analyze_survey, suggest_topics):
        cli.command()(command)


def analyze_survey(
    survey: InputFile,
    text_column: TextColumn,
    topics: Annotated[Path, typer.Option(help="JSON or YAML: a list of topics with id, name and description.")],
    output: Annotated[Path, typer.Option(help="The CSV file to write; one that is there is replaced.")],
    id_column: Annotated[str | None, typer.Option(help="Column with the ids; the rows are numbered without.")] = None,
    examples: Annotated[
        Path | None, typer.Option(help="CSV of text, topics (ids joined by |) and sentiment (may be empty).")
    ] = None,
    with_review: Annotated[
        bool, typer.Option("--with-review", help="Add a column with the reasons why a person should look.")
    ] = False,
    backend: Annotated[
        str | None, typer.Option(help="local, openai or bedrock; FRONTLINE_SURVEY_BACKEND when it is left out.")
    ] = None,
) -> None:
    """Find topics and sentiment in every response of a survey.

    The CSV has id, text, topics, sentiment, topic_sentiments, confidence, evidence and other_reason. Topics and the
    evidence of each are joined by |. Confidence falls as a response fits the topics less: it is low in Other. Cells
    that a spreadsheet would take for a formula start with an apostrophe. Treat the file as personal data: it holds the
    responses as they are. Only where the backend sends them to a server, personal data is masked first, in the file
    too; what that will take is told before it begins.
    """
    from services.surveys.example_files import read_examples
    from services.surveys.findings_csv import write_findings
    from services.surveys.models import Taxonomy
    from services.surveys.run_models import RunOptions
    from services.surveys.taxonomy_files import read_taxonomy

    _check_folder(output)
    taxonomy = read_taxonomy(topics)
    if examples is not None:
        taxonomy = Taxonomy(taxonomy.topics, (*taxonomy.examples, *read_examples(examples, taxonomy)))
    responses = _read_responses(survey, text_column, id_column)
    give_way()
    surveys = open_services().surveys
    options = RunOptions(backend or surveys.backends.default)
    if surveys.backends.is_paid(options.backend):
        print(f"This takes {estimate_words(surveys.estimate(responses, taxonomy, options))}.", file=sys.stderr)
    analysis = surveys.analyze(responses, taxonomy, options, on_progress=_show_progress)
    findings = analysis.findings

    def write(file: TextIO) -> None:
        write_findings(file, zip(analysis.responses, findings, strict=True), with_review=with_review)

    _write_whole(output, write)
    other = sum(finding.other_reason is not None for finding in findings)
    review = sum(bool(finding.needs_review) for finding in findings)
    print(f"{len(findings):,} responses written to {output}: {other:,} are Other, {review:,} should be looked at.")


def suggest_topics(
    survey: InputFile,
    text_column: TextColumn,
    output: Annotated[Path, typer.Option(help="The YAML file to write; one that is there is replaced.")],
    count: Annotated[int | None, typer.Option(help="About how many topics.", min=2, max=200)] = None,
) -> None:
    """Group the responses of a survey by what they speak of, and write the groups as topics to be edited.

    The YAML is a list of topics with id, name, description and keywords, which analyze-survey reads, each with the
    number of responses and some representative ones. Names are made of the responses' own words: rename and merge them.
    """
    from services.surveys.taxonomy_files import suggested_as_yaml

    _check_folder(output)
    responses = _read_responses(survey, text_column, None)
    give_way()
    suggestions = open_services().surveys.suggest(responses, count, _show_progress)
    _write_whole(output, lambda file: print(suggested_as_yaml(suggestions), end="", file=file))
    print(f"{len(suggestions)} topics written to {output}. Rename, merge and remove before you analyze with them.")


def estimate_words(estimate: RunEstimate) -> str:
    """What an analysis would take, as part of a sentence."""
    tokens = estimate.input_tokens + estimate.output_tokens
    cost = "an unknown price" if estimate.cost_usd is None else f"about ${estimate.cost_usd:,.2f}"
    words = f"about {estimate.calls:,} calls and {tokens:,} tokens for {estimate.readable_count:,} texts, {cost}"
    return words if estimate.seconds is None else f"{words}, about {max(round(estimate.seconds / 60), 1):,} minutes"


def _read_responses(survey: Path, text_column: str, id_column: str | None) -> list[Response]:
    """The responses of a column; a row without an id is known by its number, counted from 1."""
    from services.surveys.chosen_columns import SurveyColumns, check_columns
    from services.surveys.response_files import read_table

    table = read_table(survey, survey.name)
    for warning in table.warnings:
        print(f"Note: {warning.message} {warning.remedy}", file=sys.stderr)
    if id_column is None or id_column == text_column:
        rows = ((text, "") for (text,) in table.rows([text_column]))
    else:
        check_columns(table, SurveyColumns(texts=(text_column,), id=id_column))
        rows = ((text, own_id) for text, own_id in table.rows([text_column, id_column]))
    return [Response(own_id or str(number), text) for number, (text, own_id) in enumerate(rows, start=1)]


def _check_folder(output: Path) -> None:
    if not output.parent.is_dir():
        raise InputError(
            f"There is no folder {output.parent}.", code="folder-missing", remedy="Make it first; nothing was written."
        )


def _write_whole(output: Path, write: Callable[[TextIO], None]) -> None:
    """Written beside it, readable for this account alone, and renamed: half a file never has the name."""
    descriptor, name = tempfile.mkstemp(dir=output.parent, prefix=f".{output.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            write(file)
        Path(name).replace(output)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _show_progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done >= total else ""
        print(f"\r{done:,} of {total:,} responses", end=end, file=sys.stderr, flush=True)
