"""What every store of image batches keeps to; a test class for one store inherits it and gives the fixtures."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.errors import ConflictError, NotFoundError
from services.images.background_models import Backdrop, BackgroundKind, BackgroundWish, CompositeMode, SizePreset
from services.images.mask_models import Box, MaskDoubt, MaskEdit, MaskState, Stroke
from services.images.models import (
    BatchImage,
    BatchNotice,
    CompositeReview,
    ImageBatch,
    ImageFailure,
    Label,
    LabelSource,
    NoticeState,
    Pruning,
    Review,
)
from services.ports.images import BatchNotices, ImageChanges, ImageRepository

TENANT, OTHER_TENANT = "pharmacy", "clinic"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
WISH = BackgroundWish(
    kind=BackgroundKind.COLOR,
    prompt="London city background",
    negative_prompt="people",
    color="#0a0b0c",
    mode=CompositeMode.DEFAULT,
    variations=3,
    seed=2_147_483_640,
    size=SizePreset.MARKETPLACE,
    padding=0.1,
    shadow=0.25,
)
REGION = Label("r1", "Bottle", LabelSource.REGION, 0.75, Box(0.1, 0.2, 0.3, 0.4), 1, 0.12, "#aabbcc")
TYPED = Label("t1", "Été", LabelSource.PERSON)
EDIT = MaskEdit(
    Box(0.0, 0.1, 1.0, 0.8), (Stroke(False, ((0.1, 0.2), (0.3, 0.4)), 0.02),), "images/pharmacy/masks/a.png"
)
MASK = MaskState("images/a/matte.png", "k1", "grabcut", (MaskDoubt.TINY, MaskDoubt.UNSTABLE), True, 0.03)
FAILURE = ImageFailure("image-svg", "It is a drawing.", "Export it as PNG.")


def new_batch(number: int = 1, **changes: object) -> ImageBatch:
    """A batch; a higher number is a later one."""
    made = ImageBatch(f"b{number}", TENANT, "ana", f"Spring {number}", START + timedelta(hours=number))
    return replace(made, **changes)  # type: ignore[arg-type]


def new_image(position: int = 0, **changes: object) -> BatchImage:
    """A usable image of batch 1 that nothing is known of."""
    made = BatchImage("b1", position, f"shoes/{position}.jpg", "a" * 64, (640, 480), "JPEG", 12_345)
    return replace(made, **changes)  # type: ignore[arg-type]


def new_backdrop(number: int = 1, **changes: object) -> Backdrop:
    """A backdrop; a higher number is a later one."""
    at = START + timedelta(minutes=number)
    made = Backdrop(
        f"d{number}", TENANT, "Oak table", f"f{number}", f"p{number}", str(number) * 64, (90, 60), at, "ana"
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def new_review(**changes: object) -> CompositeReview:
    """A person's yes to the first composite of run 1."""
    return replace(CompositeReview("run1", 0, 0, Review.APPROVED, "ana", START), **changes)  # type: ignore[arg-type]


def new_notice(number: int = 1, **changes: object) -> BatchNotice:
    """A notice on batch 1; a higher number is a later one."""
    at = START + timedelta(minutes=number)
    made = BatchNotice(
        f"n{number}", TENANT, "ana", f"run{number}", "b1", "Spring", "All 3 are done.", NoticeState.FINISHED, at
    )
    return replace(made, **changes)  # type: ignore[arg-type]


