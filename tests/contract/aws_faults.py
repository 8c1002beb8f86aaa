"""What every adapter of an AWS service makes of what goes wrong there, over the wire.

A test class inherits one of the three classes, names the call and gives the fixture ``call``:

    class TestFaults(AwsModelFaultContract):
        operation = ("bedrock-runtime", "Converse")
        action = "bedrock:InvokeModel"

        @pytest.fixture
        def call(self, endpoint: AwsEndpoint, policy: CallPolicy) -> Callable[[], object]:
            adapter = BedrockAnswers(AwsAccess(AwsClients(REGION)), ..., policy=policy)
            return lambda: adapter.generate(REQUEST)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import ClassVar

import pytest

from services.backends.aws.calls import CallPolicy
from services.errors import (
    AppError,
    BackendError,
    BackendMisconfiguredError,
    BackendThrottledError,
    BackendTimeoutError,
    BackendUnavailableError,
)
from tests.aws_endpoint.endpoint import AwsEndpoint, AwsFault, running_aws_endpoint
from tests.aws_endpoint.faults import Fault, access_denied, end_of_life, expired_credentials

Call = Callable[[], object]

# Where nothing is expected to be in time, the shortest wait that a busy machine still counts as one.
SHORT = pytest.mark.parametrize("read_timeout_seconds", [0.2])


class AwsFaultContract:
    """Give a fixture ``call``: one call of the adapter that asks AWS once for ``operation``, made with ``policy``.

    Attributes:
        operation: boto3's name of the service, and the operation that the call needs.
        action: The IAM action without which it is denied.
        repeats_unknown_outcomes: As in the adapter's own policy: whether it asks again when a reply was lost.
    """

    operation: ClassVar[tuple[str, str]]
    action: ClassVar[str]
    repeats_unknown_outcomes: ClassVar[bool] = True

    @pytest.fixture
    def endpoint(self) -> Iterator[AwsEndpoint]:
        with running_aws_endpoint() as endpoint:
            yield endpoint

    @pytest.fixture
    def read_timeout_seconds(self) -> float:
        """Longer than any test that waits for a reply; tests of timeouts have a shorter one."""
        return 60.0

    @pytest.fixture
    def policy(self, read_timeout_seconds: float) -> CallPolicy:
        """Repeats at once, three requests at most."""
        return CallPolicy(
            attempts=3,
            first_wait_seconds=0.0,
            longest_wait_seconds=0.0,
            read_timeout_seconds=read_timeout_seconds,
            repeats_unknown_outcomes=self.repeats_unknown_outcomes,
        )

    def spoil(self, endpoint: AwsEndpoint, fault: Fault, times: int | None = None) -> None:
        """Plan a fault for the operation."""
        endpoint.faults.next(*self.operation, fault, times=times)

    def failed(self, call: Call) -> AppError:
        """The error that a call ends with; it is one of ours and repeats nothing that AWS said."""
        with pytest.raises(BackendError) as caught:
            call()
        shown = f"{caught.value.message_for_user} {caught.value.remedy}"
        assert not any(secret in shown for secret in ("123456789012", "arn:aws", "Exception", "Traceback"))
        return caught.value

    def asked(self, endpoint: AwsEndpoint) -> int:
        """How many requests for the operation came."""
        return endpoint.count(*self.operation)

    def asked_for_lost_replies(self, policy: CallPolicy) -> int:
        return policy.attempts if policy.repeats_unknown_outcomes else 1

    def test_a_call_that_nothing_disturbs_asks_once(self, endpoint: AwsEndpoint, call: Call) -> None:
        call()
        assert self.asked(endpoint) == 1

    @pytest.mark.parametrize("fault", ["throttled", "error", "unavailable"])
    def test_a_fault_that_ends_goes_unnoticed(
        self, endpoint: AwsEndpoint, call: Call, policy: CallPolicy, fault: str
    ) -> None:
        self.spoil(endpoint, fault, times=policy.attempts - 1)
        call()
        assert self.asked(endpoint) == policy.attempts
        assert endpoint.faults.pending() == 0

    def test_throttling_that_lasts_ends_as_throttled(
        self, endpoint: AwsEndpoint, call: Call, policy: CallPolicy
    ) -> None:
        self.spoil(endpoint, "throttled")
        error = self.failed(call)
        assert isinstance(error, BackendThrottledError)
        assert error.retryable
        assert self.asked(endpoint) == policy.attempts

    @pytest.mark.parametrize("fault", ["error", "unavailable"])
    def test_server_errors_that_last_end_as_unavailable(
        self, endpoint: AwsEndpoint, call: Call, policy: CallPolicy, fault: str
    ) -> None:
        self.spoil(endpoint, fault)
        error = self.failed(call)
        assert isinstance(error, BackendUnavailableError)
        assert error.retryable
        assert self.asked(endpoint) == policy.attempts

    @SHORT
    def test_a_reply_that_does_not_come_ends_as_a_timeout(
        self, endpoint: AwsEndpoint, call: Call, policy: CallPolicy
    ) -> None:
        self.spoil(endpoint, "timeout")
        error = self.failed(call)
        assert isinstance(error, BackendTimeoutError)
        assert self.asked(endpoint) == self.asked_for_lost_replies(policy)

    @pytest.mark.parametrize("fault", ["cut", "malformed", "empty"])
    def test_a_reply_that_is_cut_or_cannot_be_read_ends_as_unavailable(
        self, endpoint: AwsEndpoint, call: Call, policy: CallPolicy, fault: str
    ) -> None:
        self.spoil(endpoint, fault)
        assert isinstance(self.failed(call), BackendUnavailableError)
        assert 1 <= self.asked(endpoint) <= self.asked_for_lost_replies(policy)

    def test_a_reply_with_nothing_in_it_is_never_a_raw_exception(self, endpoint: AwsEndpoint, call: Call) -> None:
        self.spoil(endpoint, "hollow")
        with suppress(BackendError):  # where an empty list is a fair reply, nothing need be wrong
            call()
        assert self.asked(endpoint) >= 1

    def test_credentials_that_have_expired_are_told_at_once(self, endpoint: AwsEndpoint, call: Call) -> None:
        self.spoil(endpoint, expired_credentials())
        error = self.failed(call)
        assert isinstance(error, BackendMisconfiguredError)
        assert (error.code, self.asked(endpoint)) == ("aws-credentials-expired", 1)

    def test_a_missing_permission_is_named_in_the_remedy(self, endpoint: AwsEndpoint, call: Call) -> None:
        self.spoil(endpoint, access_denied(self.action))
        error = self.failed(call)
        assert isinstance(error, BackendMisconfiguredError)
        assert (error.code, self.asked(endpoint)) == ("aws-access-denied", 1)
        assert self.action in error.remedy

    def test_an_error_that_nobody_knows_is_still_one_of_ours(self, endpoint: AwsEndpoint, call: Call) -> None:
        self.spoil(endpoint, AwsFault("SomethingNewException", "arn:aws:123456789012", status=400))
        assert not self.failed(call).retryable
        assert self.asked(endpoint) == 1


class AwsModelFaultContract(AwsFaultContract):
    """For calls of a model of Bedrock."""

    def test_a_model_at_its_end_of_life_is_told_at_once(self, endpoint: AwsEndpoint, call: Call) -> None:
        self.spoil(endpoint, end_of_life())
        error = self.failed(call)
        assert isinstance(error, BackendMisconfiguredError)
        assert (error.code, self.asked(endpoint)) == ("model-end-of-life", 1)

    def test_a_region_without_the_model_is_told_at_once(self, endpoint: AwsEndpoint, call: Call) -> None:
        endpoint.region = "eu-central-1"
        error = self.failed(call)
        assert isinstance(error, BackendMisconfiguredError)
        assert (error.code, self.asked(endpoint)) == ("model-unknown", 1)


class AwsStreamFaultContract(AwsModelFaultContract):
    """For calls whose reply is an event stream; ``call`` takes it to its end.

    Attributes:
        first_event: What the endpoint may send before it fails in the middle.
    """

    first_event: ClassVar[dict[str, object]] = {"messageStart": {"role": "assistant"}}

    def test_a_stream_that_is_cut_in_the_middle_is_not_asked_for_again(self, endpoint: AwsEndpoint, call: Call) -> None:
        self.spoil(endpoint, "cut")
        assert isinstance(self.failed(call), BackendUnavailableError)
        assert self.asked(endpoint) == 1

    @SHORT
    def test_a_stream_that_stalls_ends_as_a_timeout(
        self, endpoint: AwsEndpoint, call: Call, policy: CallPolicy
    ) -> None:
        self.spoil(endpoint, "stall")
        assert isinstance(self.failed(call), BackendTimeoutError)
        assert 1 <= self.asked(endpoint) <= self.asked_for_lost_replies(policy)

    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            ("ThrottlingException", BackendThrottledError),
            ("ModelStreamErrorException", BackendUnavailableError),
            ("InternalServerException", BackendUnavailableError),
            ("ServiceUnavailableException", BackendUnavailableError),
        ],
    )
    def test_an_error_in_the_middle_of_a_stream_ends_it(
        self, endpoint: AwsEndpoint, call: Call, code: str, expected: type[AppError]
    ) -> None:
        def failing(request: object) -> Iterator[dict[str, object]]:
            yield self.first_event
            raise AwsFault(code, "arn:aws:123456789012")

        with endpoint.answering(*self.operation, failing):
            assert isinstance(self.failed(call), expected)
        assert self.asked(endpoint) == 1
