"""Pictures of PDF pages."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from services.errors import InputError
from services.knowledge.page_images import draw_page
from services.knowledge.page_pictures import PagePictures

PDF = Path(__file__).resolve().parents[3] / "app/sample_data/pharmacy/documents/adverse-event-reporting.pdf"


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return PDF.read_bytes()


def picture(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def test_page_is_drawn_in_the_width_asked_for(pdf: bytes) -> None:
    drawn = picture(draw_page(pdf, 1, width_pixels=400))
    assert drawn.format is None
    assert drawn.width == 400
    assert drawn.height > drawn.width


def test_quoted_words_are_marked_where_they_stand_also_over_a_line_break(pdf: bytes) -> None:
    quote = "four pieces of information: an identifiable patient, an identifiable reporter, a suspected product"
    bare, marked = (picture(draw_page(pdf, 1, marked=words, width_pixels=400)) for words in ((), (quote,)))
    changed = ImageChops.difference(bare, marked).getbbox()
    assert changed is not None
    assert 150 < changed[1] < changed[3] < 300  # two lines in the middle of the page, nothing else


def test_words_that_are_not_on_the_page_change_nothing(pdf: bytes) -> None:
    assert draw_page(pdf, 1, marked=("unicorns are refunded",)) == draw_page(pdf, 1)


@pytest.mark.parametrize("page", [0, 99])
def test_page_that_is_not_there_is_refused(pdf: bytes, page: int) -> None:
    with pytest.raises(InputError, match="no page"):
        draw_page(pdf, page)


def test_file_that_is_no_pdf_is_refused() -> None:
    with pytest.raises(InputError, match="cannot be drawn"):
        draw_page(b"not a pdf", 1)


@pytest.fixture(scope="module")
def pictures() -> Iterator[PagePictures]:
    made = PagePictures()
    yield made
    made.close()


def test_child_draws_the_same_picture(pdf: bytes, pictures: PagePictures) -> None:
    assert pictures.draw(pdf, 1, marked=("adverse event",)) == draw_page(pdf, 1, marked=("adverse event",))


def test_child_says_why_it_draws_nothing(pdf: bytes, pictures: PagePictures) -> None:
    with pytest.raises(InputError, match="no page 99"):
        pictures.draw(pdf, 99)
    with pytest.raises(InputError, match="cannot be drawn"):
        pictures.draw(b"not a pdf", 1)


def test_page_that_takes_too_long_is_given_up(pdf: bytes) -> None:
    hasty = PagePictures(seconds=0.001)
    with pytest.raises(InputError, match="cannot be drawn"):
        hasty.draw(pdf, 1)
    hasty.close()
