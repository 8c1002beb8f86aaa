"""Who may change surveys, taxonomies, runs and labels."""

from __future__ import annotations

from services.access.models import Account, Role
from services.access.permissions import require_role, require_tenant


def require_analyst(account: Account, tenant_id: str) -> None:
    """Let analysts and administrators of this tenant pass. Raises AccessError."""
    require_role(account, Role.ANALYST)
    require_tenant(account, tenant_id)