class ImageRepositoryContract:
    """Give ``repository``, empty, that knows both tenants; ``run1`` is a run of batch ``b1`` of the first tenant."""

    @pytest.fixture
    def repository(self) -> ImageRepository:
        raise NotImplementedError

    @pytest.fixture
    def filled(self, repository: ImageRepository) -> ImageRepository:
        """With batch 1 of three images."""
        repository.insert_batch(new_batch(), [new_image(position) for position in range(3)])
        return repository

    def test_batch_comes_back_as_it_was_kept(self, repository: ImageRepository) -> None:
        batch = new_batch(pruning=Pruning(frozenset({"person", "été"}), 0.4), wish=WISH, prepare_job_id="j1")
        repository.insert_batch(batch, [new_image(), new_image(1)])
        assert repository.get_batch(TENANT, "b1") == replace(batch, image_count=2)

    def test_image_comes_back_with_everything_known_of_it(self, repository: ImageRepository) -> None:
        full = new_image(
            1,
            labels=(REGION,),
            decisions={"r1": False},
            names={"r1": "Flask"},
            added_labels=(TYPED,),
            edit=EDIT,
            mask=MASK,
            failure=FAILURE,
        )
        refused = BatchImage("b1", 2, "drawing.jpg", failure=FAILURE)
        repository.insert_batch(new_batch(), [new_image(), full, refused])
        assert repository.list_images(TENANT, "b1") == [new_image(), full, refused]
        assert repository.get_image(TENANT, "b1", 1) == full

    def test_labels_that_were_not_computed_differ_from_none_found(self, filled: ImageRepository) -> None:
        filled.save_labels(TENANT, "b1", 0, [])
        assert [image.labels for image in filled.list_images(TENANT, "b1", positions=[0, 1])] == [(), None]

    def test_only_the_images_asked_for_are_listed(self, filled: ImageRepository) -> None:
        assert [image.position for image in filled.list_images(TENANT, "b1", positions={2, 0, 99})] == [0, 2]
        assert [image.position for image in filled.list_images(TENANT, "b1", positions=range(1, 2000))] == [1, 2]
        assert filled.list_images(TENANT, "b1", positions=[]) == []

    def test_added_images_follow_those_that_there_are(self, filled: ImageRepository) -> None:
        changed = filled.add_images(TENANT, "b1", [new_image(0, batch_id="?"), new_image(0, file_name="new.jpg")])
        assert changed.image_count == 5
        assert filled.get_batch(TENANT, "b1") == changed
        listed = filled.list_images(TENANT, "b1")
        assert [image.position for image in listed] == [0, 1, 2, 3, 4]
        assert {image.batch_id for image in listed} == {"b1"}
        assert listed[4].file_name == "new.jpg"

    def test_images_added_at_the_same_time_all_get_a_place(self, filled: ImageRepository) -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: filled.add_images(TENANT, "b1", [new_image(), new_image()]), range(8)))
        assert [image.position for image in filled.list_images(TENANT, "b1")] == list(range(19))
        assert filled.get_batch(TENANT, "b1").image_count == 19

    def test_batches_come_newest_first_and_limited(self, repository: ImageRepository) -> None:
        for number in (2, 3, 1):
            repository.insert_batch(new_batch(number), [])
        assert [batch.id for batch in repository.list_batches(TENANT, limit=2)] == ["b3", "b2"]

    def test_saved_batch_keeps_its_images_and_its_start(self, filled: ImageRepository) -> None:
        wanted = new_batch(
            title="Summer", pruning=Pruning(frozenset({"person"})), wish=WISH, prepare_job_id="j2", username="other"
        )
        filled.save_batch(wanted)
        assert filled.get_batch(TENANT, "b1") == replace(wanted, username="ana", image_count=3)

    def test_what_is_saved_of_an_image_leaves_the_rest(self, filled: ImageRepository) -> None:
        filled.save_labels(TENANT, "b1", 1, [REGION])
        filled.save_mask(TENANT, "b1", 1, MASK)
        filled.save_failure(TENANT, "b1", 1, FAILURE)
        assert filled.list_images(TENANT, "b1") == [
            new_image(),
            new_image(1, labels=(REGION,), mask=MASK, failure=FAILURE),
            new_image(2),
        ]
        filled.save_mask(TENANT, "b1", 1, None)
        filled.save_failure(TENANT, "b1", 1, None)
        assert filled.get_image(TENANT, "b1", 1) == new_image(1, labels=(REGION,))

    def test_word_replaces_what_is_given_and_leaves_the_rest(self, filled: ImageRepository) -> None:
        said = filled.save_word(TENANT, "b1", 1, decisions={"r1": True}, names={"r1": "Flask"})
        assert said == new_image(1, decisions={"r1": True}, names={"r1": "Flask"})
        said = filled.save_word(TENANT, "b1", 1, decisions={}, added_labels=[TYPED], edit=EDIT)
        assert said == new_image(1, names={"r1": "Flask"}, added_labels=(TYPED,), edit=EDIT)
        assert filled.save_word(TENANT, "b1", 1, edit=MaskEdit()).edit.empty
        assert filled.save_word(TENANT, "b1", 1) == filled.get_image(TENANT, "b1", 1)

    def test_originals_are_counted_over_all_batches_of_the_tenant(self, filled: ImageRepository) -> None:
        filled.insert_batch(new_batch(2), [new_image(), new_image(1, sha256="b" * 64)])
        filled.insert_batch(new_batch(3, tenant_id=OTHER_TENANT), [new_image()])
        assert filled.images_with_file(TENANT, "a" * 64) == 4
        assert filled.images_with_file(TENANT, "c" * 64) == 0

    def test_deleted_batch_takes_its_images_and_reviews_along(self, filled: ImageRepository) -> None:
        filled.insert_batch(new_batch(2), [new_image()])
        filled.save_review(TENANT, new_review())
        filled.delete_batch(TENANT, "b1")
        with pytest.raises(NotFoundError):
            filled.get_batch(TENANT, "b1")
        assert filled.images_with_file(TENANT, "a" * 64) == 1
        assert filled.list_reviews(TENANT, "run1") == []

    def test_what_is_not_there_is_not_found(self, filled: ImageRepository) -> None:
        for call in (
            lambda: filled.get_image(TENANT, "b1", 3),
            lambda: filled.save_labels(TENANT, "b1", 3, []),
            lambda: filled.save_mask(TENANT, "none", 0, None),
            lambda: filled.get_backdrop(TENANT, "none"),
            lambda: filled.rename_backdrop(TENANT, "none", "x"),
            lambda: filled.delete_batch(TENANT, "none"),
        ):
            with pytest.raises(NotFoundError):
                call()

    def test_everything_of_another_tenant_is_not_found(self, filled: ImageRepository) -> None:
        filled.insert_backdrop(new_backdrop())
        filled.save_review(TENANT, new_review())
        calls: list[Callable[[], object]] = [
            lambda: filled.get_batch(OTHER_TENANT, "b1"),
            lambda: filled.save_batch(new_batch(tenant_id=OTHER_TENANT, title="Theirs")),
            lambda: filled.add_images(OTHER_TENANT, "b1", [new_image()]),
            lambda: filled.delete_batch(OTHER_TENANT, "b1"),
            lambda: filled.get_image(OTHER_TENANT, "b1", 0),
            lambda: filled.list_images(OTHER_TENANT, "b1"),
            lambda: filled.save_labels(OTHER_TENANT, "b1", 0, [REGION]),
            lambda: filled.save_mask(OTHER_TENANT, "b1", 0, MASK),
            lambda: filled.save_failure(OTHER_TENANT, "b1", 0, FAILURE),
            lambda: filled.save_word(OTHER_TENANT, "b1", 0, edit=EDIT),
            lambda: filled.save_word(OTHER_TENANT, "b1", 0),
            lambda: filled.get_backdrop(OTHER_TENANT, "d1"),
            lambda: filled.rename_backdrop(OTHER_TENANT, "d1", "Theirs"),
            lambda: filled.delete_backdrop(OTHER_TENANT, "d1"),
            lambda: filled.save_review(OTHER_TENANT, new_review(review=Review.REJECTED)),
            lambda: filled.list_reviews(OTHER_TENANT, "run1"),
        ]
        for call in calls:
            with pytest.raises(NotFoundError):
                call()
        filled.delete_review(OTHER_TENANT, "run1", 0, 0)
        assert filled.list_batches(OTHER_TENANT, limit=9) == []
        assert filled.list_backdrops(OTHER_TENANT) == []
        assert filled.images_with_file(OTHER_TENANT, "a" * 64) == 0
        assert filled.get_batch(TENANT, "b1") == new_batch(image_count=3)
        assert filled.list_images(TENANT, "b1") == [new_image(0), new_image(1), new_image(2)]
        assert filled.list_backdrops(TENANT) == [new_backdrop()]
        assert filled.list_reviews(TENANT, "run1") == [new_review()]

    def test_backdrops_come_newest_first(self, repository: ImageRepository) -> None:
        for number in (2, 3, 1):
            repository.insert_backdrop(new_backdrop(number))
        repository.delete_backdrop(TENANT, "d2")
        repository.rename_backdrop(TENANT, "d3", "Marble")
        assert repository.list_backdrops(TENANT) == [new_backdrop(3, caption="Marble"), new_backdrop(1)]
        assert repository.get_backdrop(TENANT, "d1") == new_backdrop(1)

    def test_picture_is_in_a_tenants_library_once(self, repository: ImageRepository) -> None:
        repository.insert_backdrop(new_backdrop())
        with pytest.raises(ConflictError) as caught:
            repository.insert_backdrop(new_backdrop(2, sha256="1" * 64))
        assert caught.value.code == "backdrop-taken"
        repository.insert_backdrop(new_backdrop(3, sha256="1" * 64, tenant_id=OTHER_TENANT))
        assert repository.list_backdrops(TENANT) == [new_backdrop()]

    def test_review_replaces_the_one_before_and_can_be_taken_back(self, filled: ImageRepository) -> None:
        filled.save_review(TENANT, new_review())
        filled.save_review(TENANT, new_review(variation=1))
        filled.save_review(TENANT, new_review(review=Review.REJECTED, username="grace"))
        assert filled.list_reviews(TENANT, "run1") == [
            new_review(review=Review.REJECTED, username="grace"),
            new_review(variation=1),
        ]
        for _ in range(2):
            filled.delete_review(TENANT, "run1", 0, 0)
        assert filled.list_reviews(TENANT, "run1") == [new_review(variation=1)]


