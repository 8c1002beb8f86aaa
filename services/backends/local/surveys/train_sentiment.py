"""Learns the sentiment head again and writes it beside this file.

    python -m services.backends.local.surveys.train_sentiment HOME

To be run after the sentences or the embedding model changed; a test holds the file and the sentences together.
"""

from __future__ import annotations

import sys
from pathlib import Path

from services.backends.local.onnx_embedder import OnnxEmbedder
from services.backends.local.surveys.sentiment_head import HEAD_FILE, head_as_json, learn_head


def main(home: Path) -> None:
    """Write the head for the packaged embedding model, which HOME holds or will hold."""
    text = head_as_json(learn_head(OnnxEmbedder(home)))
    Path(__file__).with_name(HEAD_FILE).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
