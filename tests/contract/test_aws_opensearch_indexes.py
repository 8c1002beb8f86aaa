"""The contract of KnowledgeIndex over the wire: OpenSearch, as a domain and as a Serverless collection."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from pydantic import HttpUrl

from services.backends.aws.clients import AwsClients
from services.backends.aws.opensearch_index import OpenSearchIndex
from services.backends.aws.opensearch_service import OpenSearchService
from services.backends.aws.repeating import CallPolicy
from services.errors import (
    AppError,
    BackendError,
    BackendMisconfiguredError,
    BackendRejectedError,
    BackendThrottledError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    NotFoundError,
)
from services.knowledge.models import SearchType
from services.ports.documents import HeldDocument
from services.setting_choices import OpenSearchSigning
from tests.contract.knowledge_index import OTHER_TENANT, TENANT, KnowledgeIndexContract, MakeIndex, found, versions
from tests.contract.knowledge_samples import REJECTS, STORAGE, version
from tests.fakes import FakeEmbedder
from tests.opensearch_server import LocalOpenSearch, running_opensearch

AT_ONCE = CallPolicy(attempts=3, first_wait_seconds=0.0, longest_wait_seconds=0.0)
INDEX, ALIAS = "frontline-pharmacy.000001", "frontline-pharmacy"


def service_of(
    server: LocalOpenSearch, policy: CallPolicy = AT_ONCE, clock: Callable[[], float] = time.monotonic
) -> OpenSearchService:
    """Calls of the local server, signed as it wants them."""
    signing = OpenSearchSigning(server.signing or "none")
    return OpenSearchService(
        AwsClients("us-east-1"), HttpUrl(server.address), signing, policy=policy, sleep=lambda _: None, clock=clock
    )


class OpenSearchContract(KnowledgeIndexContract):
    """Give a fixture ``server``."""

    @pytest.fixture(autouse=True)
    def _credentials(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")

    @pytest.fixture
    def make_index(self, server: LocalOpenSearch) -> MakeIndex:
        return lambda embedder: OpenSearchIndex(service_of(server), embedder)

    def test_alias_names_the_snapshot_that_was_marked_last(
        self, built: OpenSearchIndex, server: LocalOpenSearch
    ) -> None:
        assert server.aliases == {}
        built.build(TENANT, 2, versions(), 1)
        for number in (1, 2, 1):
            built.mark_live(TENANT, number)
            assert server.aliases == {ALIAS: {f"frontline-pharmacy.{number:06d}"}}
        built.delete(TENANT, 1)
        assert server.aliases == {}

    def test_alias_of_another_tenant_stays_as_it_is(self, built: OpenSearchIndex, server: LocalOpenSearch) -> None:
        built.build(OTHER_TENANT, 1, versions(), None)
        built.mark_live(OTHER_TENANT, 1)
        built.mark_live(TENANT, 1)
        assert server.aliases == {"frontline-clinic": {"frontline-clinic.000001"}, ALIAS: {INDEX}}

    def test_missing_snapshot_is_not_marked(self, built: OpenSearchIndex, server: LocalOpenSearch) -> None:
        built.mark_live(TENANT, 1)
        with pytest.raises(NotFoundError):
            built.mark_live(TENANT, 2)
        assert server.aliases == {ALIAS: {INDEX}}

    def test_only_what_a_bulk_refused_for_now_is_sent_again(
        self, index: OpenSearchIndex, server: LocalOpenSearch
    ) -> None:
        server.fail("_bulk", (201, 429, 201, 503))
        index.build(TENANT, 1, versions(), None)
        first, second = [call.body[1::2] for call in server.calls if call.path.endswith("_bulk")]
        assert second == [first[1], first[3]]
        assert len(found(index, "insulin prior authorization reject")) == 5

    def test_records_that_are_refused_for_good_end_the_build(
        self, index: OpenSearchIndex, server: LocalOpenSearch
    ) -> None:
        server.fail("_bulk", (201, 400, 429))
        with pytest.raises(BackendRejectedError) as caught:
            index.build(TENANT, 1, versions(), None)
        assert caught.value.code == "opensearch-records-refused"
        assert server.count("_bulk") == 1
        assert server.indexes == {}

    def test_what_a_killed_build_left_is_not_searched_and_goes_with_the_next_one(
        self, built: OpenSearchIndex, server: LocalOpenSearch, make_index: MakeIndex
    ) -> None:
        server.indexes[INDEX].mapping["_meta"]["complete"] = False
        for call in (make_index(FakeEmbedder()).open_snapshot, make_index(FakeEmbedder()).held_documents):
            with pytest.raises(NotFoundError) as caught:
                call(TENANT, 1)
            assert caught.value.code == "snapshot-missing"
        built.build(TENANT, 1, iter([version(REJECTS)]), None)
        assert {one.document_id for one in found(built, "insulin")} == {"rejects.md"}

    def test_index_of_another_format_is_refused(
        self, built: OpenSearchIndex, server: LocalOpenSearch, make_index: MakeIndex
    ) -> None:
        server.indexes[INDEX].mapping["_meta"]["format_version"] = 9
        with pytest.raises(ConfigurationError) as caught:
            found(make_index(FakeEmbedder()), "insulin")
        assert caught.value.code == "snapshot-format"

    def test_snapshot_that_somebody_else_deleted_is_missed(self, built: OpenSearchIndex, make_index: MakeIndex) -> None:
        assert found(built, "insulin")
        make_index(FakeEmbedder()).delete(TENANT, 1)
        with pytest.raises(NotFoundError) as caught:
            found(built, "insulin")
        assert caught.value.code == "snapshot-missing"

    def test_previous_index_that_cannot_be_read_costs_time_but_not_the_new_one(
        self, built: OpenSearchIndex, server: LocalOpenSearch
    ) -> None:
        server.fail(f"{INDEX}/_search", 503, times=None)
        assert built.build(TENANT, 2, versions(), 1).reused_vector_count == 0
        assert built.search(TENANT, 2, "insulin", limit=1, search_type=SearchType.HYBRID).passages

    def test_removed_pipeline_is_made_anew(self, built: OpenSearchIndex, server: LocalOpenSearch) -> None:
        before = found(built, "Who signs PA-100?")
        server.pipelines.clear()
        assert found(built, "Who signs PA-100?") == before

    def test_snapshot_is_searched_with_the_model_that_it_was_made_with(
        self, built: OpenSearchIndex, server: LocalOpenSearch, embedder: FakeEmbedder
    ) -> None:
        changed = OpenSearchIndex(
            service_of(server), FakeEmbedder("other", 64), embedder_of={embedder.model_id: embedder}.get
        )
        assert found(changed, "Where is insulin kept?")[0].document_id == "storage.md"
        assert changed.build(TENANT, 2, versions(), 1).reused_vector_count == 0
        assert len(changed.search(TENANT, 2, "insulin", limit=1, search_type=SearchType.HYBRID).question_vector) == 64

    def test_question_of_many_different_words_is_searched(self, built: OpenSearchIndex) -> None:
        question = "insulin " + " ".join(f"word{number}" for number in range(2_000))
        assert "storage.md" in {one.document_id for one in found(built, question, SearchType.KEYWORD)}

    def test_documents_of_many_pages_are_all_held(
        self, index: OpenSearchIndex, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from services.backends.aws import opensearch_index

        monkeypatch.setattr(opensearch_index, "DOCUMENTS_PER_PAGE", 2)
        index.build(TENANT, 1, versions(), None)
        assert len(index.held_documents(TENANT, 1)) == 3

    def test_snapshot_of_many_blocks_finds_the_same(
        self, make_index: MakeIndex, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from services.backends.aws import opensearch_writer

        whole = make_index(FakeEmbedder())
        whole.build(TENANT, 1, versions(), None)
        before = found(whole, "insulin PA-100 reject 75")
        for name, value in {"EMBED_BLOCK": 2, "BULK_RECORDS": 2, "KEYS_PER_LOOKUP": 1, "HEADINGS_KEPT": 1}.items():
            monkeypatch.setattr(opensearch_writer, name, value)
        whole.build(TENANT, 1, versions(), None)
        assert found(whole, "insulin PA-100 reject 75") == before
        whole.build(TENANT, 2, versions(), 1)
        assert whole.search(TENANT, 2, "insulin", limit=9, search_type=SearchType.HYBRID).passages


class TestOpenSearchDomain(OpenSearchContract):
    @pytest.fixture
    def server(self) -> Iterator[LocalOpenSearch]:
        with running_opensearch() as server:
            yield server


class TestSignedOpenSearchDomain(OpenSearchContract):
    @pytest.fixture
    def server(self) -> Iterator[LocalOpenSearch]:
        with running_opensearch("es") as server:
            yield server

    def test_expired_credentials_are_told(self, built: OpenSearchIndex, server: LocalOpenSearch) -> None:
        server.expired = True
        with pytest.raises(BackendMisconfiguredError) as caught:
            found(built, "insulin")
        assert caught.value.code == "aws-credentials-expired"

    def test_keys_that_do_not_fit_are_told(
        self, server: LocalOpenSearch, monkeypatch: pytest.MonkeyPatch, make_index: MakeIndex
    ) -> None:
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
        with pytest.raises(BackendMisconfiguredError) as caught:
            make_index(FakeEmbedder()).check_ready()
        assert caught.value.code == "aws-credentials-refused"

    def test_missing_credentials_are_told(
        self, monkeypatch: pytest.MonkeyPatch, make_index: MakeIndex, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        nowhere = str(tmp_path_factory.mktemp("aws") / "none")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", nowhere)
        monkeypatch.setenv("AWS_CONFIG_FILE", nowhere)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        with pytest.raises(BackendMisconfiguredError) as caught:
            make_index(FakeEmbedder()).check_ready()
        assert caught.value.code == "aws-credentials-missing"


class TestServerlessCollection(OpenSearchContract):
    @pytest.fixture
    def server(self) -> Iterator[LocalOpenSearch]:
        with running_opensearch("aoss") as server:
            yield server

    def test_build_waits_until_everything_is_shown(self, index: OpenSearchIndex, server: LocalOpenSearch) -> None:
        server.shown_after_looks = 5
        index.build(TENANT, 1, versions(), None)
        assert server.count("_count") == 5
        assert len(found(index, "insulin prior authorization reject")) == 5

    def test_what_is_never_shown_ends_the_build(self, server: LocalOpenSearch) -> None:
        server.shown_after_looks = 10**9
        times = iter(range(0, 10**9, 60))
        index = OpenSearchIndex(service_of(server, clock=lambda: float(next(times))), FakeEmbedder())
        with pytest.raises(BackendTimeoutError) as caught:
            index.build(TENANT, 1, versions(), None)
        assert caught.value.code == "opensearch-not-shown"
        assert server.indexes == {}

    def test_records_that_arrive_twice_are_found_once(self, index: OpenSearchIndex, server: LocalOpenSearch) -> None:
        server.fail("_bulk", "malformed")  # the reply alone is lost
        index.build(TENANT, 1, iter([version(STORAGE), version(REJECTS)]), None)
        passages = found(index, "insulin reject")
        assert len({one.chunk_id for one in passages}) == len(passages) == 3
        assert index.held_documents(TENANT, 1) == [
            HeldDocument("rejects.md", 1, "Claim rejects"),
            HeldDocument("storage.md", 1, "Cold storage"),
        ]


SEARCHES = ("_search", "_msearch")


class TestFaults:
    """What goes wrong at OpenSearch while a question waits: our error, the right number of requests."""

    @pytest.fixture
    def server(self) -> Iterator[LocalOpenSearch]:
        with running_opensearch() as server:
            yield server

    @pytest.fixture
    def index(self, server: LocalOpenSearch) -> OpenSearchIndex:
        built = OpenSearchIndex(service_of(server), FakeEmbedder())
        built.build(TENANT, 1, versions(), None)
        return built

    @pytest.mark.parametrize("operation", SEARCHES)
    @pytest.mark.parametrize("fault", [429, 500, 502, 503, 504, "cut", "malformed", "empty"])
    def test_fault_that_ends_is_not_noticed(
        self, index: OpenSearchIndex, server: LocalOpenSearch, fault: int | str, operation: str
    ) -> None:
        expected = found(index, "insulin")
        before = server.count(operation)
        server.fail(operation, fault, times=2)
        assert found(index, "insulin") == expected
        assert server.count(operation) == before + 3

    @pytest.mark.parametrize("operation", SEARCHES)
    @pytest.mark.parametrize(
        ("fault", "kind"),
        [
            (429, BackendThrottledError),
            (500, BackendUnavailableError),
            (503, BackendUnavailableError),
            (504, BackendTimeoutError),
            ("cut", BackendUnavailableError),
            ("malformed", BackendUnavailableError),
            ("empty", BackendUnavailableError),
        ],
    )
    def test_fault_that_lasts_is_told_after_three_requests(
        self,
        index: OpenSearchIndex,
        server: LocalOpenSearch,
        fault: int | str,
        kind: type[AppError],
        operation: str,
    ) -> None:
        server.fail(operation, fault, times=None)
        before = server.count(operation)
        with pytest.raises(kind) as caught:
            found(index, "insulin")
        assert server.count(operation) == before + 3
        assert not any(word in str(caught.value) for word in ("frontline-", "spoiled", "Exception", "127.0.0.1"))

    @pytest.mark.parametrize("fault", [400, 401, 403, 413])
    def test_refusal_is_told_after_one_request(
        self, index: OpenSearchIndex, server: LocalOpenSearch, fault: int
    ) -> None:
        server.fail("_search", fault, times=None)
        before = server.count("_search")
        with pytest.raises(BackendError) as caught:
            found(index, "insulin")
        assert not caught.value.retryable
        assert server.count("_search") == before + 1

    def test_reply_that_does_not_come_is_a_timeout(self, server: LocalOpenSearch, index: OpenSearchIndex) -> None:
        impatient = CallPolicy(attempts=2, first_wait_seconds=0.0, longest_wait_seconds=0.0, read_timeout_seconds=0.2)
        hasty = OpenSearchIndex(service_of(server, impatient), FakeEmbedder())
        server.fail("_mapping", "timeout", times=None)
        with pytest.raises(BackendTimeoutError):
            hasty.open_snapshot(TENANT, 1)
        assert server.count("_mapping") == 1 + 2  # the build has marked it as complete

    def test_service_that_is_not_there_is_unavailable(self) -> None:
        with running_opensearch() as gone:
            pass
        with pytest.raises(BackendUnavailableError) as caught:
            OpenSearchIndex(service_of(gone), FakeEmbedder()).check_ready()
        assert "FRONTLINE_OPENSEARCH_URL" in caught.value.remedy

    @pytest.mark.parametrize("operation", ["_bulk", "_refresh", "_mapping", "_count", INDEX])
    def test_build_that_fails_leaves_no_trace(self, server: LocalOpenSearch, operation: str) -> None:
        index = OpenSearchIndex(service_of(server), FakeEmbedder())
        server.fail(operation, 403)
        with pytest.raises(BackendMisconfiguredError) as caught:
            index.build(TENANT, 1, versions(), None)
        assert caught.value.code == "opensearch-access-denied"
        assert server.indexes == {}

    @pytest.mark.parametrize("fault", [503, "cut", "malformed"])
    def test_index_whose_creation_was_not_confirmed_is_used(self, server: LocalOpenSearch, fault: int | str) -> None:
        index = OpenSearchIndex(service_of(server), FakeEmbedder())
        index.delete(TENANT, 1)
        server.fail(INDEX, 404)  # the removal of leftovers
        server.fail(INDEX, fault)
        index.build(TENANT, 1, versions(), None)
        assert found(index, "insulin")
