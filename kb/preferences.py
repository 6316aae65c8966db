"""What a reader chose for their own browser: kept in one cookie, not on the server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from postmortems.moments import zones as all_zones

THEMES = {"system": "As the system", "light": "Light", "dark": "Dark"}


@lru_cache(maxsize=1)
def zones() -> list[str]:
    """The names of all time zones, UTC first, those of places only."""
    places = [name for name in all_zones().values() if "/" in name and not name.startswith(("Etc/", "SystemV/"))]
    return ["UTC", *places]


@dataclass(frozen=True, slots=True)
class Preferences:
    """Theme, time zone and whether single-key shortcuts are on."""

    theme: str = "system"
    zone_name: str = "UTC"
    shortcuts: bool = True

    @classmethod
    def read(cls, cookie: str) -> Preferences:
        """From the cookie's value; what is not understood falls back to the default."""
        if not cookie:
            return DEFAULT
        given = dict(parse_qsl(cookie[:500]))
        return cls.chosen(given.get("theme", ""), given.get("zone", ""), shortcuts=given.get("keys") != "off")

    @classmethod
    def chosen(cls, theme: str, zone_name: str, *, shortcuts: bool) -> Preferences:
        """From form values; unknown ones become the default."""
        return cls(
            theme if theme in THEMES else "system",
            zone_name if zone_name in zones() else "UTC",
            shortcuts,
        )

    def cookie(self) -> str:
        """The value to keep in the cookie."""
        return urlencode({"theme": self.theme, "zone": self.zone_name, "keys": "on" if self.shortcuts else "off"})

    @property
    def zone(self) -> tzinfo:
        """The reader's time zone."""
        return ZoneInfo(self.zone_name)


DEFAULT = Preferences()
