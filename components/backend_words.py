"""How backends that write answers are called on the page."""

from __future__ import annotations

_WRITERS = {
    "openai": "a language model",
    "bedrock": "Amazon Bedrock",
    "bedrock_kb": "an Amazon Bedrock knowledge base",
    "sagemaker": "Amazon SageMaker",
}


def writer_words(backend: str) -> str:
    """Who writes drafts, by the name of the backend; to be put in the middle of a sentence."""
    return _WRITERS.get(backend, backend or "a language model")
