"""The only door from the pages to the services."""

from __future__ import annotations

import streamlit as st

from services.bootstrap import Services, build_services

__all__ = ["Services", "services"]


@st.cache_resource(show_spinner=False)
def services() -> Services:
    """The services of this process, built once and shared by everybody who is signed in.

    Raises:
        ConfigurationError: a setting is missing or wrong.
        BackendUnavailableError: the database cannot be reached.
    """
    return build_services()
