"""Every code that a loader may put on a failure or a warning. Codes are stable: programs and tests rely on them.

A failure says that a file, or a line or row of it, was not loaded. A warning says that it was loaded, and what to look
at. ``content-mismatch`` is both: refused where the content is no document, a warning where only the name is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping

FAILURES: Mapping[str, str] = {
    # The file as such.
    "empty-file": "The file has 0 bytes.",
    "empty-folder": "The folder holds no files.",
    "not-found": "The path is not there.",
    "unreadable": "The file may not be read.",
    "outside-folder": "A link leads out of the folder that is loaded.",
    "linked-folder": "A link leads to another folder inside the one that is loaded.",
    "unsupported-type": "No loader reads files of this type.",
    "content-mismatch": "The content is not what the name says, and nothing that is read.",
    "too-large": "The file, a line of it, or what it unpacks to is over the limit.",
    "no-text": "There is nothing to read in the file.",
    "duplicate-id": "A document with this id was loaded before in the same load.",
    "unknown-encoding": "The letters of a text cannot be told.",
    # Formats.
    "pdf-damaged": "The PDF cannot be opened.",
    "pdf-password": "The PDF is protected by a password.",
    "pdf-no-text": "The PDF holds pictures of pages only, or nothing.",
    "pdf-unreadable-text": "The fonts of the PDF do not say which letters they draw.",
    "docx-damaged": "The Word document cannot be opened.",
    "docx-password": "The Word document is protected by a password.",
    "pptx-damaged": "The presentation cannot be opened.",
    "pptx-password": "The presentation is protected by a password.",
    "xlsx-damaged": "The workbook cannot be opened.",
    "xlsx-password": "The workbook is protected by a password.",
    "eml-damaged": "The mail cannot be read.",
    "eml-encrypted": "The mail is encrypted.",
    "html-damaged": "The page is nested too deeply.",
    "table-damaged": "A quotation mark in a CSV file is missing or one too many.",
    "no-rows": "The table holds no rows.",
    "bad-line": "A line of a JSONL file is not as it must be.",
    # Zip archives.
    "archive-damaged": "The archive, or an entry of it, cannot be unpacked.",
    "empty-archive": "The archive holds no files.",
    "too-many-entries": "The archive holds more files than are allowed; nothing of it was loaded.",
    "archive-too-large": "The archive unpacks to more than is allowed; the rest of it was not loaded.",
    "zip-bomb": "An entry unpacks to far more than an honest document would.",
    "unsafe-name": "The name of an entry leads out of the archive.",
    "odd-name": "The name of an entry cannot be used.",
    "duplicate-name": "The archive holds a name more than once; only the first was loaded.",
    "archive-link": "An entry is a link or a device.",
    "archive-password": "An entry is encrypted.",
    "archive-method": "An entry is packed in an unusual way.",
    "nested-archive": "An entry is an archive itself.",
    # The child process that parses.
    "parser-crashed": "The parser ended or failed on the file.",
    "parser-timeout": "The parser took too long.",
    "parser-memory": "The parser needed too much memory.",
}

WARNINGS: Mapping[str, str] = {
    "content-mismatch": "The name does not fit the content; it was read as what it is.",
    "zero-chunks": "Nothing of the document can be found.",
    "truncated": "Only a part was read, because the rest is over a limit.",
    "duplicate-content": "Another document of the same load has the same text.",
    "pictures-not-read": "Pictures or charts in the document were not read; their number is said.",
    "pages-without-text": "Pages or slides hold pictures and no text.",
    "pages-damaged": "Pages could not be read.",
    "table-lost": "The columns of a table could not be told.",
    "hidden-slides": "Hidden slides were left out.",
    "attachments-not-read": "Attachments of a mail were not read.",
    "read-as-rows": "A table without questions and answers was read row by row.",
    "empty-section": "Nothing stands below a heading.",
    "encoding-guessed": "The encoding of a text was guessed.",
    "invalid-characters": "Damaged characters were replaced.",
    "bad-properties": "Properties at the start of a Markdown file could not be read.",
    "bad-url": "An address is not a web address.",
    "bad-date": "A date could not be read.",
    "empty-question": "A row has an answer and no question.",
    "empty-answer": "A row has a question and no answer.",
    "extra-cells": "A row has more cells than columns; its answer may be cut off.",
    "duplicate-question": "Two rows ask the same question.",
}
