"""Makes a token for development."""

import time
from typing import Annotated

import typer

from app.engine.cli.session import application_of, print_line, settings_of
from app.engine.errors import UserError


def token(
    context: typer.Context,
    actor: Annotated[str, typer.Option("--as", help="Name of the caller, as events record it.")],
    role: Annotated[list[str] | None, typer.Option(help="Role of the caller; may be repeated.")] = None,
    hours: Annotated[float, typer.Option(min=0.01, max=8_760, help="Hours until it expires.")] = 8.0,
) -> None:
    """Print a token that is signed with APP_TOKEN_KEY, in development mode only."""
    settings = settings_of(context)
    if settings.mode != "development":
        raise UserError("tokens are made here in development mode only; another program has to issue yours")
    if settings.issuer is not None:
        raise UserError(f"APP_ISSUER is set: {settings.issuer} issues the tokens")
    if settings.token_key is None:
        raise UserError(
            "setting APP_TOKEN_KEY is missing: without it development needs no token, send X-Actor and X-Roles"
        )
    if unknown := application_of(context).roles.unknown(role or []):
        raise UserError(unknown)
    from app.engine.access.tokens import shared_key, sign_token

    now = int(time.time())
    claims: dict[str, object] = {
        settings.actor_claim: actor,
        settings.roles_claim: role or [],
        "iat": now,
        "exp": now + round(hours * 3600),
    }
    if settings.audience is not None:
        claims["aud"] = settings.audience
    print_line(sign_token(claims, shared_key(settings.token_key.get_secret_value().encode())))
