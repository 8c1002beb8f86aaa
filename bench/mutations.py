"""Sample files in every format, and the ways in which they are damaged."""

from __future__ import annotations

import io
import random
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "app" / "sample_data"
Originals = dict[str, list[bytes]]
_LARGEST = 400_000
_HUGE = (b"0", b"-1", b"2147483648", b"4294967295", b"18446744073709551616", b"9" * 60, b"1e999", b"NaN")
_LOADED = ("\u0000", "\ufeff", "\u202e", "\ud800", "]]>", "<!--", "%PDF-", "PK\x03\x04", "&lol;", "{" * 50, '"' * 3)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A damaged file.

    Attributes:
        how: The kinds of damage, joined by a plus sign.
    """

    name: str
    data: bytes
    how: str


def seeds() -> Originals:
    """Whole files by suffix: those of the sample tenants, and small ones made here."""
    found: Originals = {}
    for path in sorted(SAMPLES.glob("*/documents/*")):
        found.setdefault(path.suffix, []).append(path.read_bytes()[:_LARGEST])
    found.setdefault(".eml", []).append(_mail())
    found.setdefault(".pptx", []).append(_deck())
    found.setdefault(".pdf", []).append(_plain_pdf())
    found[".tsv"] = [b"question\tanswer\nHow?\tBy mail.\n", b"Form\tPurpose\nCG-3\tComplaints\nAE-5\tEvents\n"]
    found[".zip"] = [_archive(found)]
    return found


def mutant(chance: random.Random, originals: Originals) -> Mutant:
    """One damaged file; one to three kinds of damage."""
    suffix = chance.choice(sorted(originals))
    data = chance.choice(originals[suffix])
    how = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        # Damage to a package as a whole is mostly seen by its check sums; what lies behind them is the parsers' work.
        is_deep = data.startswith(b"PK") and chance.random() < 0.8
        damage = damaged_member if is_deep else chance.choice(_DAMAGE)
        data = damage(chance, data, originals) or b"x"
        how.append(damage.__name__)
    if chance.random() < 0.1:
        suffix = chance.choice(sorted(originals))
        how.append("swapped_suffix")
    return Mutant(f"mutant{suffix}", data, "+".join(how))


def flipped_bits(chance: random.Random, data: bytes, _originals: Originals) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 4, 30, 300))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def truncated(chance: random.Random, data: bytes, _originals: Originals) -> bytes:
    return data[: chance.randrange(len(data))]


def beheaded(chance: random.Random, data: bytes, _originals: Originals) -> bytes:
    return data[chance.randrange(min(len(data), 400)) :]


def spliced(chance: random.Random, data: bytes, originals: Originals) -> bytes:
    other = chance.choice(originals[chance.choice(sorted(originals))])
    return data[: chance.randrange(len(data))] + other[chance.randrange(len(other)) :]


def deleted_block(chance: random.Random, data: bytes, _originals: Originals) -> bytes:
    start = chance.randrange(len(data))
    return data[:start] + data[start + chance.choice((1, 16, 500, 5_000)) :]


def repeated_block(chance: random.Random, data: bytes, _originals: Originals) -> bytes:
    start = chance.randrange(len(data))
    block = data[start : start + chance.choice((1, 8, 64, 1_000))]
    return data[:start] + block * chance.choice((2, 50, 3_000)) + data[start:]


def zeroed_block(chance: random.Random, data: bytes, _originals: Originals) -> bytes:
    start = chance.randrange(len(data))
    length = min(chance.choice((4, 100, 4_000)), len(data) - start)
    return data[:start] + bytes([chance.choice((0, 255, 32))]) * length + data[start + length :]


def huge_numbers(chance: random.Random, data: bytes, _originals: Originals) -> bytes:
    numbers = list(re.finditer(rb"\d+", data[:_LARGEST]))
    for found in sorted(
        chance.sample(numbers, min(len(numbers), chance.choice((1, 3, 20)))), key=lambda one: -one.start()
    ):
        data = data[: found.start()] + chance.choice(_HUGE) + data[found.end() :]
    return data


def huge_header_fields(chance: random.Random, data: bytes, _originals: Originals) -> bytes:
    changed = bytearray(data)
    marks = [found.start() for found in re.finditer(rb"PK\x01\x02|PK\x03\x04|PK\x05\x06|obj|xref|stream", data)] or [0]
    for _ in range(chance.choice((1, 2, 6))):
        start = chance.choice(marks) + chance.randrange(4, 40)
        value = chance.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, chance.getrandbits(32)))
        changed[start : start + 4] = value.to_bytes(4, "little")
    return bytes(changed)


def odd_text(chance: random.Random, data: bytes, _originals: Originals) -> bytes:
    for _ in range(chance.choice((1, 5))):
        start = chance.randrange(len(data) + 1)
        text = chance.choice(_LOADED) * chance.choice((1, 1, 200))
        data = data[:start] + text.encode("utf-8", errors="surrogatepass") + data[start:]
    return data


def deep_nesting(chance: random.Random, data: bytes, _originals: Originals) -> bytes:
    opening = chance.choice(
        (b"<div>", b"<a><b>", b"[", b'{"a":', b"> ", b"- ", b"(", b"<w:p>", b"<<", b"<table><tr><td>")
    )
    start = chance.randrange(len(data) + 1)
    return data[:start] + opening * chance.choice((50, 3_000, 60_000)) + data[start:]


def damaged_member(chance: random.Random, data: bytes, originals: Originals) -> bytes:
    """A part of an Office file or an archive, damaged and packed again so that its check sum holds."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, NotImplementedError, RuntimeError, EOFError, KeyError):
        return flipped_bits(chance, data, originals)
    if not parts:
        return data
    large = [index for index, (_, part) in enumerate(parts) if len(part) > 300] or list(range(len(parts)))
    for _ in range(chance.choice((1, 1, 3))):
        index = chance.choice(large)
        name, part = parts[index]
        match chance.randrange(14):
            case 0:
                parts[index] = (name, b"")
            case 1:
                parts[index] = (chance.choice(("../" + name, "/" + name, name.upper(), "x", name + "\0y")), part)
            case 2:
                parts.append((name, part))
            case 3 | 4 | 5 | 6 | 7:
                parts[index] = (name, _without_an_element(chance, part))
            case 8 | 9:
                parts[index] = (name, huge_numbers(chance, part, originals))
            case _:
                parts[index] = (name, chance.choice(_DAMAGE)(chance, part or b"x", originals))
    return packed(parts)


