"""The images of a TIFF file: series of stacks, as pages, ImageJ, OME or tifffile order them, and smaller copies.

An ImageJ or tifffile stack may have its tags only once, before the first of images that follow each other.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from convcalc.errors import FieldError
from convcalc.files.images.tiff_gdal import is_mask
from convcalc.files.images.tiff_layout import Layout
from convcalc.files.images.tiff_tags import Directory, Tag, TagFile
from convcalc.files.laboratory.stored_array import BAND, FRAME, Axis, axes_text, index_of
from convcalc.files.selection import Selection
from convcalc.wording import counted

_REDUCED, _OLD_REDUCED = 1, 2  # a bit of NewSubfileType, and a value of SubfileType
_PIXELS = re.compile(r"<(?:\w{1,20}:)?Pixels\b([^<>]{1,4000})>")
_ATTRIBUTE = re.compile(r'\b(\w++)="([^"]*)"')
_SAMPLES = re.compile(r'SamplesPerPixel="(\d{1,4})"')
_IMAGEJ = (("frame", "t"), ("slice", "z"), ("channel", "c"))
_MOST_IMAGES = 1_000_000


class Stack(NamedTuple):
    """Images of the same size and type."""

    axes: tuple[Axis, ...]
    """Of the images, the slowest first: frames, and channels that are images of their own; none of a single image."""
    images: tuple[Layout, ...]
    """In the order of the axes; of a stack that has its tags once the first alone."""
    words: str
    """What it is called."""
    missing: str = ""
    """What is said of it and not there."""

    def image(self, number: int) -> Layout:
        """The layout of an image of the stack."""
        if number < len(self.images):
            return self.images[number]
        first = self.images[0]
        return Layout(first.tags, first.shift + number * _bytes(first))


class ChosenImages(NamedTuple):
    """The images that are read, (frames, channels), and notes on those that are not."""

    images: list[list[Layout]]
    notes: list[str]


def chosen_images(file: TagFile, pages: Sequence[Directory], selection: Selection) -> ChosenImages:
    """The images that a selection means; without one the first image that is no reduced copy and no mask.

    Raises:
        FieldError: there is no such series, frame or level.
        FormatError: a tag is damaged.
    """
    stacks = _stacks(file, pages)
    number = selection.series or 0
    if number >= len(stacks):
        raise _no_such("series", number, len(stacks))
    stack = stacks[number]
    reduced = sum(map(_is_reduced, pages)) - _is_reduced(stack.images[0].tags)
    notes = [f"first of {len(stacks):,} series (--series N chooses)"] * (len(stacks) > 1 and selection.series is None)
    notes += [stack.missing] * bool(stack.missing)
    plane = (*stack.axes, Axis("y", stack.images[0].height), Axis("x", stack.images[0].width))
    index, left_out = index_of(stack.words, plane, selection._replace(band=None))
    if stack.axes:
        sizes = axes_text(stack.axes)
        notes.append("; ".join((f"{stack.words}, axes {sizes}", *left_out)))
    images = [[stack.image(one) for one in frame] for frame in _numbers(stack.axes, index[: len(stack.axes)])]
    if selection.level is not None:
        images = [[_level(file, pages, each, selection.level) for each in frame] for frame in images]
        notes += [f"level {selection.level}"] * (selection.level > 0)
    elif reduced > 0:
        notes.append(f"{counted(reduced, 'reduced copy', 'reduced copies')} left out")
    return ChosenImages(images, notes)


def _numbers(axes: Sequence[Axis], index: Sequence[int | slice]) -> Iterator[list[int]]:
    """The images of each frame, one for each channel that is an image of its own."""
    places = [
        range(axis.size)[part] if isinstance(part, slice) else [part] for axis, part in zip(axes, index, strict=True)
    ]
    steps = [math.prod(axis.size for axis in axes[place + 1 :]) for place in range(len(axes))]
    frames, channels = [0], [0]
    for axis, chosen, step in zip(axes, places, steps, strict=True):
        if axis.role == BAND:
            channels = [known + step * one for known in channels for one in chosen]
        else:
            frames = [known + step * one for known in frames for one in chosen]
    for frame in frames:
        yield [frame + channel for channel in channels]


def _stacks(file: TagFile, pages: Sequence[Directory]) -> list[Stack]:
    """The series of a file."""
    full = [page for page in pages if _is_full(page)]
    if not full:
        full = [each for page in pages for each in file.below(page) if _is_full(each)] or [pages[0]]
    layouts = tuple(map(Layout, full))
    return list(_ome(layouts)) or list(_by_size(layouts))


def _ome(layouts: tuple[Layout, ...]) -> Iterator[Stack]:
    """The series that an OME description lists, if they are all of the file."""
    text = layouts[0].tags.text(Tag.IMAGE_DESCRIPTION)
    found = list(_PIXELS.finditer(text)) if "<OME" in text[:2000] else []
    stacks, start = [], 0
    for place, match in enumerate(found):
        said = dict(_ATTRIBUTE.findall(match[1]))
        sizes = {axis: said.get(f"Size{axis}", "1") for axis in "ZCT"}
        order = said.get("DimensionOrder", "XYZCT")
        if sorted(order) != sorted("XYZCT") or not all(re.fullmatch(r"[0-9]{1,7}", size) for size in sizes.values()):
            return
        end = found[place + 1].start() if place + 1 < len(found) else len(text)
        samples = _SAMPLES.search(text, match.end(), end)
        axes = _axes([(axis.lower(), int(sizes[axis])) for axis in reversed(order[2:])])
        if samples and int(samples[1]) > 1:  # the colours of a pixel stand in one image
            axes = tuple(axis for axis in axes if axis.role != BAND)
        count = math.prod(axis.size for axis in axes)
        stacks.append(Stack(axes, layouts[start : start + count], "OME stack"))
        start += count
    if stacks and start == len(layouts) and all(stack.images for stack in stacks):
        yield from stacks


def _by_size(layouts: tuple[Layout, ...]) -> Iterator[Stack]:
    """Images that follow each other and are of the same size and type."""
    start = 0
    kinds = [_kind(layout) for layout in layouts]
    for place in range(1, len(layouts) + 1):
        if place == len(layouts) or kinds[place] != kinds[start]:
            yield _stack(layouts[start:place])
            start = place


def _stack(layouts: tuple[Layout, ...]) -> Stack:
    first = layouts[0]
    text = first.tags.text(Tag.IMAGE_DESCRIPTION)
    axes, words = _described(text, first)
    count, missing = math.prod(axis.size for axis in axes), ""
    if count != len(layouts) and (len(layouts) > 1 or not _may_follow(first, count)):
        axes = _axes([("page", len(layouts))])
        if count > len(layouts):
            missing = f"{words} of {count:,} images by its description, of which the file holds {len(layouts):,}"
    return Stack(axes, layouts, words if axes else "TIFF image", missing)


def _described(text: str, first: Layout) -> tuple[tuple[Axis, ...], str]:
    """The axes of the images that ImageJ or tifffile describes, and what the stack is called."""
    if text.startswith("ImageJ="):
        said = {
            name: int(size)
            for name, size in re.findall(r"^(image|frame|slice|channel)s=(\d{1,7})$", text, re.MULTILINE)
        }
        sizes = [(short, said.get(name, 1)) for name, short in _IMAGEJ]
        if math.prod(size for _, size in sizes) != said.get("image", 1):
            sizes = [("page", said.get("image", 1))]
        return _axes(sizes), "ImageJ stack"
    shape = re.search(r'"shape": \[([\d, ]{1,200})\]', text)
    numbers = math.prod(map(int, shape[1].replace(",", " ").split())) if shape else 0
    return _axes([("page", numbers // max(1, first.width * first.height * first.samples))]), "TIFF stack"


def _axes(sizes: Sequence[tuple[str, int]]) -> tuple[Axis, ...]:
    """The axes that have more than one image."""
    return tuple(Axis(name, size, BAND if name == "c" else FRAME) for name, size in sizes if size != 1)


def _kind(layout: Layout) -> tuple[int, ...]:
    tags = layout.tags
    numbers = (tags.numbers(Tag.BITS_PER_SAMPLE), tags.numbers(Tag.SAMPLE_FORMAT))
    return (layout.width, layout.height, layout.samples, *numbers[0], -1, *numbers[1])


def _may_follow(first: Layout, count: int) -> bool:
    """Whether so many images may follow the tags of one."""
    offsets = first.tags.numbers(Tag.STRIP_OFFSETS)
    end = offsets[0] + count * _bytes(first) if offsets else 0
    return 0 < count <= _MOST_IMAGES and first.compression == 1 and 0 < end <= len(first.tags.data)


def _bytes(layout: Layout) -> int:
    """Bytes of an uncompressed image."""
    return layout.width * layout.height * layout.samples * layout.dtype.itemsize


def _level(file: TagFile, pages: Sequence[Directory], image: Layout, level: int) -> Layout:
    """The copy of an image that is ``level`` steps smaller."""
    below = [each for each in file.below(image.tags) if not is_mask(each)]
    chain = list(filter(_is_reduced, pages)) if sum(map(_is_full, pages)) <= 1 else []
    levels = [image, *(Layout(each) for each in (below or chain) if each is not image.tags)]
    if level >= len(levels):
        raise _no_such("level", level, len(levels))
    return levels[level]


def _no_such(word: str, number: int, count: int) -> FieldError:
    return FieldError(
        f"there is no {word} {number}: the TIFF file has {count:,}", hint=f"{word} counts from 0", field=word
    )


def _is_full(page: Directory) -> bool:
    return not _is_reduced(page) and not is_mask(page)


def _is_reduced(page: Directory) -> bool:
    is_old = page.number(Tag.SUBFILE_TYPE) == _OLD_REDUCED
    return is_old or bool(page.number(Tag.NEW_SUBFILE_TYPE) & _REDUCED)
