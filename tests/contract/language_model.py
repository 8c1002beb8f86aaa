"""What every LanguageModel holds; a test class for one adapter inherits it and gives the fixture ``language_model``."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from services.ports.language_models import LanguageModel, ModelRequest, StopReason
from services.surveys.chain.step_prompts import prompt_of
from services.surveys.run_models import Step
from tests.survey_model import value_problem

SPLIT = prompt_of(Step.SPLIT)


def request_for(*texts: str, most_output_tokens: int = 1_000) -> ModelRequest:
    """A call of the chain's first step."""
    given = {"responses": [{"id": f"r{number}", "text": text} for number, text in enumerate(texts, start=1)]}
    return ModelRequest(SPLIT.system, json.dumps(given), "split_1", SPLIT.schema, most_output_tokens)


class LanguageModelContract:
    """Give a fixture ``language_model`` that answers calls of the chain."""

    def test_reply_is_json_of_the_schema_and_its_tokens_are_counted(self, language_model: LanguageModel) -> None:
        reply = language_model.complete(request_for("The staff is nice, but the app crashes", "Fine"))
        assert reply.stop_reason is StopReason.COMPLETE
        assert not value_problem(json.loads(reply.text), SPLIT.schema)
        assert reply.input_tokens > 0
        assert reply.output_tokens > 0

    def test_has_a_name_a_model_and_limits_that_leave_room_for_a_reply(self, language_model: LanguageModel) -> None:
        assert language_model.name
        assert language_model.model
        assert 0 < language_model.limits.most_output_tokens < language_model.limits.context_tokens

    def test_answers_many_at_once_each_its_own(self, language_model: LanguageModel) -> None:
        texts = [f"The barista number {number} is nice" for number in range(12)]
        with ThreadPoolExecutor(6) as pool:
            replies = list(pool.map(lambda text: language_model.complete(request_for(text)), texts))
        statements = [json.loads(reply.text)["responses"][0]["statements"] for reply in replies]
        assert statements == [[text] for text in texts]

    def test_model_that_is_there_is_ready(self, language_model: LanguageModel) -> None:
        language_model.check_ready()
