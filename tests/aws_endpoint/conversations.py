"""A conversation with a model of Bedrock, for tests of the endpoint itself and of what every call has in common."""

from __future__ import annotations

from typing import Any, Final

PROFILE: Final = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.example.chat-v1:0"
MESSAGES: Final = [{"role": "user", "content": [{"text": "Grüße 🙂"}]}]


def boto_client(service: str, region: str = "us-east-1") -> Any:
    """A client that asks once."""
    import boto3
    from botocore.config import Config

    once = {"total_max_attempts": 1, "mode": "standard"}
    return boto3.Session().client(service, region, config=Config(retries=once, read_timeout=60))


def conversation(text: str) -> dict[str, Any]:
    """The members of Converse's reply with this text."""
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3},
        "metrics": {"latencyMs": 4},
    }
