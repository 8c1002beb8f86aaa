"""The contract of LanguageModel: over the wire, and the fake that answers by rules."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from services.backends.openai_compatible.survey_model import OpenAiCompatibleModel
from services.errors import (
    BackendError,
    BackendMisconfiguredError,
    BackendRejectedError,
    BackendThrottledError,
    BackendTimeoutError,
    BackendUnavailableError,
)
from services.ports.language_models import LanguageModel, ModelLimits, ModelReply, StopReason
from tests.contract.language_model import SPLIT, LanguageModelContract, request_for
from tests.openai_server import MODEL, ChatRequest, OpenAiServer, Reply
from tests.openai_survey_server import refuse, running_survey_server, send_completion, survey_reply
from tests.survey_model import FakeLanguageModel

KEY = "sk-not-a-real-key"
REQUEST = request_for("The staff is nice, but the app crashes")


@pytest.fixture
def server() -> Iterator[OpenAiServer]:
    with running_survey_server() as running:
        yield running


def client(server: OpenAiServer, *, model: str = MODEL, timeout_seconds: float = 5.0) -> OpenAiCompatibleModel:
    return OpenAiCompatibleModel(f"{server.base_url}/", model, KEY, timeout_seconds)


class TestFakeLanguageModel(LanguageModelContract):
    @pytest.fixture
    def language_model(self) -> LanguageModel:
        return FakeLanguageModel()


class TestOpenAiCompatibleModel(LanguageModelContract):
    @pytest.fixture
    def language_model(self, server: OpenAiServer) -> LanguageModel:
        return client(server)

    def test_request_is_the_strict_form_that_the_api_describes(self, server: OpenAiServer) -> None:
        client(server).complete(REQUEST)
        (body,) = server.bodies
        assert server.paths == ["/v1/chat/completions"]
        assert server.keys == [f"Bearer {KEY}"]
        assert (body["model"], body["temperature"], body["max_tokens"]) == (MODEL, 0, 1_000)
        assert [message["content"] for message in body["messages"]] == [REQUEST.system, REQUEST.user]
        assert body["response_format"]["json_schema"] == {"name": "split_1", "strict": True, "schema": SPLIT.schema}

    def test_server_without_a_key_is_asked_without_one(self, server: OpenAiServer) -> None:
        OpenAiCompatibleModel(server.base_url, MODEL, None).complete(REQUEST)
        assert server.keys == [None]

    def test_limits_are_those_that_were_set(self, server: OpenAiServer) -> None:
        limits = ModelLimits(8_000, 1_000, 0.5, 1.5)
        assert OpenAiCompatibleModel(server.base_url, MODEL, None, limits=limits).limits == limits

    def test_reply_that_is_cut_at_its_limit_says_so(self, server: OpenAiServer) -> None:
        reply = client(server).complete(request_for("Nice staff and so on", most_output_tokens=2))
        assert reply.stop_reason is StopReason.LENGTH
        assert reply.output_tokens == 2

    @pytest.mark.parametrize(
        ("reply", "text"),
        [
            (lambda request: send_completion(request, None, "content_filter"), ""),
            (lambda request: send_completion(request, None, refusal="I cannot do that."), "I cannot do that."),
            (refuse(400, "The prompt was filtered", "content_filter"), ""),
        ],
    )
    def test_refusal_is_no_error_and_no_answer(self, server: OpenAiServer, reply: Reply, text: str) -> None:
        server.reply = reply
        said = client(server).complete(REQUEST)
        assert (said.text, said.stop_reason) == (text, StopReason.REFUSED)

    @pytest.mark.parametrize("status", [400, 422])
    def test_server_without_strict_schemas_gets_the_schema_in_words_and_is_not_asked_twice(
        self, server: OpenAiServer, status: int
    ) -> None:
        def only_objects(request: ChatRequest) -> None:
            if request.server.bodies[-1]["response_format"]["type"] == "json_schema":
                refuse(status, "Invalid parameter: 'response_format' of type 'json_schema' is not supported")(request)
            else:
                send_completion(request, '{"responses": []}')

        server.reply = only_objects
        model = client(server)
        for _ in range(2):
            assert model.complete(REQUEST).text == '{"responses": []}'
        kinds = [body["response_format"]["type"] for body in server.bodies]
        assert kinds == ["json_schema", "json_object", "json_object"]
        system = server.bodies[-1]["messages"][0]["content"]
        assert system.startswith(REQUEST.system)
        assert json.dumps(dict(SPLIT.schema)) in system

    def test_family_with_other_fields_is_asked_its_way_and_keeps_strict_schemas(self, server: OpenAiServer) -> None:
        def reasoning_family(request: ChatRequest) -> None:
            body = request.server.bodies[-1]
            if "max_tokens" in body:
                refuse(400, "Use 'max_completion_tokens' instead.", "unsupported_parameter", "max_tokens")(request)
            elif "temperature" in body:
                refuse(400, "Only the default is supported.", "unsupported_value", "temperature")(request)
            else:
                send_completion(request, "{}")

        server.reply = reasoning_family
        model = client(server)
        assert model.complete(REQUEST).text == "{}"
        assert model.complete(REQUEST).text == "{}"
        assert len(server.bodies) == 4
        assert server.bodies[-1]["max_completion_tokens"] == 1_000
        assert server.bodies[-1]["response_format"]["type"] == "json_schema"

    def test_server_that_refuses_every_form_is_asked_a_few_times_and_no_more(self, server: OpenAiServer) -> None:
        server.reply = refuse(400, "response_format max_completion_tokens temperature")
        with pytest.raises(BackendRejectedError):
            client(server).complete(REQUEST)
        assert len(server.bodies) == 4

    def test_request_that_is_too_large_names_the_setting(self, server: OpenAiServer) -> None:
        for reply in (
            refuse(400, "too large", "context_length_exceeded"),
            refuse(400, "This model's maximum context length is 8192 tokens."),
        ):
            server.reply = reply
            with pytest.raises(BackendRejectedError) as caught:
                client(server).complete(REQUEST)
            assert caught.value.code == "context-exceeded"
            assert "FRONTLINE_OPENAI_SURVEY_CONTEXT_TOKENS" in caught.value.remedy

    @pytest.mark.parametrize(
        ("status", "error"),
        [
            (429, BackendThrottledError),
            (401, BackendMisconfiguredError),
            (403, BackendMisconfiguredError),
            (404, BackendMisconfiguredError),
            (400, BackendRejectedError),
            (422, BackendRejectedError),
            (408, BackendTimeoutError),
            (500, BackendUnavailableError),
            (503, BackendUnavailableError),
        ],
    )
    def test_status_becomes_the_right_error_without_the_servers_words(
        self, server: OpenAiServer, status: int, error: type[BackendError]
    ) -> None:
        server.reply = refuse(status, f"internal detail {KEY}")
        with pytest.raises(BackendError) as caught:
            client(server).complete(REQUEST)
        assert type(caught.value) is error
        assert KEY not in caught.value.message_for_user
        assert "internal" not in caught.value.message_for_user
        assert len(server.bodies) == 1

    def test_throttled_error_says_how_long_the_server_asks_to_wait(self, server: OpenAiServer) -> None:
        def throttled(request: ChatRequest) -> None:
            request.send_response(429)
            request.send_header("Retry-After", "17")
            request.send_header("Content-Length", "0")
            request.end_headers()

        server.reply = throttled
        with pytest.raises(BackendThrottledError) as caught:
            client(server).complete(REQUEST)
        assert caught.value.retry_after_seconds == 17

    def test_account_without_credit_is_for_the_administrator(self, server: OpenAiServer) -> None:
        server.reply = refuse(429, "You exceeded your quota", "insufficient_quota")
        with pytest.raises(BackendMisconfiguredError):
            client(server).complete(REQUEST)

    @pytest.mark.parametrize(
        "body",
        ["", "<html></html>", "[]", "{}", '{"choices": []}', '{"choices": [{}]}', '{"choices": [{"message": null}]}',
         '{"choices": [{"message": {"content": 7}}]}', '{"choices": [{"message": {"content": "x"}}], "usage": 7}'],
    )  # fmt: skip
    def test_reply_of_another_shape_may_be_asked_for_again(self, server: OpenAiServer, body: str) -> None:
        server.reply = lambda request: request.send_text(200, body)
        with pytest.raises(BackendUnavailableError) as caught:
            client(server).complete(REQUEST)
        assert caught.value.retryable

    def test_reply_without_counts_counts_nothing(self, server: OpenAiServer) -> None:
        server.reply = lambda request: request.send_text(200, '{"choices": [{"message": {"content": "x"}}]}')
        assert client(server).complete(REQUEST) == ModelReply("x", StopReason.COMPLETE, 0, 0)

    def test_silence_is_a_timeout_and_a_broken_connection_unavailable(self, server: OpenAiServer) -> None:
        server.reply = lambda request: (server.released.wait(5), None)[1]
        with pytest.raises(BackendTimeoutError):
            client(server, timeout_seconds=0.1).complete(REQUEST)
        server.reply = lambda request: request.cut()
        with pytest.raises(BackendUnavailableError):
            client(server).complete(REQUEST)

    def test_server_that_is_not_there_is_unavailable(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            nowhere = OpenAiCompatibleModel(f"http://127.0.0.1:{taken.getsockname()[1]}/v1", MODEL, KEY)
            for call in (lambda: nowhere.complete(REQUEST), nowhere.check_ready):
                with pytest.raises(BackendUnavailableError):
                    call()

    def test_missing_model_names_the_setting(self, server: OpenAiServer) -> None:
        with pytest.raises(BackendMisconfiguredError, match="other-model") as caught:
            client(server, model="other-model").check_ready()
        assert "FRONTLINE_OPENAI_SURVEY_MODEL" in caught.value.remedy

    def test_model_works_again_after_an_error(self, server: OpenAiServer) -> None:
        model = client(server)
        server.reply = refuse(500, "down")
        with pytest.raises(BackendUnavailableError):
            model.complete(REQUEST)
        server.reply = survey_reply
        assert model.complete(REQUEST).stop_reason is StopReason.COMPLETE
