"""Whoever started a run is told how it ended, truthfully, in the app and by e-mail; a mail that fails fails nothing."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from email import message_from_string
from email.policy import default
from pathlib import Path

import pytest

from services.backends.smtp_notices import SmtpNotices, SmtpServer
from services.errors import (
    BackendError,
    BackendMisconfiguredError,
    BackendRejectedError,
    BackendUnavailableError,
    NotFoundError,
)
from services.images.background_models import BackgroundKind, BackgroundWish
from services.images.models import NoticeState
from services.images.notices import Channels, RunNotices, notice_words, subject
from services.images.totals import RunTotals
from services.jobs.models import Job, JobStatus
from services.setting_choices import SmtpTls
from tests.serving import free_port
from tests.smtp_server import SmtpTestServer, make_certificate, running_smtp_server
from tests.unit.images.batch_desk import GRACE, MIA, TENANT, PhotoDesk, blank_photo, photo
from tests.unit.images.photo_fakes import LEFT

CLEAR = BackgroundWish(kind=BackgroundKind.TRANSPARENT)
SENDER = "Frontline <frontline@shop.test>"


@pytest.fixture
def server() -> Iterator[SmtpTestServer]:
    with running_smtp_server() as running:
        yield running


@pytest.fixture
def desk_with(tmp_path: Path) -> Iterator[Callable[[Channels], PhotoDesk]]:
    """Makes a desk whose notices go out on these ways."""
    made: list[PhotoDesk] = []

    def make(channels: Channels) -> PhotoDesk:
        made.append(PhotoDesk(tmp_path / str(len(made)), channels=channels))
        return made[-1]

    yield make
    for desk in made:
        desk.close()


def plain(port: int) -> SmtpNotices:
    return SmtpNotices(SmtpServer("127.0.0.1", port, SENDER, SmtpTls.OFF), timeout_seconds=5)


def told(desk: PhotoDesk) -> list[tuple[NoticeState, str]]:
    return [(notice.state, notice.words) for notice in desk.service.notices(MIA)]


def mail_of(desk: PhotoDesk, job: Job) -> object:
    return desk.jobs.get(TENANT, job.id).result.get("mail")


def test_finished_run_says_so(desk: PhotoDesk) -> None:
    job = desk.run(desk.batch(a_png=photo(), b_png=photo(color="#40ff20")), CLEAR)
    notice = desk.service.notices(MIA)[0]
    assert (notice.state, notice.words) == (NoticeState.FINISHED, "All 2 photos have their new background.")
    assert (notice.job_id, notice.batch_id, notice.title) == (job.id, job.arguments["batch_id"], "2 photos")
    assert mail_of(desk, job) == "off"


def test_run_of_which_some_failed_says_how_many_and_why(desk: PhotoDesk) -> None:
    desk.run(desk.batch(a_png=photo(), b_png=blank_photo(), c_png=b""), CLEAR)
    state, words = told(desk)[0]
    assert state is NoticeState.PARTLY
    assert words.startswith("1 of 2 photos have their new background; 1 failed. No product was found in this photo.")
    assert words.endswith("1 more was refused at upload.")


def test_run_of_which_everything_failed_never_says_that_it_succeeded(desk: PhotoDesk) -> None:
    job = desk.run(desk.batch(a_png=blank_photo(), b_png=blank_photo(2)), CLEAR)
    assert job.status is JobStatus.FAILED
    state, words = told(desk)[0]
    assert state is NoticeState.FAILED
    assert words.startswith("None of the 2 photos got a new background. Most often: No product was found")


def test_retry_is_told_as_a_round_of_its_own(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(), b_png=blank_photo())
    job = desk.run(batch, CLEAR)
    desk.service.upload_mask(MIA, TENANT, batch.id, 1, photo(LEFT, color="white"))
    desk.clock.advance(minutes=1)
    desk.service.retry(MIA, TENANT, job.id)
    assert [state for state, _ in told(desk)] == [NoticeState.FINISHED, NoticeState.PARTLY]


def test_notice_is_for_who_started_the_run_until_it_is_put_away(desk: PhotoDesk) -> None:
    desk.run(desk.batch(a_png=photo()), CLEAR)
    notice = desk.service.notices(MIA)[0]
    assert desk.service.notices(GRACE) == []
    with pytest.raises(NotFoundError):
        desk.service.dismiss(GRACE, notice.id)
    desk.service.dismiss(MIA, notice.id)
    assert desk.service.notices(MIA) == []


def test_words_fit_one_photo_and_many() -> None:
    assert notice_words(RunTotals(done=1), 0) == "The photo has its new background."
    assert notice_words(RunTotals(failed=1, common_cause="No.", common_remedy="Go."), 2) == (
        "The photo got no new background. No. Go. 2 more were refused at upload."
    )
    assert subject("Spring", NoticeState.PARTLY) == "Partly failed: new backgrounds for Spring"


def test_mail_says_how_it_ended_and_links_to_the_results(
    server: SmtpTestServer, desk_with: Callable[[Channels], PhotoDesk]
) -> None:
    desk = desk_with(Channels(plain(server.port), "{username}@shop.test", app_url="https://frontline.shop.test/"))
    job = desk.run(desk.batch(a_png=photo(), b_png=blank_photo()), CLEAR)
    (sender, recipients, text) = server.messages[0]
    message = message_from_string(text, policy=default)
    assert (sender, recipients) == ("frontline@shop.test", ["mia@shop.test"])
    assert message["Subject"] == "Partly failed: new backgrounds for 2 photos"
    assert message["Message-ID"] == f"<{job.id}.1@shop.test>"
    body = message.get_body().get_content()  # type: ignore[union-attr]
    assert "1 of 2 photos" in body
    address = f"https://frontline.shop.test/backgrounds?batch={job.arguments['batch_id']}&run={job.id}"
    assert address in body
    assert f"https://frontline.shop.test/downloads/backgrounds/{TENANT}/{job.id}.zip" in body
    assert "Report (CSV)" not in body
    assert mail_of(desk, job) == "sent"


def test_mail_that_cannot_be_sent_fails_nothing_and_is_shown(desk_with: Callable[[Channels], PhotoDesk]) -> None:
    desk = desk_with(Channels(plain(free_port()), "{username}@shop.test"))
    job = desk.run(desk.batch(a_png=photo()), CLEAR)
    assert (job.status, mail_of(desk, job)) == (JobStatus.DONE, "failed")
    assert told(desk)[0][1] == (
        "The photo has its new background. The e-mail about it could not be sent: The mail server cannot be reached."
    )


def test_account_without_an_address_gets_no_mail(
    server: SmtpTestServer, desk_with: Callable[[Channels], PhotoDesk]
) -> None:
    desk = desk_with(Channels(plain(server.port)))
    assert mail_of(desk, desk.run(desk.batch(a_png=photo()), CLEAR)) == "no-address"
    assert server.messages == []
    assert Channels(plain(server.port)).address("mia@shop.test") == "mia@shop.test"


class ListeningTopic:
    """A Notice that keeps what it was told.

    Attributes:
        broken: While True it does not answer.
    """

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str, str, dict[str, str]]] = []
        self.broken = False

    def send(
        self, recipient: str, subject: str, text: str, *, key: str, facts: Mapping[str, str] | None = None
    ) -> None:
        if self.broken:
            raise BackendUnavailableError("The topic for notices is not available at the moment.")
        self.told.append((recipient, subject, text, key, dict(facts or {})))

    def check_ready(self) -> None:
        """Always ready."""


def test_topic_hears_of_everyone_and_can_tell_runs_apart(desk_with: Callable[[Channels], PhotoDesk]) -> None:
    topic = ListeningTopic()
    desk = desk_with(Channels(topic=topic))
    job = desk.run(desk.batch(a_png=photo(), b_png=blank_photo()), CLEAR)
    ((recipient, title, text, key, facts),) = topic.told
    assert (recipient, title) == ("mia", "Partly failed: new backgrounds for 2 photos")
    assert text.startswith("1 of 2 photos have their new background; 1 failed.")
    assert key == f"{job.id}.1"
    assert facts == {"tenant": TENANT, "kind": "replace-backgrounds", "result": "partly"}
    assert desk.jobs.get(TENANT, job.id).result["topic"] == "sent"
    assert mail_of(desk, job) == "off"


def test_way_that_fails_is_told_and_the_other_is_taken_all_the_same(
    server: SmtpTestServer, desk_with: Callable[[Channels], PhotoDesk]
) -> None:
    topic = ListeningTopic()
    topic.broken = True
    desk = desk_with(Channels(plain(server.port), "{username}@shop.test", topic=topic))
    job = desk.run(desk.batch(a_png=photo()), CLEAR)
    assert (mail_of(desk, job), desk.jobs.get(TENANT, job.id).result["topic"]) == ("sent", "failed")
    assert told(desk)[0][1].endswith(
        "The notice about it to the topic could not be sent: The topic for notices is not available at the moment."
    )
    both = desk_with(Channels(plain(free_port()), "{username}@shop.test", topic=ListeningTopic()))
    job = both.run(both.batch(a_png=photo()), CLEAR)
    assert (mail_of(both, job), both.jobs.get(TENANT, job.id).result["topic"]) == ("failed", "sent")


def test_topic_is_told_once_though_the_end_of_a_run_is_worked_on_again(
    desk_with: Callable[[Channels], PhotoDesk],
) -> None:
    topic = ListeningTopic()
    channels = Channels(topic=topic)
    desk = desk_with(channels)
    job = desk.run(desk.batch(a_png=photo()), CLEAR)
    assert desk.notices_of(channels).tell(job, RunTotals(done=1))["topic"] == "sent"
    assert len(topic.told) == 1


def test_topic_that_failed_is_told_when_the_end_is_worked_on_again(desk_with: Callable[[Channels], PhotoDesk]) -> None:
    topic = ListeningTopic()
    topic.broken = True
    desk = desk_with(Channels(topic=topic))
    job = desk.run(desk.batch(a_png=photo()), CLEAR)
    topic.broken = False
    desk.notices_of(Channels(topic=topic)).tell(job, RunTotals(done=1))
    assert len(topic.told) == 1


def test_notice_links_to_the_report_where_the_storage_gives_links_and_says_how_long(
    desk_with: Callable[[Channels], PhotoDesk],
) -> None:
    topic = ListeningTopic()
    desk = desk_with(Channels(topic=topic, link_hours=48))
    desk.files.links = "https://files.test"
    job = desk.run(desk.batch(a_png=photo()), CLEAR)
    text = topic.told[0][2]
    name = f"images/{TENANT}/runs/{job.arguments['batch_id']}/{job.id}/report-1.csv"
    assert f"Report (CSV): https://files.test/{name}?seconds=172800&as=backgrounds-" in text
    assert "at most 48 hours" in text
    assert b"a.png" in desk.files.read(name)


def test_report_that_cannot_be_stored_leaves_the_link_out_and_fails_nothing(
    desk_with: Callable[[Channels], PhotoDesk],
) -> None:
    topic = ListeningTopic()

    def broken(tenant_id: str, job_id: str, *, seconds: int) -> str | None:
        raise BackendUnavailableError(f"No link to {job_id} for {seconds} seconds.")

    desk = desk_with(Channels())
    job = desk.run(desk.batch(a_png=photo()), CLEAR)
    notices = RunNotices(desk.repository, desk.notices, Channels(topic=topic), report_link=broken)
    assert notices.tell(job, RunTotals(done=1))["topic"] == "sent"
    assert topic.told[0][2] == "The photo has its new background.\n"


def test_what_was_stored_for_takeaway_goes_with_the_batch(desk: PhotoDesk) -> None:
    desk.files.links = "https://files.test"
    batch = desk.batch(a_png=photo())
    job = desk.run(batch, CLEAR)
    assert desk.service.report_link(TENANT, job.id, seconds=60)
    assert desk.service.zip_link(TENANT, job.id, seconds=60, download_name="all.zip")
    assert desk.files.folders(f"images/{TENANT}/runs") == [batch.id]
    desk.service.delete(MIA, TENANT, batch.id)
    assert desk.files.folders(f"images/{TENANT}/runs") == []


def test_zip_is_stored_once_for_each_state_of_a_run(desk: PhotoDesk) -> None:
    desk.files.links = "https://files.test"
    batch = desk.batch(a_png=photo(), b_png=blank_photo())
    job = desk.run(batch, CLEAR)

    def stored() -> list[str]:
        return [name for name in desk.files.files if name.endswith("results.zip")]

    first = desk.service.zip_link(TENANT, job.id, seconds=60, download_name="all.zip")
    before = stored()
    written = len(desk.files.written)
    assert desk.service.zip_link(TENANT, job.id, seconds=60, download_name="all.zip") == first
    assert (stored(), len(desk.files.written)) == (before, written)
    assert zipfile.ZipFile(io.BytesIO(desk.files.read(before[0]))).namelist() == ["a.png"]
    desk.service.upload_mask(MIA, TENANT, batch.id, 1, photo(LEFT, color="white"))
    desk.service.retry(MIA, TENANT, job.id)
    assert desk.service.zip_link(TENANT, job.id, seconds=60, download_name="all.zip") != first
    (after,) = stored()
    assert zipfile.ZipFile(io.BytesIO(desk.files.read(after))).namelist() == ["a.png", "b.png"]


def test_storage_without_links_stores_no_zip(desk: PhotoDesk) -> None:
    job = desk.run(desk.batch(a_png=photo()), CLEAR)
    assert desk.service.zip_link(TENANT, job.id, seconds=60, download_name="all.zip") is None
    assert desk.service.report_link(TENANT, job.id, seconds=60) is None
    assert desk.files.folders(f"images/{TENANT}/runs") == []


@pytest.mark.parametrize("tls", [SmtpTls.STARTTLS, SmtpTls.TLS])
def test_mail_is_encrypted_and_signed_in(tmp_path: Path, tls: SmtpTls) -> None:
    trusted, context = make_certificate(tmp_path)
    with running_smtp_server(context, starttls=tls is SmtpTls.STARTTLS, sign_in=("frontline", "secret")) as server:
        settings = SmtpServer("127.0.0.1", server.port, SENDER, tls, "frontline", "secret", str(trusted))
        notices = SmtpNotices(settings, timeout_seconds=5)
        notices.check_ready()
        notices.send("mia@shop.test", "Finished:\nall", "Grüße\n.\nEnd", key="job/1")
    message = message_from_string(server.messages[0][2], policy=default)
    assert server.encrypted == [True]
    assert (message["Subject"], message["Message-ID"]) == ("Finished: all", "<job-1@shop.test>")
    assert message.get_content() == "Grüße\n.\nEnd\n"


def test_server_without_starttls_is_not_trusted_with_a_message(server: SmtpTestServer) -> None:
    notices = SmtpNotices(SmtpServer("127.0.0.1", server.port, SENDER), timeout_seconds=5)
    with pytest.raises(BackendMisconfiguredError):
        notices.send("mia@shop.test", "Finished", "All done.", key="1")
    assert server.messages == []


def test_unknown_certificate_is_refused(tmp_path: Path) -> None:
    _, context = make_certificate(tmp_path)
    with running_smtp_server(context, starttls=True) as server:
        notices = SmtpNotices(SmtpServer("127.0.0.1", server.port, SENDER), timeout_seconds=5)
        with pytest.raises(BackendMisconfiguredError) as caught:
            notices.send("mia@shop.test", "Finished", "All done.", key="1")
    assert caught.value.code == "mail-tls"


@pytest.mark.parametrize(
    ("command", "reply", "error"),
    [
        ("RCPT", "550 No such user", BackendRejectedError),
        ("DATA", "554 No", BackendRejectedError),
        ("MAIL", "553 Not you", BackendRejectedError),
        ("EHLO", "421 Come back later", BackendUnavailableError),
    ],
)
def test_refusal_of_the_server_is_told(
    server: SmtpTestServer, command: str, reply: str, error: type[BackendError]
) -> None:
    server.refusals = {command: reply, "HELO": reply}
    with pytest.raises(error):
        plain(server.port).send("mia@shop.test", "Finished", "All done.", key="1")


def test_wrong_password_and_wrong_address_are_told(tmp_path: Path) -> None:
    with running_smtp_server(sign_in=("frontline", "secret")) as server:
        settings = SmtpServer("127.0.0.1", server.port, SENDER, SmtpTls.OFF, "frontline", "wrong")
        with pytest.raises(BackendMisconfiguredError):
            SmtpNotices(settings, timeout_seconds=5).check_ready()
        with pytest.raises(BackendRejectedError) as caught:
            plain(server.port).send("mia wong", "Finished", "All done.", key="1")
    assert caught.value.code == "mail-address"