def _without_an_element(chance: random.Random, xml: bytes) -> bytes:
    """XML that is still well formed but lacks an attribute or an empty element that readers count on."""
    pieces = list(re.finditer(rb'\s[\w:]+="[^"]*"|<[\w:]+[^<>]*/>', xml))
    for found in sorted(
        chance.sample(pieces, min(len(pieces), chance.choice((1, 5, 40)))), key=lambda one: -one.start()
    ):
        xml = xml[: found.start()] + xml[found.end() :]
    return xml


_DAMAGE: tuple[Callable[[random.Random, bytes, Originals], bytes], ...] = (
    flipped_bits,
    truncated,
    beheaded,
    spliced,
    deleted_block,
    repeated_block,
    zeroed_block,
    huge_numbers,
    huge_header_fields,
    odd_text,
    deep_nesting,
)


def _mail() -> bytes:
    message = EmailMessage()
    message["Subject"] = "=?utf-8?q?Geb=C3=BChr?= and fees"
    message["From"] = '"Policy Team" <policy@harborview.example>'
    message["Date"] = "Thu, 05 Mar 2026 09:00:00 -0500"
    message.set_content("The fee is $5.\n\n- One\n- Two\n")
    message.add_alternative("<html><body><h2>Fees</h2><table><tr><th>Plan<th>Fee<tr><td>Pro<td>$9</table>", "html")
    message.add_attachment(b"%PDF-1.7 x", maintype="application", subtype="pdf", filename="fees.pdf")
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"between-parts-{number}")
    return message.as_bytes()


def _deck() -> bytes:
    from pptx import Presentation
    from pptx.util import Inches

    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[5])
    slide.shapes.title.text = "Fees"
    table = slide.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    table.cell(0, 0).merge(table.cell(0, 1))
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(0, 0, Inches(1), Inches(1)).text_frame.text = "In a group"
    slide.notes_slide.notes_text_frame.text = "Notes"
    stream = io.BytesIO()
    presentation.save(stream)
    with zipfile.ZipFile(stream) as archive:
        # Without the times of today, so that each run damages the same bytes.
        return packed([(name, archive.read(name)) for name in archive.namelist() if not name.startswith("docProps/")])


def packed(parts: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip archive that depends on nothing but its parts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name that is there twice may be wanted
        for name, part in parts:
            archive.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _plain_pdf() -> bytes:
    """A PDF whose contents are not packed, so that damage reaches the drawing commands."""
    from reportlab.pdfgen.canvas import Canvas

    stream = io.BytesIO()
    canvas = Canvas(stream, pageCompression=0, invariant=1)
    for page in range(3):
        canvas.drawString(72, 700, f"Text of page {page} that says something.")
        canvas.grid([72, 150, 300], [400, 420, 440, 460])
        for row in range(3):
            canvas.drawString(80, 405 + 20 * row, f"Plan {row}")
            canvas.drawString(160, 405 + 20 * row, f"${row}")
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def _archive(found: Originals) -> bytes:
    return packed((f"folder/document{suffix}", files[0]) for suffix, files in sorted(found.items()))
