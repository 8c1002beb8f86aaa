"""Mails (.eml): subject and text, never the technical headers; attachments are named, not read."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from email.headerregistry import BaseHeader, HeaderRegistry
from email.message import Message
from typing import Any

from services.errors import InputError
from services.knowledge.loading.blocks import Block, has_words, one_line
from services.knowledge.loading.composing import compose_document
from services.knowledge.loading.decoding import declared_html_encoding, decode_text
from services.knowledge.loading.formats import FORMATS_BY_SUFFIX, Format
from services.knowledge.loading.html import page_blocks
from services.knowledge.loading.loaded_file import Content, Properties, Source
from services.knowledge.loading.packages import DAMAGE_ERRORS
from services.knowledge.loading.pictures import pictures_warning
from services.knowledge.loading.plain_text import text_blocks
from services.knowledge.models import LoadFailure

_REPLY_MARK = re.compile(r"^(?:\s*(?:re|fw|fwd|aw|wg|sv|tr)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_MACHINE_SENDER = re.compile(r"no.?reply|do.?not.?reply|mailer|postmaster|daemon|notification", re.IGNORECASE)
_DEEPEST_PART = 30
_MOST_PARTS = 1_000
_LONGEST_OWNER = 80
_LONGEST_HEADER = 4_000


class _ShortHeaders(HeaderRegistry):
    """Cuts headers before they are parsed, which takes quadratic time; no honest one is as long."""

    def __call__(self, name: str, value: str) -> BaseHeader:
        return super().__call__(name, value[:_LONGEST_HEADER])


_POLICY = email.policy.EmailPolicy(header_factory=_ShortHeaders())


@dataclass(slots=True)
class _Mail:
    """What was found in the parts of a mail."""

    blocks: list[Block] = field(default_factory=list)
    attachments: list[str] = field(default_factory=list)
    picture_count: int = 0
    part_count: int = 0
    warnings: tuple[LoadFailure, ...] = ()


def load_mail(source: Source) -> Content:
    """Read a mail: its subject is the title, its date the day of review, a named sender the owner.

    Raises:
        InputError: ``eml-damaged``, ``eml-encrypted``, ``no-text``, or the codes of an unreadable text.
    """
    try:
        message = email.message_from_bytes(source.data, policy=_POLICY)
        mail = _Mail()
        _read_part(message, source.name, mail, depth=0)
        properties = Properties(title=_subject(message) or None, owner=_owner(message), reviewed_on=_sent_on(message))
    except InputError:
        raise
    except DAMAGE_ERRORS as exc:
        raise InputError(
            f"{source.name} is damaged: it cannot be read as a mail.",
            code="eml-damaged",
            remedy="Save the mail again from the mail program as .eml, and load the new file.",
        ) from exc
    document = compose_document(source, mail.blocks, Format.EML, properties)
    attachments = _attachments_warning(source.name, mail.attachments)
    return Content((document,), (), (*mail.warnings, *attachments, *pictures_warning(source.name, mail.picture_count)))


def _read_part(part: Message[Any, Any], name: str, mail: _Mail, depth: int) -> None:
    mail.part_count += 1
    kind = part.get_content_type()
    if kind in {"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"}:
        raise InputError(
            f"{name} is encrypted.",
            code="eml-encrypted",
            remedy="Open it in the mail program, copy its text into a document, and load that.",
        )
    if depth > _DEEPEST_PART or mail.part_count > _MOST_PARTS:
        return
    if kind == "message/rfc822" or _is_attachment(part):
        _add_attachment(part, kind, mail)
    elif part.is_multipart():
        children = [child for child in part.get_payload() if isinstance(child, Message)]
        if kind == "multipart/alternative":
            _read_best_alternative(children, name, mail, depth)
        else:
            for child in children:
                _read_part(child, name, mail, depth + 1)
    elif kind in {"text/html", "text/plain"}:
        _add_text(part, kind, name, mail)
    elif kind.startswith("image/"):
        mail.picture_count += 1
    else:
        _add_attachment(part, kind, mail)


def _read_best_alternative(parts: list[Message[Any, Any]], name: str, mail: _Mail, depth: int) -> None:
    """The last alternative is the richest one; an earlier one is read where that holds no words."""
    for part in reversed(parts):
        attempt = _Mail(part_count=mail.part_count)
        _read_part(part, name, attempt, depth + 1)
        mail.part_count = attempt.part_count
        mail.attachments += attempt.attachments
        mail.picture_count += attempt.picture_count
        if any(has_words(block.text) for block in attempt.blocks):
            mail.blocks += attempt.blocks
            mail.warnings += attempt.warnings
            return


def _add_text(part: Message[Any, Any], kind: str, name: str, mail: _Mail) -> None:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    if not data.strip():
        return
    declared = part.get_content_charset()
    is_page = kind == "text/html"
    text, warnings = decode_text(data, name, declared=declared or (declared_html_encoding(data) if is_page else None))
    mail.warnings += warnings
    # Pictures of a page come as parts of the mail, which are counted.
    mail.blocks += page_blocks(text, name)[0] if is_page else text_blocks(text)


def _is_attachment(part: Message[Any, Any]) -> bool:
    return part.get_content_disposition() == "attachment" and not part.is_multipart()


def _add_attachment(part: Message[Any, Any], kind: str, mail: _Mail) -> None:
    # A signature is neither a document nor missed.
    if kind not in {"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"}:
        mail.attachments.append(one_line(part.get_filename() or "") or ("a mail" if kind == "message/rfc822" else kind))


def _attachments_warning(name: str, attachments: list[str]) -> tuple[LoadFailure, ...]:
    if not attachments:
        return ()
    named = ", ".join(attachments[:5]) + (f" and {len(attachments) - 5} more" if len(attachments) > 5 else "")
    supported = [one for one in attachments if "." in one and f".{one.rsplit('.', 1)[1].lower()}" in FORMATS_BY_SUFFIX]
    remedy = (
        f"Save {', '.join(supported[:5])} from the mail and load {'it' if len(supported) == 1 else 'them'} too."
        if supported
        else "Nothing to do, unless they hold text that is needed: then save it as a document and load that."
    )
    return (LoadFailure(name, "attachments-not-read", f"Attached and not read: {named}.", remedy),)


def _header(message: Message[Any, Any], name: str) -> Any:
    """A header as the library parsed it; None where it is missing or cannot be parsed."""
    try:
        return message[name]
    except DAMAGE_ERRORS:
        return None


def _subject(message: Message[Any, Any]) -> str:
    subject = one_line(str(_header(message, "subject") or ""))
    return subject if not has_words(subject) else _REPLY_MARK.sub("", subject).strip() or subject


def _owner(message: Message[Any, Any]) -> str | None:
    """The name of the sender as a department or a person; addresses and machines own no document."""
    sender = _header(message, "from")
    addresses: tuple[Any, ...] = getattr(sender, "addresses", ())
    if len(addresses) != 1:
        return None
    shown, box = one_line(addresses[0].display_name or ""), str(addresses[0].username or "")
    if not has_words(shown) or "@" in shown or len(shown) > _LONGEST_OWNER:
        return None
    return None if _MACHINE_SENDER.search(shown) or _MACHINE_SENDER.search(box) else shown


def _sent_on(message: Message[Any, Any]) -> date | None:
    sent = getattr(_header(message, "date"), "datetime", None)
    return sent.date() if isinstance(sent, datetime) else None