class ImageChangesContract:
    """Give ``repository`` as above and ``changes`` over the same store."""

    @pytest.fixture
    def changes(self, repository: ImageRepository) -> ImageChanges:
        raise NotImplementedError

    def append(self, changes: ImageChanges, number: int) -> None:
        changes.append(TENANT, "b1", username="ana", at=START, words=f"Change {number}", before={"0": [number, None]})

    def test_changes_come_back_newest_first_until_none_is_left(
        self, repository: ImageRepository, changes: ImageChanges
    ) -> None:
        repository.insert_batch(new_batch(), [])
        assert changes.pop_last(TENANT, "b1") is None
        for number in (1, 2):
            self.append(changes, number)
        popped = changes.pop_last(TENANT, "b1")
        assert popped is not None
        assert (popped.username, popped.at, popped.words, popped.before) == ("ana", START, "Change 2", {"0": [2, None]})
        self.append(changes, 3)
        third = changes.pop_last(TENANT, "b1")
        first = changes.pop_last(TENANT, "b1")
        assert third is not None
        assert first is not None
        assert (third.words, first.words) == ("Change 3", "Change 1")
        assert third.number > popped.number > first.number
        assert changes.pop_last(TENANT, "b1") is None

    def test_last_50_changes_of_each_batch_are_kept(self, repository: ImageRepository, changes: ImageChanges) -> None:
        repository.insert_batch(new_batch(), [])
        repository.insert_batch(new_batch(2), [])
        changes.append(TENANT, "b2", username="ana", at=START, words="Elsewhere", before={})
        for number in range(60):
            self.append(changes, number)
        words = []
        while change := changes.pop_last(TENANT, "b1"):
            words.append(change.words)
        assert words == [f"Change {number}" for number in range(59, 9, -1)]
        assert changes.pop_last(TENANT, "b2") is not None

    def test_change_that_two_people_undo_at_once_is_given_to_one(
        self, repository: ImageRepository, changes: ImageChanges
    ) -> None:
        repository.insert_batch(new_batch(), [])
        for number in range(8):
            self.append(changes, number)
        with ThreadPoolExecutor(4) as pool:
            popped = list(pool.map(lambda _: changes.pop_last(TENANT, "b1"), range(8)))
        assert {change.words for change in popped if change} == {f"Change {number}" for number in range(8)}

    def test_changes_of_another_tenant_are_not_found(self, repository: ImageRepository, changes: ImageChanges) -> None:
        repository.insert_batch(new_batch(), [])
        self.append(changes, 1)
        with pytest.raises(NotFoundError):
            changes.pop_last(OTHER_TENANT, "b1")
        with pytest.raises(NotFoundError):
            changes.append(OTHER_TENANT, "b1", username="ana", at=START, words="Theirs", before={})
        assert changes.pop_last(TENANT, "b1") is not None

    def test_deleted_batch_takes_its_changes_along(self, repository: ImageRepository, changes: ImageChanges) -> None:
        repository.insert_batch(new_batch(), [])
        self.append(changes, 1)
        repository.delete_batch(TENANT, "b1")
        with pytest.raises(NotFoundError):
            changes.pop_last(TENANT, "b1")


