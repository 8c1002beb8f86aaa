"""A home whose survey runs ask a model of the local AWS endpoint, which counts what it is paid for."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from services.ports.language_models import ModelLimits
from services.surveys.chain.analyzer import ModelChainAnalyzer
from services.surveys.chain.paid_calls import PaidModelCalls
from services.surveys.memory_ledger import MemoryLedger
from services.surveys.models import Response, ResponseFinding, Taxonomy
from services.surveys.run_models import RunOptions
from tests.aws_endpoint.endpoint import AwsEndpoint, AwsRequest, running_aws_endpoint
from tests.integration.survey_home import RunsHome
from tests.survey_model import FakeLanguageModel

BEDROCK_MODEL = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
ON_BEDROCK = RunOptions("bedrock")
_CONVERSE = ("bedrock-runtime", "Converse")


class ConverseTill:
    """Counts the calls of Converse that were answered, and so paid for.

    Attributes:
        paid: The digest of what each asked, in order.
    """

    def __init__(self, endpoint: AwsEndpoint) -> None:
        answer = endpoint.answer_of(*_CONVERSE)
        assert answer is not None
        self._endpoint = endpoint
        self._answer = answer
        self._lock = threading.Lock()
        self.paid: list[str] = []
        endpoint.answer(*_CONVERSE, self._counted)

    @property
    def made(self) -> int:
        """All calls that came, the refused ones too."""
        return self._endpoint.count(*_CONVERSE)

    @property
    def needed(self) -> int:
        """Different calls that were answered."""
        return len(set(self.paid))

    @property
    def paid_twice(self) -> int:
        """Calls that were answered though the same had been answered before."""
        return len(self.paid) - self.needed

    def _counted(self, request: AwsRequest) -> Any:
        reply = self._answer(request)
        asked = hashlib.sha256(json.dumps(_asked(request.parameters), sort_keys=True).encode()).hexdigest()
        with self._lock:
            self.paid.append(asked)
        return reply


def _asked(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What decides a reply, in whatever form it was asked."""
    return {name: parameters[name] for name in ("modelId", "messages", "system") if name in parameters}


@contextmanager
def bedrock_survey_home(
    folder: Path, database_url: str, **settings: str
) -> Iterator[tuple[RunsHome, AwsEndpoint, ConverseTill]]:
    """A home, the endpoint and what counts its calls, until the block ends."""
    chosen = {"FRONTLINE_BEDROCK_SURVEY_MODEL": BEDROCK_MODEL, "FRONTLINE_SURVEY_BACKEND": "bedrock"}
    with running_aws_endpoint() as endpoint:
        till = ConverseTill(endpoint)
        home = RunsHome(folder, database_url, **{**chosen, **settings})
        try:
            yield home, endpoint, till
        finally:
            home.close()


def undisturbed_findings(texts: Sequence[str], taxonomy: Taxonomy, limits: ModelLimits) -> list[ResponseFinding]:
    """What the same chain finds in the texts with a model that nothing disturbs."""
    model = FakeLanguageModel(limits)
    analyzer = ModelChainAnalyzer(model, PaidModelCalls(model, MemoryLedger(), "", "control"))
    return analyzer.analyze([Response(str(number), text) for number, text in enumerate(texts)], taxonomy)
