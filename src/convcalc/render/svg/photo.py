"""Thumbnails as image files: in their own colours, or in those of the scale that figures have on white paper."""

from __future__ import annotations

from base64 import b64encode

from convcalc.files.png import png_bytes
from convcalc.picture.thumbnail import Thumbnail
from convcalc.render.svg.palette import scale


def data_uri(thumbnail: Thumbnail) -> str:
    """The image as a data URL, so that the page needs no other file."""
    palette = None if thumbnail.is_picture else scale(thumbnail.is_diverging)
    return f"data:image/png;base64,{b64encode(png_bytes(thumbnail.levels, palette)).decode('ascii')}"
