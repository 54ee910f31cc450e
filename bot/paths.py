"""Where the shipped files lie: beside the packages in a repository, inside the package in a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).parent
_SHIPPED = _PACKAGE / "shipped"
ROOT = _SHIPPED if _SHIPPED.is_dir() else _PACKAGE.parent

CONTENT = ROOT / "content" / "hannover"
LOCALES = ROOT / "locales"
VOCABULARIES = LOCALES / "reading"
EXAMPLE_CONFIG = ROOT / "config.example.toml"
