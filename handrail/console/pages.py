"""Rendering: one environment, autoescape always on, and what every page needs to know."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.templating import Jinja2Templates

from handrail.console.guard import house_of, rights
from handrail.console.sessions import Visit

HERE = Path(__file__).parent


def make_templates() -> Jinja2Templates:
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["minutes"] = minutes
    return Jinja2Templates(env=env)


def minutes(span: timedelta) -> int:
    """Whole minutes, never negative."""
    return max(0, int(span.total_seconds() // 60))


def is_fragment(request: Request) -> bool:
    """Whether htmx asks and wants a part of a page."""
    return request.headers.get("hx-request") == "true"


def page(
    request: Request, name: str, context: dict[str, Any] | None = None, status: int = 200
) -> Response:
    """Render a template. Only plain values and domain values go in; the template finds words."""
    house = house_of(request)
    visit: Visit | None = getattr(request.state, "visit", None)
    now = house.clock.now()
    templates: Jinja2Templates = request.app.state.templates
    base: dict[str, Any] = {
        "settings": house.settings,
        "root": request.scope.get("root_path", ""),
        "path": request.url.path.removeprefix(request.scope.get("root_path", "")),
        "visit": visit,
        "me": visit.member if visit else None,
        "csrf": visit.csrf if visit else "",
        "rights": rights(visit.member) if visit else None,
        "now": now,
        "local": lambda at: at.astimezone(house.settings.zone),
        "done": request.query_params.get("done", ""),
    }
    return templates.TemplateResponse(request, name, base | (context or {}), status_code=status)


def go(request: Request, path: str, *, done: str = "") -> RedirectResponse:
    """After a form: send the browser to a page, so that reloading sends nothing twice. `done` is
    a code for the line at the top, never text."""
    target = f"{request.scope.get('root_path', '')}{path}"
    return RedirectResponse(f"{target}?done={done}" if done else target, status_code=303)


def notice(request: Request, code: str, status: int, *, detail: str = "") -> Response:
    """A line for the notice area of the page that is open; what was typed there stays."""
    context = {"code": code, "detail": detail, "kept": ""}
    response = page(request, "_notice.html", context, status)
    response.headers["HX-Retarget"] = "#notice"
    response.headers["HX-Reswap"] = "innerHTML"
    return response


_OWN_PATH = re.compile(r"/[A-Za-z0-9/_-]*")


def own_path(path: str) -> str:
    """A path of this console, or "/" for anything that might lead elsewhere."""
    return path if _OWN_PATH.fullmatch(path) and not path.startswith("//") else "/"