class BatchNoticesContract:
    """Give ``repository`` as above and ``notices`` over the same store."""

    @pytest.fixture
    def notices(self, repository: ImageRepository) -> BatchNotices:
        raise NotImplementedError

    @pytest.fixture
    def open_batch(self, repository: ImageRepository) -> None:
        repository.insert_batch(new_batch(), [])

    @pytest.mark.usefixtures("open_batch")
    def test_notices_come_newest_first(self, notices: BatchNotices) -> None:
        kept = [new_notice(1, state=NoticeState.PARTLY, round=2), new_notice(3), new_notice(2)]
        assert [notices.insert(notice) for notice in kept] == [True, True, True]
        assert notices.list_open("ana", [TENANT]) == [kept[1], kept[2], kept[0]]

    @pytest.mark.usefixtures("open_batch")
    def test_round_of_a_job_is_told_once(self, notices: BatchNotices) -> None:
        assert notices.insert(new_notice())
        assert not notices.insert(new_notice(2, job_id="run1", words="Told again."))
        assert notices.insert(new_notice(3, job_id="run1", round=2))
        assert [notice.id for notice in notices.list_open("ana", [TENANT])] == ["n3", "n1"]

    @pytest.mark.usefixtures("open_batch")
    def test_round_that_several_workers_tell_at_once_is_told_once(self, notices: BatchNotices) -> None:
        with ThreadPoolExecutor(4) as pool:
            told = list(pool.map(lambda number: notices.insert(new_notice(number, job_id="run1")), range(1, 9)))
        assert told.count(True) == 1

    @pytest.mark.usefixtures("open_batch")
    def test_dismissed_notice_is_not_shown_and_not_told_again(self, notices: BatchNotices) -> None:
        notices.insert(new_notice())
        for _ in range(2):
            notices.dismiss("ana", "n1", START)
        assert notices.list_open("ana", [TENANT]) == []
        assert not notices.insert(new_notice(2, job_id="run1"))

    @pytest.mark.usefixtures("open_batch")
    def test_notice_is_shown_to_its_person_in_the_tenants_asked_for(self, notices: BatchNotices) -> None:
        notices.insert(new_notice())
        assert notices.list_open("grace", [TENANT]) == []
        assert notices.list_open("ana", [OTHER_TENANT]) == []
        assert notices.list_open("ana", []) == []
        with pytest.raises(NotFoundError):
            notices.dismiss("grace", "n1", START)
        assert notices.list_open("ana", [OTHER_TENANT, TENANT]) == [new_notice()]

    def test_nothing_is_told_of_a_batch_that_is_gone(self, repository: ImageRepository, notices: BatchNotices) -> None:
        assert not notices.insert(new_notice())
        repository.insert_batch(new_batch(), [])
        assert notices.insert(new_notice())
        repository.delete_batch(TENANT, "b1")
        assert notices.list_open("ana", [TENANT]) == []
