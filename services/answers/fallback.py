"""Another generator's draft where the one that was asked cannot write any; it is always said who wrote."""

from __future__ import annotations

from dataclasses import replace

from services.answers.models import AnswerRequest, DeltaListener, Draft, Origin, Substitution
from services.errors import AppError, BackendError
from services.logs import get_logger
from services.ports.answers import AnswerGenerator

# A guardrail is the company's own rule that this must not be answered: no other backend may answer it either.
GUARDRAIL_INTERVENED = "guardrail-intervened"

_log = get_logger(__name__)


class FallbackAnswers:
    """See :class:`services.ports.answers.AnswerGenerator`.

    Attributes:
        primary: Is asked first; its name and origin are this one's.
        substitute: Is asked when that fails, also in the middle of its draft.
        essential: The web can serve while the first is not ready.
    """

    essential = False

    def __init__(self, primary: AnswerGenerator, substitute: AnswerGenerator) -> None:
        self.primary = primary
        self.substitute = substitute

    @property
    def name(self) -> str:
        return self.primary.name

    @property
    def origin(self) -> Origin:
        return self.primary.origin

    def generate(self, request: AnswerRequest, on_delta: DeltaListener | None = None) -> Draft:
        """The draft of the first one that can.

        Pieces of a draft that broke off are not followed by those of another: the draft that is returned replaces them.

        Raises:
            BackendError: that of the first, when the other fails too, or when a guardrail stopped the first.
        """
        begun = False

        def hear(piece: str) -> None:
            nonlocal begun
            begun = True
            if on_delta is not None:
                on_delta(piece)

        try:
            return self.primary.generate(request, hear)
        except BackendError as error:
            if error.code == GUARDRAIL_INTERVENED:
                raise
            _log.warning(
                "answer-fell-back",
                backend=self.primary.name,
                substitute=self.substitute.name,
                code=error.code,
                begun=begun,
            )
            try:
                draft = self.substitute.generate(request, None if begun else on_delta)
            except AppError as second:
                raise error from second
            written = Substitution(self.substitute.name, self.substitute.origin, self.primary.name, error.code)
            return replace(draft, substitution=written)

    def check_ready(self) -> None:
        """Raise the BackendError of the first: what agents are spared, administrators must see."""
        self.primary.check_ready()
