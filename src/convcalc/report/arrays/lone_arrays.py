"""Arrays by themselves, each channel as a table, or as a heat map where it is too large for one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from convcalc.arrays import Array, has_floats
from convcalc.report.arrays.grids import cell_labels, fits_in_a_table, plane_grids
from convcalc.report.blocks import Block, Flow, Maps, note
from convcalc.report.run.channels import hidden_blocks, shown_channels
from convcalc.wording import counted

_FEATURES = 2  # axes of an array of features: (batch, features)


def lone_blocks(name: str, values: Array, maps: Maps | None = None) -> Iterator[Block]:
    """The first channels of an array, (batch, channels, *spatial), or its features, (batch, features), as a row.

    Without ``maps`` no channel is shown as a heat map.
    """
    features = (counted(values.shape[1], "feature"),) if values.ndim == _FEATURES else ()
    cells = values[:, None] if features else values
    fits = fits_in_a_table(cells.shape[2:])
    wanted = maps is not None and values.size > 0 and (maps.every or not fits)
    drawn = wanted and has_floats(values)
    if fits or not drawn or cells.ndim == 3:  # a row of cells takes few lines, so it stays
        planes = shown_channels(name, cells, features)
        yield Flow(tuple(chain(*(plane_grids(text, plane, labels=cell_labels(plane)) for text, plane in planes))))
    if maps is not None and drawn:
        yield from _map_blocks(list(shown_channels(name, cells, features)), maps)
    elif wanted:
        yield note(f"no heat map of the {name}, whose numbers are beyond the range of floats")
    yield from hidden_blocks(name, cells)


def _map_blocks(planes: list[tuple[str, Array]], maps: Maps) -> Iterator[Block]:
    """The maps of all channels side by side where they are narrow enough; strips one below the other."""
    from convcalc.report.arrays.heat_maps import columns_each, heat_maps

    is_strip = planes[0][1].ndim == 1
    columns = maps.columns if is_strip else columns_each(maps.columns, len(planes))
    drawn = [tuple(heat_maps(caption, plane, columns, maps.rule)) for caption, plane in planes]
    yield from map(Flow, drawn if is_strip else [tuple(chain(*drawn))])
