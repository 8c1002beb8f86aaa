"""Which image models of Bedrock are known, by their ids."""

from __future__ import annotations

from services.backends.aws.bedrock_model_ids import plain_model_id
from services.errors import ConfigurationError

_TITAN = "amazon.titan-image-generator"
_NOVA_CANVAS = "amazon.nova-canvas"
_STABILITY = "stability."


def is_titan(model_id: str) -> bool:
    """Whether it takes the requests of the Titan image generators."""
    return plain_model_id(model_id).startswith(_TITAN)


def is_nova_canvas(model_id: str) -> bool:
    """Whether it takes the requests of Nova Canvas."""
    return plain_model_id(model_id).startswith(_NOVA_CANVAS)


def is_stability(model_id: str, service: str) -> bool:
    """Whether it is the image service of Stability AI that is called so, such as ``inpaint``."""
    plain = plain_model_id(model_id)
    return plain.startswith(_STABILITY) and f"-{service}-v" in plain


def unknown_painter(model_id: str) -> ConfigurationError:
    """No background can be made with this model."""
    return _unknown(
        model_id,
        "FRONTLINE_BEDROCK_IMAGE_MODEL",
        "Stability's stable-image-inpaint and stable-image-search-replace, Amazon's Nova Canvas, and the Titan image "
        "generators; others take no picture with a mask",
    )


def unknown_cutter(model_id: str) -> ConfigurationError:
    """No product can be cut out with this model."""
    return _unknown(
        model_id, "FRONTLINE_BEDROCK_MASK_MODEL", "Stability's stable-image-remove-background and Amazon's Nova Canvas"
    )


def _unknown(model_id: str, setting: str, known: str) -> ConfigurationError:
    return ConfigurationError(
        f"{setting}: {model_id!r} is not of a family of models that is known.",
        code="model-family-unknown",
        remedy=f"Known are {known}. Write the model's id, or that of an inference profile of AWS.",
    )
