"""The different texts among the responses to a question: identical ones are analyzed, labeled and paid for once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.surveys.label_models import key_of_text
from services.surveys.prepared import PreparedSurvey


@dataclass(frozen=True, slots=True, eq=False)
class DistinctTexts:
    """Texts by the order in which they first stand in the survey, the empty one included.

    Attributes:
        texts: An Arrow array of n different strings.
        of_row: ``int32`` per row of the survey: the number of its text.
    """

    texts: Any
    of_row: NDArray[np.int32]

    def keys(self) -> list[str]:
        """What names each text in labels; see :func:`services.surveys.label_models.key_of_text`."""
        return [key_of_text(text) for text in self.texts.to_pylist()]


def distinct_texts(survey: PreparedSurvey, question: str) -> DistinctTexts:
    """The different texts of a question.

    Raises:
        InputError: ``unknown-column``.
    """
    encoded = survey.texts(question).dictionary_encode()
    return DistinctTexts(encoded.dictionary, encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32))
