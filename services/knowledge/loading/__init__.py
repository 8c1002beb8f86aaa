"""Loading documents: files of many formats become documents of plain text with sections.

    load_path(path, max_file_bytes=...)          -> an iterator of LoadedFile, one per file (JSONL: per 1,000 lines)
    load_bytes(name, data, max_file_bytes=...)   -> one LoadedFile
    IsolatedLoader(max_file_bytes)               -> the same in child processes with limits, for files of strangers

What is wrong with a file never raises; it stands in ``LoadedFile.failures`` with a code, a cause and a remedy.
``codes.py`` lists all codes.
"""

from services.knowledge.loading.files import load_bytes
from services.knowledge.loading.folders import load_path, load_paths
from services.knowledge.loading.formats import SUPPORTED
from services.knowledge.loading.isolated import IsolatedLoader
from services.knowledge.loading.loaded_file import DocumentLoader, LoadedFile

__all__ = ["SUPPORTED", "DocumentLoader", "IsolatedLoader", "LoadedFile", "load_bytes", "load_path", "load_paths"]
