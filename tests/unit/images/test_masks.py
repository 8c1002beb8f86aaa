"""What the labels keep is what the mask keeps; a person's word on the mask wins; a stale mask is never used."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from services.errors import BackendUnavailableError, InputError
from services.images.background_models import BackgroundKind, BackgroundWish
from services.images.cut_outs import without_regions
from services.images.intake import ImageUpload
from services.images.mask_models import Box, MaskDoubt, MaskEdit, MaskHints, Stroke
from services.images.masks import MaskPlan, MaskSource, plan_mask
from services.images.models import BatchImage, Label, LabelSource, Pruning
from tests.unit.images.batch_desk import MIA, TENANT, PhotoDesk, box_around, encoded, photo, square_of
from tests.unit.images.photo_fakes import LEFT, RIGHT, SIZE, opened

WHOLE = Label("w1", "Shoe", LabelSource.FILE_NAME)
FIRST = Label("r1", "Subject 1", LabelSource.REGION, 0.9, Box(0.0, 0.0, 0.4, 0.9), 1)
SECOND = Label("r2", "Subject 2", LabelSource.REGION, 0.8, Box(0.5, 0.1, 0.3, 0.3), 2)
FOUND = Label("m1", "Bottle", LabelSource.MODEL, 0.7, Box(0.5, 0.1, 0.3, 0.3))
NAMED = Label("m2", "Bag", LabelSource.MODEL, 0.6, Box(0.5, 0.1, 0.3, 0.3), 2)
ANOTHER = Label("m3", "bottle", LabelSource.MODEL, 0.6, Box(0.05, 0.1, 0.2, 0.3))
NAMED_ELSEWHERE = Label("m6", "Cup", LabelSource.MODEL, 0.6, Box(0.05, 0.6, 0.2, 0.3))
TYPED = Label("t1", "Bottle", LabelSource.PERSON, box=Box(0.4, 0.1, 0.3, 0.3))
STROKE = Stroke(True, ((0.5, 0.5), (0.6, 0.5)), 0.02)
NOBODY = Pruning()


def image_with(*labels: Label, dropped: tuple[str, ...] = (), edit: MaskEdit | None = None) -> BatchImage:
    return BatchImage(
        "b1",
        0,
        "a.png",
        "a" * 64,
        SIZE,
        labels=labels,
        decisions=dict.fromkeys(dropped, False),
        edit=edit or MaskEdit(),
    )


def centers(plan: MaskPlan) -> list[tuple[float, float]]:
    """The middle of each box that keeps."""
    boxes = plan.hints.keep_boxes if plan.hints else ()
    return [(round(box.left + box.width / 2, 3), round(box.top + box.height / 2, 3)) for box in boxes]


def test_photo_without_located_labels_has_its_automatic_mask() -> None:
    assert plan_mask(image_with(WHOLE, dropped=("w1",)), NOBODY).source is MaskSource.AUTOMATIC


def test_regions_whose_label_is_dropped_are_left_out_without_a_new_cut() -> None:
    plan = plan_mask(image_with(FIRST, SECOND, dropped=("r2",)), NOBODY)
    assert (plan.source, plan.dropped_regions, plan.hints) == (MaskSource.AUTOMATIC, (2,), None)


def test_region_stays_while_any_label_of_it_is_kept() -> None:
    assert plan_mask(image_with(FIRST, SECOND, NAMED, dropped=("r2",)), NOBODY).dropped_regions == ()
    assert plan_mask(image_with(FIRST, SECOND, NAMED, dropped=("r2", "m2")), NOBODY).dropped_regions == (2,)


def test_labels_with_a_box_but_no_region_say_where_to_cut() -> None:
    kept = plan_mask(image_with(FIRST, TYPED), NOBODY)
    assert kept.hints == MaskHints(keep_boxes=(TYPED.box,))  # type: ignore[arg-type]
    dropped = plan_mask(image_with(FIRST, FOUND, dropped=("m1",)), NOBODY)
    assert dropped.hints == MaskHints(drop_boxes=(FOUND.box,))  # type: ignore[arg-type]


def test_box_that_a_model_found_is_loosened_because_nothing_outside_of_it_is_kept() -> None:
    hints = plan_mask(image_with(FOUND), NOBODY).hints
    assert hints is not None
    (box,) = hints.keep_boxes
    assert (box.left, box.top) < (0.5, 0.1)
    assert (box.left + box.width, box.top + box.height) > (0.8, 0.4)


def test_of_several_labels_with_boxes_the_first_that_is_kept_is_the_product() -> None:
    table = Label("m4", "Table", LabelSource.MODEL, 0.9, Box(0.05, 0.55, 0.9, 0.4))
    image = image_with(FOUND, ANOTHER, table)
    assert centers(plan_mask(image, NOBODY)) == [(0.65, 0.25), (0.15, 0.25)]
    without = plan_mask(image, Pruning(dropped_names=frozenset({"bottle"})))
    assert centers(without) == [(0.5, 0.75)]
    assert without.hints is not None
    assert without.hints.drop_boxes == (FOUND.box, ANOTHER.box)
    kept_too = replace(image, decisions={"m4": True})
    assert set(centers(plan_mask(kept_too, NOBODY))) == {(0.65, 0.25), (0.15, 0.25), (0.5, 0.75)}


def test_typed_label_with_a_box_wins_over_what_a_model_found() -> None:
    plan = plan_mask(image_with(FOUND, TYPED), NOBODY)
    assert plan.hints == MaskHints(keep_boxes=(TYPED.box,))  # type: ignore[arg-type]


def test_box_of_nearly_the_whole_picture_leaves_the_automatic_mask() -> None:
    everything = Label("m5", "Poster", LabelSource.MODEL, 0.9, Box(0.01, 0.0, 0.97, 1.0))
    assert plan_mask(image_with(everything), NOBODY).source is MaskSource.AUTOMATIC


def test_where_the_automatic_mask_is_better_a_models_boxes_count_only_once_one_was_dropped() -> None:
    image = image_with(FOUND, NAMED_ELSEWHERE)
    assert plan_mask(image, NOBODY, models_point=False).source is MaskSource.AUTOMATIC
    dropped = plan_mask(replace(image, decisions={"m6": False}), NOBODY, models_point=False)
    assert dropped.source is MaskSource.HINTED
    assert centers(dropped) == [(0.65, 0.25)]


def test_drawn_box_replaces_the_boxes_of_labels() -> None:
    box = Box(0.1, 0.1, 0.2, 0.2)
    plan = plan_mask(image_with(FIRST, FOUND, edit=MaskEdit(box, (STROKE,))), NOBODY)
    assert plan.hints == MaskHints((box,), (), (STROKE,))


def test_when_every_located_label_is_dropped_nothing_is_kept() -> None:
    image = image_with(WHOLE, FIRST, FOUND, dropped=("r1", "m1"))
    assert plan_mask(image, NOBODY).source is MaskSource.NO_LABEL
    assert plan_mask(replace(image, decisions={}), Pruning(least_confidence=0.95)).source is MaskSource.NO_LABEL


def test_box_of_a_person_wins_over_labels_that_were_all_dropped() -> None:
    plan = plan_mask(image_with(FIRST, dropped=("r1",), edit=MaskEdit(Box(0.1, 0.1, 0.5, 0.5))), NOBODY)
    assert (plan.source, plan.dropped_regions) == (MaskSource.HINTED, ())


def test_uploaded_mask_wins_over_everything() -> None:
    edit = MaskEdit(Box(0.1, 0.1, 0.5, 0.5), (STROKE,), "images/pharmacy/masks/a.png")
    assert plan_mask(image_with(FIRST, FOUND, dropped=("r1", "m1"), edit=edit), NOBODY).source is MaskSource.UPLOADED


def test_fringe_of_a_dropped_region_goes_with_it_and_that_of_its_neighbor_stays() -> None:
    matte = np.zeros((20, 60), np.uint8)
    region_map = np.zeros((20, 60), np.uint8)
    matte[5:15, 5:25], region_map[5:15, 7:23] = 90, 1
    matte[5:15, 27:50], region_map[5:15, 29:48] = 90, 2
    matte[region_map > 0] = 255
    left = without_regions(matte, region_map, (1,))
    assert left[:, :25].max() == 0
    assert np.array_equal(left[:, 27:], matte[:, 27:])


def test_dropping_a_regions_label_takes_it_out_of_the_mask_at_once(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(LEFT, RIGHT))
    image = desk.service.set_label(MIA, TENANT, batch.id, 0, "region-2", keeps=False)
    assert image.mask is not None
    matte = desk.matte(batch)
    assert (square_of(matte, LEFT), square_of(matte, RIGHT)) == (1, 0)
    assert image.mask.area_share == pytest.approx((matte == 255).mean(), abs=0.001)
    assert len(desk.cutter.asked) == 1


def test_box_and_strokes_change_the_mask_of_that_photo_alone(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(LEFT, RIGHT), b_png=photo(LEFT, RIGHT, color="#40ff20"))
    before = desk.service.image(TENANT, batch.id, 1).mask
    desk.service.draw_box(MIA, TENANT, batch.id, 0, box_around(RIGHT))
    matte = desk.matte(batch)
    assert (square_of(matte, LEFT), square_of(matte, RIGHT)) == (0, 1)
    stroke = Stroke(False, ((70 / 95, 30 / 63),), 0.03)
    desk.service.add_stroke(MIA, TENANT, batch.id, 0, stroke)
    assert desk.matte(batch)[30, 70] == 0
    assert len(desk.cutter.asked) == 4
    assert desk.service.image(TENANT, batch.id, 1).mask == before


def test_cleared_edit_brings_the_automatic_mask_back_without_a_new_cut(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(LEFT, RIGHT))
    before = desk.service.image(TENANT, batch.id, 0).mask
    desk.service.draw_box(MIA, TENANT, batch.id, 0, box_around(RIGHT))
    assert desk.service.clear_edit(MIA, TENANT, batch.id, 0).mask == before
    assert len(desk.cutter.asked) == 2


@pytest.mark.parametrize("bad", [Box(0.2, 0.2, 0.0, 0.5), Box(1.2, 0.2, 0.3, 0.5), Box(0.1, float("nan"), 0.5, 0.5)])
def test_box_that_holds_nothing_is_refused(desk: PhotoDesk, bad: Box) -> None:
    batch = desk.batch(a_png=photo())
    with pytest.raises(InputError) as caught:
        desk.service.draw_box(MIA, TENANT, batch.id, 0, bad)
    assert caught.value.code == "box-empty"


@pytest.mark.parametrize(
    "bad", [Stroke(True, (), 0.1), Stroke(True, ((0.5, 0.5),), 0.0), Stroke(True, ((0.5, float("inf")),), 0.1)]
)
def test_stroke_that_paints_nothing_is_refused(desk: PhotoDesk, bad: Stroke) -> None:
    batch = desk.batch(a_png=photo())
    with pytest.raises(InputError) as caught:
        desk.service.add_stroke(MIA, TENANT, batch.id, 0, bad)
    assert caught.value.code == "stroke-empty"


def test_uploaded_mask_is_used_as_it_is(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(LEFT, RIGHT))
    image = desk.service.upload_mask(MIA, TENANT, batch.id, 0, photo(RIGHT, color="white"))
    assert image.mask is not None
    assert image.mask.method == "given"
    assert not image.mask.doubts
    matte = desk.matte(batch)
    assert (square_of(matte, LEFT), square_of(matte, RIGHT)) == (0, 1)


def test_alpha_of_an_uploaded_mask_counts_and_a_smaller_one_is_enlarged(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(LEFT, RIGHT))
    half = Image.new("RGBA", (SIZE[0] // 2, SIZE[1] // 2), (255, 255, 255, 0))
    left, top, right, bottom = RIGHT
    half.paste((0, 0, 0, 255), (left // 2, top // 2, right // 2, bottom // 2))
    desk.service.upload_mask(MIA, TENANT, batch.id, 0, encoded(half))
    matte = desk.matte(batch)
    assert matte.shape == (SIZE[1], SIZE[0])
    assert (matte[LEFT[1] : LEFT[3], LEFT[0] : LEFT[2]].max(), matte[30, 70]) == (0, 255)


def test_mask_of_another_shape_or_no_picture_is_refused(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo())
    with pytest.raises(InputError) as caught:
        desk.service.upload_mask(MIA, TENANT, batch.id, 0, photo(size=(64, 96)))
    assert caught.value.code == "mask-shape"
    with pytest.raises(InputError):
        desk.service.upload_mask(MIA, TENANT, batch.id, 0, b"no picture")
    assert desk.service.image(TENANT, batch.id, 0).edit.empty


def test_empty_uploaded_mask_is_doubted(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo())
    image = desk.service.upload_mask(MIA, TENANT, batch.id, 0, encoded(Image.new("L", SIZE, 0)))
    assert image.mask is not None
    assert image.mask.doubts == (MaskDoubt.EMPTY,)


def test_doubtful_masks_come_first_until_somebody_finds_them_right(desk: PhotoDesk) -> None:
    first = desk.batch(a_png=photo())
    desk.cutter.doubts = (MaskDoubt.UNSTABLE,)
    desk.service.add(MIA, TENANT, first.id, [ImageUpload("b.png", photo(RIGHT))])
    assert [image.file_name for image in desk.service.mask_queue(TENANT, first.id)] == ["b.png", "a.png"]
    desk.service.approve_mask(MIA, TENANT, first.id, 1)
    assert [image.file_name for image in desk.service.mask_queue(TENANT, first.id)] == ["a.png", "b.png"]
    desk.service.draw_box(MIA, TENANT, first.id, 1, box_around(RIGHT))
    assert [image.file_name for image in desk.service.mask_queue(TENANT, first.id)] == ["b.png", "a.png"]


def test_mask_made_for_other_labels_is_never_shown_and_never_used(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(LEFT, RIGHT))
    # As a worker of before the change would do that was slow to store what it had made.
    stale = desk.service.image(TENANT, batch.id, 0).mask
    desk.service.set_label(MIA, TENANT, batch.id, 0, "region-2", keeps=False)
    desk.repository.save_mask(TENANT, batch.id, 0, stale)
    shown = desk.service.image(TENANT, batch.id, 0)
    assert shown.mask is not None
    assert stale is not None
    assert shown.mask.key != stale.key
    desk.repository.save_mask(TENANT, batch.id, 0, stale)
    run = desk.run(batch, BackgroundWish(kind=BackgroundKind.TRANSPARENT))
    made = opened(desk.service.composite(TENANT, desk.service.results(TENANT, run.id)[0].composites[0].file))
    assert (square_of(made[:, :, 3], LEFT), square_of(made[:, :, 3], RIGHT)) == (1, 0)


def test_words_are_kept_when_the_mask_cannot_be_stored(desk: PhotoDesk) -> None:
    batch = desk.batch(a_png=photo(LEFT, RIGHT))
    desk.files.broken = True
    with pytest.raises(BackendUnavailableError):
        desk.service.draw_box(MIA, TENANT, batch.id, 0, box_around(RIGHT))
    desk.files.broken = False
    assert desk.service.image(TENANT, batch.id, 0).edit.box == box_around(RIGHT)
    assert square_of(desk.matte(batch), LEFT) == 0
    assert desk.service.undo(MIA, TENANT, batch.id) == "Undone: box drawn in a.png."
