"""Mails: subject and text, never headers; attachments are named."""

from __future__ import annotations

from datetime import date
from email.message import EmailMessage

import pytest

from tests.unit.knowledge.loading.samples import bodies, load, make_pdf, only_code, only_document


def mail(text: str = "The fee is $5 from May on.\n", **headers: str) -> EmailMessage:
    message = EmailMessage()
    fields = {
        "From": '"Policy Team" <policy@harborview.example>',
        "To": "all@harborview.example",
        "Subject": "New fee",
        "Date": "Thu, 05 Mar 2026 09:00:00 -0500",
    }
    for name, value in (fields | headers).items():
        message[name] = value
    message.set_content(text)
    return message


def test_subject_sender_and_date_are_properties_and_no_header_is_text() -> None:
    document = only_document("a.eml", mail().as_bytes())

    assert (document.title, document.owner, document.reviewed_on) == ("New fee", "Policy Team", date(2026, 3, 5))
    assert document.text == "The fee is $5 from May on."
    assert document.media_type == "message/rfc822"


@pytest.mark.parametrize(
    ("sender", "owner"),
    [
        ("policy@harborview.example", None),
        ('"policy@harborview.example" <policy@harborview.example>', None),
        ("Harborview <no-reply@harborview.example>", None),
        ("Do not reply <x@harborview.example>", None),
        ("=?utf-8?q?J=C3=BCrgen_Gr=C3=BCn?= <j@harborview.example>", "Jürgen Grün"),
        ("broken <<<>>", None),
    ],
)
def test_only_a_named_sender_is_an_owner(sender: str, owner: str | None) -> None:
    raw = b"Subject: New fee\r\nFrom: " + sender.encode() + b"\r\n\r\nThe fee is $5.\r\n"

    assert only_document("a.eml", raw).owner == owner


def test_reply_marks_do_not_stand_in_the_title() -> None:
    assert only_document("a.eml", mail(Subject="RE: Fwd: AW: New fee").as_bytes()).title == "New fee"


def test_html_is_read_rather_than_its_poorer_text() -> None:
    message = mail("Fees, see the page.")
    message.add_alternative(
        "<html><body><h2>Fees</h2><table><tr><th>Plan<th>Fee<th>Days</tr><tr><td>Pro<td>$9<td>3</tr></table>", "html"
    )

    assert bodies(only_document("a.eml", message.as_bytes())) == [(("Fees",), "Plan: Pro; Fee: $9; Days: 3.")]


def test_text_is_read_where_the_html_holds_no_words() -> None:
    message = mail("The fee is $5.")
    message.add_alternative("<html><body><img src='cid:1'></body></html>", "html")

    assert only_document("a.eml", message.as_bytes()).text == "The fee is $5."


def test_attachments_and_pictures_are_named_in_warnings() -> None:
    message = mail()
    message.add_attachment(make_pdf(["Text."]), maintype="application", subtype="pdf", filename="fees.pdf")
    message.add_attachment(b"x", maintype="application", subtype="octet-stream", filename="tool.exe")
    message.add_attachment(mail("Inner."))

    loaded = load("a.eml", message.as_bytes())

    (warning,) = loaded.warnings
    assert warning.code == "attachments-not-read"
    assert warning.cause == "Attached and not read: fees.pdf, tool.exe, a mail."
    assert "fees.pdf" in warning.remedy
    assert "tool.exe" not in warning.remedy
    assert loaded.documents[0].text == "The fee is $5 from May on."


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252"])
def test_letters_are_read_as_the_mail_declares_them(charset: str) -> None:
    message = EmailMessage()
    message["Subject"] = "Gebühr"
    message["From"] = "a@b.example"
    message.set_content("Die Gebühr beträgt fünf Euro.", charset=charset, cte="base64")

    document = only_document("a.eml", message.as_bytes())

    assert (document.title, document.text) == ("Gebühr", "Die Gebühr beträgt fünf Euro.")


def test_mail_is_recognized_without_its_suffix_and_notes_are_not() -> None:
    loaded = load("message", mail().as_bytes())

    assert loaded.media_type == "message/rfc822"
    assert [warning.code for warning in loaded.warnings] == ["content-mismatch"]
    assert load("a.txt", "Subject: fees\nFrom: me\nDate: today\n\nSome text.").media_type == "text/plain"


def test_ways_of_being_unreadable_have_codes_of_their_own() -> None:
    encrypted = b"From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime\r\n\r\nMIIB"

    assert only_code("a.eml", b"just some text") == "content-mismatch"
    assert only_code("a.eml", bytes(range(128, 256)) * 20) == "eml-damaged"
    assert only_code("a.eml", encrypted) == "eml-encrypted"
    assert only_code("a.eml", mail("\n").as_bytes()) == "no-text"
    assert only_code("a.eml", make_pdf(["x"])[:0] or b"") == "empty-file"
    assert load("a.eml", make_pdf(["Text."])).media_type == "application/pdf"


def test_deeply_nested_parts_end() -> None:
    head = b"From: a@b.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
    nested = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (number, number) for number in range(3_000)
    )

    loaded = load("a.eml", head + nested + b"Content-Type: text/plain\r\n\r\nDeep.\r\n")

    assert loaded.failures
