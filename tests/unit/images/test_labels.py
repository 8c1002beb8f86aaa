"""Labels are computed once, pruned once for the batch and per image, and every change can be undone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.errors import InputError, NotFoundError
from services.images.file_words import file_name_labels
from services.images.mask_models import Box
from services.images.models import BatchImage, Label, LabelSource
from tests.unit.images.batch_desk import MIA, TENANT, PhotoDesk, box_around, photo, square_of
from tests.unit.images.photo_fakes import LEFT, RIGHT

PERSON = Label("model-1", "Person", LabelSource.MODEL, 0.4)


def names_kept(desk: PhotoDesk, batch_id: str, position: int = 0) -> list[str]:
    batch = desk.service.get(TENANT, batch_id)
    image = desk.service.image(TENANT, batch_id, position)
    return [label.name for label in image.all_labels() if image.keeps(label, batch.pruning)]


def test_words_of_the_file_name_become_labels_and_camera_names_do_not() -> None:
    assert [label.name for label in file_name_labels("spring/redShoe_size-42 (2).final.jpg")] == ["Red", "Shoe", "Size"]
    assert file_name_labels("DCIM/IMG_2041.HEIC") == ()


def test_same_photo_under_another_name_has_that_names_words_and_is_not_asked_about_again(desk: PhotoDesk) -> None:
    batch = desk.batch(shoe_png=photo(), bottle_png=photo())
    labels = [[label.name for label in image.all_labels()] for image in desk.service.images(TENANT, batch.id)]
    assert labels == [["Subject 1", "Shoe"], ["Subject 1", "Bottle"]]
    assert desk.detector.calls == 1


def test_retry_and_new_run_do_not_compute_labels_again(desk: PhotoDesk) -> None:
    batch = desk.batch(shoe_png=photo())
    desk.run(batch)
    desk.run(batch)
    assert desk.detector.calls == 1


def test_counts_go_by_name_whatever_the_case_most_frequent_first(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(LEFT, RIGHT), b_png=photo())
    desk.service.add_label(MIA, TENANT, batch.id, 0, "subject 1")
    counts = desk.service.label_counts(TENANT, batch.id)
    assert [(count.name, count.images, count.kept) for count in counts] == [("Subject 1", 2, 2), ("Subject 2", 1, 1)]
    assert counts[0].sources == (LabelSource.REGION, LabelSource.PERSON)


def test_dropping_everywhere_takes_the_label_and_its_part_of_the_mask_from_every_photo(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(LEFT, RIGHT), b_png=photo(LEFT, RIGHT, color="#40ff20"))
    desk.service.drop_everywhere(MIA, TENANT, batch.id, "subject 2")
    for position in (0, 1):
        assert "Subject 2" not in names_kept(desk, batch.id, position)
        matte = desk.matte(batch, position)
        assert (square_of(matte, LEFT), square_of(matte, RIGHT)) == (1, 0)
    assert len(desk.cutter.asked) == 2
    assert desk.service.label_counts(TENANT, batch.id)[1].kept == 0


def test_dropping_everywhere_wins_over_what_was_kept_in_single_photos_before(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(LEFT, RIGHT))
    desk.service.set_label(MIA, TENANT, batch.id, 0, "region-2", keeps=True)
    desk.service.drop_everywhere(MIA, TENANT, batch.id, "Subject 2")
    assert "Subject 2" not in names_kept(desk, batch.id)


def test_word_on_one_photo_wins_over_the_batch(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(LEFT, RIGHT), b_png=photo(LEFT, RIGHT, color="#40ff20"))
    desk.service.drop_everywhere(MIA, TENANT, batch.id, "Subject 2")
    desk.service.set_label(MIA, TENANT, batch.id, 1, "region-2", keeps=True)
    assert [square_of(desk.matte(batch, position), RIGHT) for position in (0, 1)] == [0, 1]


def test_keeping_everywhere_brings_the_label_back_also_below_the_confidence(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(LEFT, RIGHT))
    desk.service.set_least_confidence(MIA, TENANT, batch.id, 0.85)
    desk.service.set_label(MIA, TENANT, batch.id, 0, "region-2", keeps=False)
    desk.service.keep_everywhere(MIA, TENANT, batch.id, "Subject 2")
    assert names_kept(desk, batch.id) == ["Subject 1", "Subject 2"]


def test_confidence_drops_labels_below_it_and_leaves_those_without_one(desk: PhotoDesk) -> None:
    desk.detector.more = [PERSON]
    batch = desk.batch(shoe_png=photo(LEFT, RIGHT))
    desk.service.set_least_confidence(MIA, TENANT, batch.id, 0.85)
    assert names_kept(desk, batch.id) == ["Subject 1", "Shoe"]
    with pytest.raises(InputError):
        desk.service.set_least_confidence(MIA, TENANT, batch.id, 1.2)


def test_renamed_label_is_pruned_by_its_new_name(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(LEFT, RIGHT))
    desk.service.rename_label(MIA, TENANT, batch.id, 0, "region-2", " Shadow  cast ")
    desk.service.drop_everywhere(MIA, TENANT, batch.id, "shadow cast")
    assert names_kept(desk, batch.id) == ["Subject 1"]
    assert square_of(desk.matte(batch), RIGHT) == 0


def test_typed_label_with_a_box_says_where_the_subject_is(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(LEFT, RIGHT))
    desk.service.add_label(MIA, TENANT, batch.id, 0, "Bottle", box_around(RIGHT))
    matte = desk.matte(batch)
    assert (square_of(matte, LEFT), square_of(matte, RIGHT)) == (0, 1)


def test_typed_label_without_a_box_leaves_the_mask(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(LEFT, RIGHT))
    before = desk.service.image(TENANT, batch.id, 0).mask
    changed = desk.service.add_label(MIA, TENANT, batch.id, 0, "Bottle")
    assert changed.mask == before


def test_typed_label_can_be_taken_away_and_a_found_one_cannot(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo())
    added = desk.service.add_label(MIA, TENANT, batch.id, 0, "Bottle").added_labels[0]
    assert desk.service.forget_label(MIA, TENANT, batch.id, 0, added.id).added_labels == ()
    with pytest.raises(InputError) as caught:
        desk.service.forget_label(MIA, TENANT, batch.id, 0, "region-1")
    assert caught.value.code == "label-computed"


def test_label_without_a_name_or_with_an_empty_box_is_refused(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo())
    with pytest.raises(InputError) as caught:
        desk.service.add_label(MIA, TENANT, batch.id, 0, "  ")
    assert caught.value.code == "label-empty"
    with pytest.raises(InputError) as caught:
        desk.service.add_label(MIA, TENANT, batch.id, 0, "Bottle", Box(0.4, 0.4, 0.0, 0.3))
    assert caught.value.code == "box-empty"
    with pytest.raises(NotFoundError):
        desk.service.set_label(MIA, TENANT, batch.id, 0, "region-9", keeps=False)


def test_refused_photo_cannot_be_changed(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(), empty_png=b"")
    with pytest.raises(InputError) as caught:
        desk.service.add_label(MIA, TENANT, batch.id, 1, "Bottle")
    assert caught.value.code == "image-unusable"


def test_every_change_is_undone_in_turn_and_told(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(LEFT, RIGHT), b_png=photo(LEFT, RIGHT, color="#40ff20"))
    service = desk.service

    def said() -> list[object]:
        """All that people said, and the masks."""
        images: list[BatchImage] = service.images(TENANT, batch.id)
        return [service.get(TENANT, batch.id).pruning, *images]

    states = [said()]
    for change in (
        lambda: service.set_label(MIA, TENANT, batch.id, 0, "region-2", keeps=False),
        lambda: service.drop_everywhere(MIA, TENANT, batch.id, "Subject 2"),
        lambda: service.approve_mask(MIA, TENANT, batch.id, 1),
        lambda: service.set_least_confidence(MIA, TENANT, batch.id, 0.85),
        lambda: service.rename_label(MIA, TENANT, batch.id, 1, "region-1", "Shoe"),
        lambda: service.add_label(MIA, TENANT, batch.id, 0, "Bottle", box_around(RIGHT)),
        lambda: service.draw_box(MIA, TENANT, batch.id, 1, box_around(RIGHT)),
        lambda: service.keep_everywhere(MIA, TENANT, batch.id, "Subject 2"),
        lambda: service.upload_mask(MIA, TENANT, batch.id, 1, photo(RIGHT, color="white")),
    ):
        change()
        states.append(said())
    told = []
    for state in reversed(states[:-1]):
        told.append(service.undo(MIA, TENANT, batch.id))
        assert said() == state
    assert told[-2:] == ["Undone: “Subject 2” dropped in all photos.", "Undone: “Subject 2” dropped in a.png."]
    assert service.undo(MIA, TENANT, batch.id) == ""


def test_masks_that_have_to_be_cut_out_anew_for_the_whole_batch_are_made_by_a_job(desk: PhotoDesk) -> None:
    desk.detector.more = [
        replace(PERSON, box=box_around(LEFT)),
        replace(PERSON, id="m2", name="Bag", box=box_around(RIGHT)),
    ]
    batch = desk.batch(a_png=photo(LEFT, RIGHT), b_png=photo(LEFT, RIGHT, color="#40ff20"))
    desk.queue.paused = True
    desk.service.drop_everywhere(MIA, TENANT, batch.id, "Person")
    assert [image.mask for image in desk.service.images(TENANT, batch.id)] == [None, None]
    desk.queue.paused = False
    desk.queue.run_waiting()
    for position in (0, 1):
        assert desk.service.image(TENANT, batch.id, position).mask is not None
        assert square_of(desk.matte(batch, position), LEFT) == 0
        assert square_of(desk.matte(batch, position), RIGHT) == 1
