"""Finds the different texts of a question by the keys that labels know them by."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.surveys.distinct_texts import distinct_texts
from services.surveys.label_models import key_of_text
from services.surveys.prepared import PreparedSurvey

MOST_KEPT = 4
_KEY_BYTES = 32

# Opens a tenant's survey by its id; raises NotFoundError.
SurveyOpener = Callable[[str, str], PreparedSurvey]


@dataclass(frozen=True, slots=True, eq=False)
class TextIndex:
    """The different texts of a question, numbered as in :class:`services.surveys.distinct_texts.DistinctTexts`.

    Attributes:
        keys: ``S32`` per text: what names it in labels.
        response_counts: ``int64`` per text: how many responses say it.
        order: Numbers of the texts by their keys.
        empty_number: Of the empty text; -1 when every response says something.
    """

    keys: NDArray[np.bytes_]
    response_counts: NDArray[np.int64]
    order: NDArray[np.int64]
    empty_number: int

    def numbers(self, text_keys: Collection[str]) -> NDArray[np.int64]:
        """The number of the text of each key, in the order given; -1 where the question has no such text."""
        # What is longer than a key must not be cut to one that is there; it becomes one that is nowhere.
        raw = [key.encode("utf-8", "replace") for key in text_keys]
        wanted = np.array([key if len(key) == _KEY_BYTES else b"" for key in raw], dtype=self.keys.dtype)
        if not len(wanted) or not len(self.keys):
            return np.full(len(wanted), -1, np.int64)
        places = np.searchsorted(self.keys, wanted, sorter=self.order)
        found = self.order[np.minimum(places, len(self.order) - 1)]
        return np.where(self.keys[found] == wanted, found, -1)

    def key(self, number: int) -> str:
        """The key of a text."""
        return bytes(self.keys[number]).decode("ascii")


class TextIndexes:
    """Keeps the indexes of the questions that were asked for last. Safe to use from many threads.

    A survey's texts never change, so what is kept stays true.
    """

    def __init__(self, open_survey: SurveyOpener) -> None:
        self._open_survey = open_survey
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str, str], TextIndex] = OrderedDict()

    def get(self, tenant_id: str, survey_id: str, question: str) -> TextIndex:
        """The index of a question.

        Raises:
            NotFoundError: the survey is not there.
            InputError: ``unknown-column``.
        """
        name = tenant_id, survey_id, question
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name]
        made = _index(self._open_survey(tenant_id, survey_id), question)
        with self._lock:
            self._kept[name] = made
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return made


def _index(survey: PreparedSurvey, question: str) -> TextIndex:
    texts = distinct_texts(survey, question)
    keys = texts.keys()
    stored = np.array(keys, dtype=f"S{_KEY_BYTES}")
    empty = key_of_text("")
    return TextIndex(
        keys=stored,
        response_counts=np.bincount(texts.of_row, minlength=len(keys)).astype(np.int64),
        order=np.argsort(stored, kind="stable"),
        empty_number=keys.index(empty) if empty in keys else -1,
    )
