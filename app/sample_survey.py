"""Loads the sample survey: two waves about a coffee shop's app, with topics, gold labels and a run of each."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from services.access.models import Account
from services.surveys.chosen_columns import choose_columns
from services.surveys.columns import guess_columns
from services.surveys.example_files import read_examples
from services.surveys.run_models import RunOptions
from services.surveys.survey_models import Survey
from services.surveys.taxonomy_files import read_taxonomy

if TYPE_CHECKING:
    from services.bootstrap import Services

FOLDER = Path(__file__).parent / "sample_data" / "survey"
WAVES = {"coffee_app_wave1.xlsx": "Coffee app, first wave", "coffee_app_wave2.csv": "Coffee app, second wave"}
QUESTION = "What is the main reason for your score?"
TAXONOMY = "Coffee app"
# A text with a gold label teaches no run, so most are left for corrections to show what they do.
GOLD_EVERY = 4


def load_sample_survey(services: Services, tenant_id: str, account: Account) -> Iterator[str]:
    """Load what is missing of the sample survey, and let the workers begin; yields a line about each step.

    What is there stays as people have changed it. The runs are made on this machine, so that they cost nothing.

    Args:
        account: An analyst of the tenant, in whose name it is done.
    """
    desk = services.surveys
    earlier: Survey | None = None
    taxonomy_id = ""
    for file_name, title in WAVES.items():
        survey = _survey_from(desk.library.list(tenant_id), file_name)
        if survey is None:
            table = desk.library.read(FOLDER / file_name, file_name)
            columns = choose_columns(table, guess_columns(table))
            survey = desk.library.add(account, tenant_id, table, columns, title)
            if earlier is not None:
                desk.library.update(account, tenant_id, survey.id, earlier_wave_id=earlier.id)
            yield f"“{title}” with {survey.facts.row_count:,} responses."
        taxonomy_id = taxonomy_id or _taxonomy(services, tenant_id, account)
        if not desk.labels.gold(tenant_id, survey.id, QUESTION):
            gold = desk.labels.import_gold(
                account, tenant_id, survey.id, QUESTION, taxonomy_id, "gold.csv", _some_gold_labels()
            )
            yield f"“{title}”: {gold.kept:,} gold labels."
        if not any(state.run.question == QUESTION for state in desk.runs.list(tenant_id, survey.id)):
            desk.runs.start(account, tenant_id, survey.id, QUESTION, taxonomy_id, RunOptions("local"))
            yield f"“{title}”: a run that a worker makes has begun."
        earlier = survey


def _survey_from(surveys: list[Survey], file_name: str) -> Survey | None:
    """The oldest survey that was loaded from that file, whatever it is called by now."""
    found = [one for one in surveys if one.facts.source_name == file_name and QUESTION in one.facts.columns.texts]
    return found[-1] if found else None


def _taxonomy(services: Services, tenant_id: str, account: Account) -> str:
    """The id of the taxonomy with its examples, which is made where there is none of the name."""
    for stored in services.surveys.taxonomies.list(tenant_id):
        if stored.name.casefold() == TAXONOMY.casefold():
            return stored.id
    taxonomy = read_taxonomy(FOLDER / "taxonomy.yaml")
    examples = read_examples(FOLDER / "examples.csv", taxonomy)
    version = services.surveys.taxonomies.create(
        account, tenant_id, TAXONOMY, replace(taxonomy, examples=(*taxonomy.examples, *examples))
    )
    return version.taxonomy_id


def _some_gold_labels() -> bytes:
    """A part of the gold labels, as a file; of both waves."""
    header, *rows = csv.reader(io.StringIO((FOLDER / "gold.csv").read_text(encoding="utf-8"), newline=""))
    output = io.StringIO(newline="")
    csv.writer(output).writerows([header, *rows[::GOLD_EVERY]])
    return output.getvalue().encode()
