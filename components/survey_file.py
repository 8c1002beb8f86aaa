"""The file that a survey is to be loaded from: chosen, read once, and kept until it is loaded or another is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from components import session_keys
from services.errors import AppError
from services.surveys.chosen_columns import ColumnGuess
from services.surveys.columns import guess_columns
from services.surveys.library import SurveyLibrary
from services.surveys.response_tables import ResponseTable

SAMPLES = Path(__file__).resolve().parent.parent / "app" / "sample_data" / "survey"
SAMPLE_SURVEYS = {"Coffee app, first wave": "coffee_app_wave1.xlsx", "Coffee app, second wave": "coffee_app_wave2.csv"}


@dataclass(frozen=True, slots=True)
class ChosenFile:
    """A file that was picked and not yet loaded.

    Attributes:
        id: Another one for every upload, whatever the file is called.
        title: What the survey is called when nobody says otherwise.
    """

    id: str
    name: str
    title: str
    source: Path | bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What reading brought: a table with guesses, or an error."""

    table: ResponseTable | None = None
    guesses: Sequence[ColumnGuess] = ()
    error: AppError | None = None


def upload_key() -> str:
    """The key of the field for files; a new one empties it."""
    return f"{session_keys.SURVEY_UPLOAD}file.{st.session_state.get(session_keys.SURVEY_UPLOAD_ROUND, 0)}"


def sample_surveys() -> dict[str, Path]:
    """The sample surveys that come with the app, by their titles."""
    found = {title: SAMPLES / name for title, name in SAMPLE_SURVEYS.items()}
    return {title: path for title, path in found.items() if path.is_file()}


def choose_sample(title: str) -> None:
    """Take a sample survey in the place of an upload; for callbacks."""
    forget_file()
    st.session_state[f"{session_keys.SURVEY_UPLOAD}sample"] = title


def chosen_file() -> ChosenFile | None:
    """What the field for files holds, else the sample that was chosen."""
    uploaded = st.session_state.get(upload_key())
    if uploaded is not None:
        return ChosenFile(uploaded.file_id, uploaded.name, _title_of(uploaded.name), uploaded.getvalue())
    sample = st.session_state.get(f"{session_keys.SURVEY_UPLOAD}sample")
    path = sample_surveys().get(sample or "")
    if sample is None or path is None:
        return None
    return ChosenFile(path.name, path.name, sample, path)


def read_file(library: SurveyLibrary, file: ChosenFile, sheet: str | None) -> ReadFile:
    """Read the file, or return what reading it brought before; errors are kept as well."""
    key = f"{session_keys.SURVEY_TABLE}read"
    kept: tuple[tuple[str, str | None], ReadFile] | None = st.session_state.get(key)
    if kept is not None and kept[0] == (file.id, sheet):
        return kept[1]
    st.session_state.pop(key, None)  # or two large tables would be there at once
    try:
        table = library.read(file.source, file.name, sheet=sheet)
        read = ReadFile(table, guess_columns(table))
    except AppError as error:
        read = ReadFile(error=error)
    if read.error is None or not read.error.retryable:
        st.session_state[key] = ((file.id, sheet), read)
    return read


def forget_file() -> None:
    """Let go of the file and of everything that was said about it; for callbacks."""
    st.session_state[session_keys.SURVEY_UPLOAD_ROUND] = st.session_state.get(session_keys.SURVEY_UPLOAD_ROUND, 0) + 1
    for key in [key for key in st.session_state if _is_of_the_file(str(key))]:
        del st.session_state[key]


def _is_of_the_file(key: str) -> bool:
    return key.startswith((session_keys.SURVEY_TABLE, f"{session_keys.SURVEY_UPLOAD}sample"))


def _title_of(name: str) -> str:
    return " ".join(Path(name.replace("\\", "/")).stem.replace("_", " ").split())
