"""Loading documents: files of many formats become documents of plain text with sections.

    load_path(path, max_file_bytes=...)          -> an iterator of LoadedFile, one per file (JSONL: per 1,000 lines)
    load_bytes(name, data, max_file_bytes=...)   -> one LoadedFile

What is wrong with a file never raises; it stands in ``LoadedFile.failures`` with a code, a cause and a remedy.
"""

from services.knowledge.loading.files import load_bytes, load_path
from services.knowledge.loading.formats import SUPPORTED
from services.knowledge.loading.loaded_file import LoadedFile

__all__ = ["SUPPORTED", "LoadedFile", "load_bytes", "load_path"]
