"""SVG as PNG, for networks that show pictures but no drawings."""

from importlib.resources import as_file, files

SHARPNESS = 3
"""Pixels of a unit: a telephone has about three of its own for each."""


def png(svg: str) -> bytes:
    """The drawing as a picture, in the font that comes with the bot: nothing has to be installed."""
    import resvg_py  # noqa: PLC0415 - only where a picture is drawn

    with as_file(files("bot.report") / "DejaVuSans.ttf") as font:
        return bytes(resvg_py.svg_to_bytes(svg, zoom=SHARPNESS, skip_system_fonts=True, font_files=[str(font)]))
