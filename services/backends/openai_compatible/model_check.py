"""Whether an OpenAI-compatible server answers and has a model."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from services.errors import BackendMisconfiguredError, BackendTimeoutError, BackendUnavailableError


def require_model(
    client: httpx.Client, model: str, raise_for_status: Callable[[httpx.Response], None], *, called: str, setting: str
) -> None:
    """Pass when the server lists the model.

    Args:
        raise_for_status: Turns an answer that is an error into a BackendError.
        called: What messages call the model, such as ``answer model``.
        setting: The setting that names the model.

    Raises:
        BackendError: the server does not answer, is no such server, or does not have the model.
    """
    try:
        response = client.get("/models")
        raise_for_status(response)
        models = {entry["id"] for entry in response.json()["data"]}
    except httpx.TimeoutException as exc:
        raise BackendTimeoutError(f"The {called}'s server did not answer in time.") from exc
    except httpx.HTTPError as exc:
        raise BackendUnavailableError(f"The {called}'s server cannot be reached.") from exc
    except (ValueError, KeyError, TypeError) as exc:
        raise BackendMisconfiguredError(
            f"The address of the {called}'s server is not that of an OpenAI-compatible server.",
            remedy="Check FRONTLINE_OPENAI_BASE_URL; it usually ends with /v1.",
        ) from exc
    if model not in models:
        raise BackendMisconfiguredError(
            f"The server does not have the model {model}.",
            remedy=f"Check {setting}, or load that model on the server.",
        )
