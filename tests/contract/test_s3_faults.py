"""What becomes of files when S3 throttles, fails, refuses or cuts the connection: right errors, nothing mixed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.backends.aws.access import AwsAccess
from services.backends.aws.calls import CallPolicy
from services.backends.aws.clients import AwsClients
from services.backends.aws.s3_bucket import POLICY, S3Bucket, bucket_and_prefix
from services.backends.aws.s3_files import S3Files, S3Folders
from services.backends.aws.s3_transfers import PART_BYTES, upload_file
from services.errors import (
    AppError,
    BackendMisconfiguredError,
    BackendThrottledError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConflictError,
)
from tests.fault_proxy import (
    CUT,
    DENIED,
    EXPIRED,
    HANGS,
    INTERNAL,
    KMS_DENIED,
    KMS_DISABLED,
    LOST_REPLY,
    MALFORMED,
    SLOW_DOWN,
    UNAVAILABLE,
    WRONG_REGION,
    FaultProxy,
    HttpFault,
    running_fault_proxy,
)
from tests.s3 import BUCKET

ATTEMPTS = POLICY.attempts
IMPATIENT = CallPolicy(attempts=2, read_timeout_seconds=0.2)
Call = Callable[[S3Files], object]
CALLS: dict[str, tuple[str, Call]] = {
    "write": ("PUT", lambda files: files.write("a", b"words")),
    "write_new": ("PUT", lambda files: files.write_new("new", b"words")),
    "read": ("GET", lambda files: files.read("there")),
    "exists": ("HEAD", lambda files: files.exists("there")),
    "delete": ("DELETE", lambda files: files.delete("a")),
    "delete_folder": ("POST", lambda files: files.delete_folder("folder")),
    "folders": ("GET", lambda files: files.folders("")),
}
every_call = pytest.mark.parametrize("name", CALLS)


@pytest.fixture(scope="module")
def running_proxy(s3_endpoint: str) -> Iterator[FaultProxy]:
    with running_fault_proxy(s3_endpoint) as running:
        yield running


@pytest.fixture
def proxy(running_proxy: FaultProxy) -> Iterator[FaultProxy]:
    yield running_proxy
    running_proxy.reset()


@pytest.fixture(scope="module")
def access(running_proxy: FaultProxy) -> AwsAccess:
    """One for all tests, because a client takes a while to make."""
    clients = AwsClients("us-east-1")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL_S3", running_proxy.address)
        for seconds in (POLICY.read_timeout_seconds, IMPATIENT.read_timeout_seconds):
            clients.client("s3", read_timeout_seconds=seconds)
    return AwsAccess(clients)


def bucket_of(access: AwsAccess, policy: CallPolicy = POLICY) -> S3Bucket:
    return S3Bucket(access, BUCKET, policy=policy, sleep=lambda _seconds: None)


@pytest.fixture
def bucket(proxy: FaultProxy, access: AwsAccess) -> S3Bucket:
    return bucket_of(access)


@pytest.fixture
def files(bucket: S3Bucket, s3_root: str, proxy: FaultProxy) -> S3Files:
    made = S3Files(bucket, bucket_and_prefix(s3_root)[1])
    made.write("there", b"words")
    made.write("folder/a", b"words")
    proxy.reset()
    return made


def failed(call: Callable[[], object]) -> AppError:
    """The error of a call; nothing that AWS said is in it."""
    with pytest.raises(AppError) as caught:
        call()
    shown = f"{caught.value.message_for_user} {caught.value.remedy}"
    assert not any(secret in shown for secret in ("123456789012", "arn:aws", "Exception", "user/x"))
    return caught.value


@every_call
@pytest.mark.parametrize("fault", [SLOW_DOWN, INTERNAL, UNAVAILABLE, LOST_REPLY], ids=lambda one: one.code or "lost")
def test_fault_that_ends_goes_unnoticed(files: S3Files, proxy: FaultProxy, name: str, fault: HttpFault) -> None:
    method, call = CALLS[name]
    proxy.next(fault, times=ATTEMPTS - 1, method=method)
    call(files)
    assert proxy.count(method) >= ATTEMPTS
    assert not name.startswith("write") or files.read("new" if name == "write_new" else "a") == b"words"


@every_call
def test_throttling_that_lasts_is_told_as_such(files: S3Files, proxy: FaultProxy, name: str) -> None:
    method, call = CALLS[name]
    proxy.next(SLOW_DOWN, times=None, method=method)
    error = failed(lambda: call(files))
    # To HEAD a status is all the reply there is.
    assert isinstance(error, BackendUnavailableError if method == "HEAD" else BackendThrottledError)
    assert error.retryable
    assert proxy.count(method) == ATTEMPTS


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        *((name, fault) for name in CALLS for fault in (INTERNAL, LOST_REPLY)),
        *((name, CUT) for name, (method, _) in CALLS.items() if method not in {"HEAD", "DELETE"}),  # they have no body
    ],
    ids=lambda one: one if isinstance(one, str) else one.code or ("lost" if one.forwards else "cut"),
)
def test_failing_that_lasts_is_told_as_unavailable(
    files: S3Files, proxy: FaultProxy, name: str, fault: HttpFault
) -> None:
    method, call = CALLS[name]
    proxy.next(fault, times=None, method=method)
    error = failed(lambda: call(files))
    assert isinstance(error, BackendUnavailableError)
    assert error.retryable
    assert 1 <= proxy.count(method) <= ATTEMPTS


@pytest.mark.parametrize("name", ["delete_folder", "folders"])
def test_reply_that_cannot_be_read_is_told_as_unavailable(files: S3Files, proxy: FaultProxy, name: str) -> None:
    method, call = CALLS[name]
    for fault in (MALFORMED, HttpFault(status=200, raw=b"")):
        proxy.reset()
        proxy.next(fault, times=None, method="GET" if name == "folders" else method)
        if name == "delete_folder" and fault is not MALFORMED:
            continue  # an empty reply tells of no errors
        assert isinstance(failed(lambda: call(files)), BackendUnavailableError)


def test_reply_that_does_not_come_is_a_timeout(proxy: FaultProxy, access: AwsAccess) -> None:
    files = S3Files(bucket_of(access, IMPATIENT), "none")
    proxy.next(HANGS, times=None)
    assert isinstance(failed(lambda: files.read("a")), BackendTimeoutError)
    assert proxy.count() == 2


@every_call
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (EXPIRED, "aws-credentials-expired"),
        (DENIED, "storage-access-denied"),
        (KMS_DENIED, "kms-access-denied"),
        (KMS_DISABLED, "kms-key-unusable"),
        (WRONG_REGION, "aws-region-wrong"),
        (HttpFault("InvalidAccessKeyId", 403), "aws-credentials-refused"),
        (HttpFault("RequestTimeTooSkewed", 403), "clock-wrong"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_refusals_are_told_apart_at_once_and_say_what_to_do(
    files: S3Files, proxy: FaultProxy, name: str, fault: HttpFault, code: str
) -> None:
    method, call = CALLS[name]
    proxy.next(fault, times=None)
    error = failed(lambda: call(files))
    assert isinstance(error, BackendMisconfiguredError)
    assert (error.code, "administrator" in error.remedy) == (code, True)
    # HEAD has no words: boto3 looks for another region, and the reason is asked for once more.
    assert proxy.count() <= (3 if method == "HEAD" else 1)


def test_new_file_whose_reply_was_lost_is_known_as_ones_own(files: S3Files, proxy: FaultProxy) -> None:
    proxy.next(LOST_REPLY, method="PUT")
    files.write_new("new", b"mine")
    assert files.read("new") == b"mine"
    proxy.next(LOST_REPLY, method="PUT")
    with pytest.raises(ConflictError):
        files.write_new("new", b"other")
    assert files.read("new") == b"mine"


def test_new_file_that_is_there_is_told_to_a_role_that_may_only_write(files: S3Files, proxy: FaultProxy) -> None:
    files.write_new("new", b"first")
    for method in ("GET", "HEAD"):
        proxy.next(DENIED, times=None, method=method)
    with pytest.raises(ConflictError):
        files.write_new("new", b"second")


class TestDeletingMany:
    @pytest.fixture
    def many(self, files: S3Files) -> S3Files:
        for name in "abc":
            files.write(f"many/{name}", b"words")
        return files

    def reply(self, key: str, code: str) -> HttpFault:
        error = f"<Error><Key>{key}</Key><Code>{code}</Code><Message>We failed.</Message></Error>"
        return HttpFault(status=200, raw=f"<DeleteResult>{error}</DeleteResult>".encode(), forwards=False)

    def key_of(self, s3_root: str) -> str:
        return f"{bucket_and_prefix(s3_root)[1]}/many/b"

    def test_file_that_could_not_be_deleted_is_tried_again(
        self, many: S3Files, proxy: FaultProxy, s3_root: str
    ) -> None:
        proxy.next(self.reply(self.key_of(s3_root), "InternalError"), method="POST")
        many.delete_folder("many")
        assert proxy.count("POST") == 2
        assert not many.exists("many/b")

    def test_file_that_never_can_be_deleted_is_an_error(self, many: S3Files, proxy: FaultProxy, s3_root: str) -> None:
        proxy.next(self.reply(self.key_of(s3_root), "SlowDown"), times=None, method="POST")
        assert isinstance(failed(lambda: many.delete_folder("many")), BackendUnavailableError)

    def test_file_that_may_not_be_deleted_is_told_at_once(self, many: S3Files, proxy: FaultProxy, s3_root: str) -> None:
        proxy.next(self.reply(self.key_of(s3_root), "AccessDenied"), times=None, method="POST")
        assert failed(lambda: many.delete_folder("many")).code == "storage-access-denied"
        assert proxy.count("POST") == 1


class TestLargeFiles:
    part = 5 * 1024 * 1024

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        path = tmp_path / "source"
        path.write_bytes(bytes(range(256)) * (self.part // 256 * 2) + b"the rest")
        return path

    @pytest.fixture
    def key(self, s3_root: str) -> str:
        return f"{bucket_and_prefix(s3_root)[1]}/large"

    def test_part_that_fails_is_sent_again_and_no_other(
        self, bucket: S3Bucket, proxy: FaultProxy, source: Path, key: str
    ) -> None:
        proxy.next(SLOW_DOWN, times=2, method="PUT")
        upload_file(bucket, key, source, part_bytes=self.part)
        assert proxy.count("PUT") == 3 + 2
        assert bucket.get(key) == source.read_bytes()

    def test_upload_whose_last_reply_was_lost_is_known_as_complete(
        self, bucket: S3Bucket, proxy: FaultProxy, source: Path, key: str
    ) -> None:
        proxy.next(LOST_REPLY, method="POST", path="uploadId")
        upload_file(bucket, key, source, part_bytes=self.part)
        assert bucket.get(key) == source.read_bytes()

    def test_upload_that_fails_leaves_what_was_there_and_no_parts(
        self, bucket: S3Bucket, proxy: FaultProxy, source: Path, key: str
    ) -> None:
        import boto3

        bucket.put(key, b"before")
        proxy.next(DENIED, times=None, method="PUT")
        assert failed(lambda: upload_file(bucket, key, source, part_bytes=self.part)).code == "storage-access-denied"
        assert bucket.get(key) == b"before"
        assert not [one for one in proxy.requests if one[0] == "POST" and "uploadId" in one[1]]
        assert [one for one in proxy.requests if one[0] == "DELETE" and "uploadId" in one[1]]
        assert "Uploads" not in boto3.Session().client("s3").list_multipart_uploads(Bucket=BUCKET)

    def test_file_up_to_the_size_of_a_part_goes_at_once(
        self, bucket: S3Bucket, proxy: FaultProxy, tmp_path: Path, key: str
    ) -> None:
        (tmp_path / "small").write_bytes(b"x" * PART_BYTES)
        upload_file(bucket, key, tmp_path / "small")
        assert proxy.requests[0][0] == "PUT"
        assert proxy.count() == 1


def test_folder_that_could_not_be_stored_whole_is_not_found(
    files: S3Files, bucket: S3Bucket, proxy: FaultProxy, s3_root: str, tmp_path: Path
) -> None:
    prefix = bucket_and_prefix(s3_root)[1]
    folders = S3Folders(files, bucket, f"{prefix}/snapshots")
    source = tmp_path / "source"
    source.mkdir()
    for name in ("a", "b", "manifest.json"):
        (source / name).write_bytes(b"words")
    proxy.next(DENIED, times=None, method="PUT", path="/manifest.json")
    assert failed(lambda: folders.store("p/1", source)).code == "storage-access-denied"
    proxy.reset()
    assert not folders.fetch("p/1", tmp_path / "got")
    assert not list(bucket.objects(f"{prefix}/snapshots/"))
