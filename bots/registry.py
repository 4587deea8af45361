"""Platform key -> adapter factory. A new platform is one room and one line here.

Factories import their room when they are called: nobody who runs the web chat loads a chat SDK.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bots.adapter import Adapter, Wiring
from handrail.domain.errors import ConfigError
from handrail.domain.ids import Platform


def _web(wiring: Wiring, settings: Any) -> Adapter[Any]:
    from bots.web.adapter import WebAdapter

    return WebAdapter(wiring, settings)


def _terminal(wiring: Wiring, settings: Any) -> Adapter[Any]:
    from bots.terminal.adapter import TerminalAdapter

    return TerminalAdapter(wiring, settings)


ADAPTERS: Mapping[Platform, Callable[[Wiring, Any], Adapter[Any]]] = MappingProxyType(
    {
        Platform("web"): _web,
        Platform("terminal"): _terminal,
    }
)
"""The factory takes the wiring and the platform's own settings value."""


def make_adapter(platform: Platform, wiring: Wiring, settings: object) -> Adapter[Any]:
    """Raises ConfigError when the platform is unknown or the settings are another platform's."""
    try:
        factory = ADAPTERS[platform]
    except KeyError:
        known = ", ".join(sorted(ADAPTERS))
        raise ConfigError(f"no platform is called {platform!r}; there are: {known}") from None
    return factory(wiring, settings)
