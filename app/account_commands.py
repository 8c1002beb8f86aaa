"""The commands that keep accounts and tenants."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from app.terminal import open_services, print_table
from app.terminal import tenant_id as tenant_slug
from services.access.models import Account, Role
from services.errors import InputError

Username = Annotated[str, typer.Argument(help="User name, such as ana.reyes; upper and lower case are the same.")]
TenantId = Annotated[str, typer.Argument(metavar="ID", help="Id of the tenant.", callback=tenant_slug)]
PasswordFromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking for it.")
]


def register(cli: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (
        add_account,
        disable_account,
        enable_account,
        set_password,
        end_sessions,
        change_role,
        change_tenants,
        list_accounts,
        add_tenant,
        rename_tenant,
        archive_tenant,
        unarchive_tenant,
        list_tenants,
    ):
        cli.command()(command)


def add_account(
    username: Username,
    name: Annotated[str, typer.Option(help="Name that people see, such as 'Ana Reyes'.")],
    role: Annotated[Role, typer.Option(help="What the person works on.")],
    tenant: Annotated[list[str], typer.Option(help="Id of a tenant whose data the person sees; repeat for more.")],
    password_stdin: PasswordFromStdin = False,
) -> None:
    """Add a person who may sign in. Asks for the password, at least 12 characters, without showing it."""
    accounts = open_services().accounts
    account = accounts.add_account(
        username, display_name=name, role=role, tenant_ids=tenant, password=_read_password(password_stdin)
    )
    print(f"Added {account.username} ({account.role.value}) to {', '.join(account.tenant_ids)}.")


def disable_account(username: Username) -> None:
    """Keep a person from signing in, and sign them out everywhere now."""
    account = open_services().accounts.disable_account(username)
    print(f"Disabled {account.username}. Open sessions end at the next click.")


def enable_account(username: Username) -> None:
    """Let a disabled person sign in again."""
    account = open_services().accounts.enable_account(username)
    print(f"Enabled {account.username}.")


def set_password(username: Username, password_stdin: PasswordFromStdin = False) -> None:
    """Give a person a new password, and sign them out everywhere now."""
    accounts = open_services().accounts
    account = accounts.require_own_password(username)
    accounts.set_password(account.username, _read_password(password_stdin))
    print(f"Set a new password for {account.username}. Open sessions end at the next click.")


def end_sessions(username: Username) -> None:
    """Sign a person out everywhere now, also one who signs in at the company; they may sign in again."""
    account = open_services().accounts.end_sessions(username)
    print(f"Ended the sessions of {account.username}. It applies at their next click.")


def change_role(
    username: Username, role: Annotated[Role, typer.Option(help="What the person works on from now on.")]
) -> None:
    """Give a person another role; it applies at their next click."""
    account = open_services().accounts.change_role(username, role)
    print(f"{account.username} is now {account.role.value}.")


def change_tenants(
    username: Username,
    tenant: Annotated[list[str], typer.Option(help="Id of a tenant; repeat for more. Replaces the present ones.")],
) -> None:
    """Replace the tenants whose data a person sees; it applies at their next click."""
    account = open_services().accounts.change_tenants(username, tenant)
    print(f"{account.username} now belongs to {', '.join(account.tenant_ids)}.")


def list_accounts(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show all accounts with role, tenants, where they sign in, and state."""
    accounts = open_services().accounts.list_accounts()
    if as_json:
        print(json.dumps([_as_dict(account) for account in accounts], indent=2, ensure_ascii=False))
        return
    if not accounts:
        print("There are no accounts yet. Add a tenant with add-tenant, then a person with add-account.")
        return
    rows = [
        (
            account.username,
            account.display_name,
            account.role.value,
            ", ".join(account.tenant_ids),
            account.issuer or "here",
            _state(account),
        )
        for account in accounts
    ]
    print_table(("USER NAME", "NAME", "ROLE", "TENANTS", "SIGNS IN AT", "STATE"), rows)


def add_tenant(
    tenant_id: Annotated[str, typer.Argument(metavar="ID", help="Short id, such as north-clinic.")],
    name: Annotated[str, typer.Option(help="Name that people see, such as 'North Clinic'.")],
) -> None:
    """Add a tenant with an empty knowledge base."""
    tenant = open_services().accounts.add_tenant(tenant_id, name)
    print(f"Added tenant {tenant.id} ({tenant.name}).")


def rename_tenant(
    tenant_id: TenantId,
    name: Annotated[str, typer.Option(help="Name that people see from now on.")],
) -> None:
    """Change the name of a tenant; its id stays."""
    tenant = open_services().tenants.rename_tenant(None, tenant_id, name)
    print(f"{tenant.id} is now called {tenant.name}.")


def archive_tenant(tenant_id: TenantId) -> None:
    """Take a tenant out of use: it is offered to nobody and does not answer. Nothing of it is lost."""
    tenant = open_services().tenants.archive_tenant(None, tenant_id)
    print(f"Archived {tenant.id} ({tenant.name}). Bring it back with unarchive-tenant.")


def unarchive_tenant(tenant_id: TenantId) -> None:
    """Bring an archived tenant back as it was."""
    tenant = open_services().tenants.unarchive_tenant(None, tenant_id)
    print(f"{tenant.id} ({tenant.name}) is in use again.")


def list_tenants(
    archived: Annotated[bool, typer.Option("--archived", help="Show archived tenants too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show the tenants."""
    tenants = [tenant for tenant in open_services().tenants.list_tenants(None) if archived or not tenant.archived]
    if as_json:
        rows = [{"id": tenant.id, "name": tenant.name, "archived": tenant.archived} for tenant in tenants]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    elif tenants:
        states = {False: "in use", True: "archived"}
        print_table(("ID", "NAME", "STATE"), [(tenant.id, tenant.name, states[tenant.archived]) for tenant in tenants])
    else:
        print("There are no tenants yet. Add one with add-tenant.")


def _read_password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise InputError(
            "There is no terminal to ask for the password.",
            code="no-terminal",
            remedy="Pass the password on standard input with --password-stdin.",
        )
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt="Password again"))


def _as_dict(account: Account) -> dict[str, object]:
    return {
        "username": account.username,
        "display_name": account.display_name,
        "role": account.role.value,
        "tenants": list(account.tenant_ids),
        "disabled": account.disabled,
        "sample": account.sample,
        "issuer": account.issuer,
        "created_at": account.created_at.isoformat() if account.created_at else None,
    }


def _state(account: Account) -> str:
    if account.disabled:
        return "disabled"
    return "sample" if account.sample else "active"
