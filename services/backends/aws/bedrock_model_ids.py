"""What Bedrock takes for a model: its plain id, an inference profile of it, or the ARN of one of many things."""

from __future__ import annotations

# What system-defined inference profiles put in front of a model's id.
_GEOGRAPHIES = frozenset({"us", "us-gov", "eu", "apac", "au", "ca", "jp", "global"})
_PROFILE_ARNS = (":inference-profile/", ":application-inference-profile/")


def plain_model_id(model_id: str) -> str:
    """The id of the foundation model that is meant: ``eu.amazon.nova-lite-v1:0`` is ``amazon.nova-lite-v1:0``.

    Of an ARN that does not tell, such as an application inference profile's, it is the last part.
    """
    name = model_id.rsplit("/", 1)[-1]
    first, _, rest = name.partition(".")
    return rest if first in _GEOGRAPHIES and "." in rest else name


def is_profile(model_id: str) -> bool:
    """Whether it names an inference profile and no model."""
    if model_id.startswith("arn:"):
        return any(part in model_id for part in _PROFILE_ARNS)
    return plain_model_id(model_id) != model_id


def is_foundation_model(model_id: str) -> bool:
    """Whether it names a model of Bedrock's own list: no custom, imported or provisioned one, and no router."""
    return ":foundation-model/" in model_id if model_id.startswith("arn:") else not is_profile(model_id)
