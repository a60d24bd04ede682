"""What questions are about, and the questions themselves, with the numbers that they need and without their answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from convcalc.problem import Problem
from convcalc.quiz.questions import Question, Quiz, few_text
from convcalc.quiz.subject import Subject
from convcalc.report.array_data import operation
from convcalc.report.arrays.grids import fits_in_a_table, plane_grids
from convcalc.report.blocks import Block, Flow, Role, Sentence, Span, Table, note, say
from convcalc.report.headline import kernel_text, problem_settings, settings_text
from convcalc.report.run.channels import table_blocks
from convcalc.report.text import channels_text, number_text
from convcalc.report.worksheet import given_grids
from convcalc.tracing.trace import trace_at
from convcalc.wording import counted, shape_text

_DIGITS = 10
_MOST_CHANNELS = 4  # of arrays that are shown once, before all questions


def setting_blocks(quiz: Quiz, title: str) -> Iterator[Block]:
    """What the questions are about, without the answers to them."""
    yield say(f"Questions: {title}" if title else "Questions", Role.TITLE)
    subjects = _subjects(quiz)
    if not subjects[0].name:
        yield from _convolution(subjects[0])
    else:
        yield _layers(subjects)
    if few_text(quiz):
        yield note(few_text(quiz))


def _subjects(quiz: Quiz) -> list[Subject]:
    return list({id(each.asked.subject): each.asked.subject for each in quiz.questions}.values())


def _convolution(subject: Subject) -> Iterator[Block]:
    """One convolution in words, and its arrays if they are small."""
    if subject.numbers is None:
        yield say(_shapes_text(subject))
        return
    problem = as_written(subject.problem)
    groups = f", {problem.groups} groups" if problem.groups > 1 else ""
    given = f"{operation(subject.problem)} of {channels_text((problem.in_channels, *problem.spatial_size))}"
    settings = f"{kernel_text(problem)}, {problem_settings(problem)}{groups}"
    yield say(f"{given[0].upper()}{given[1:]} with {settings}.")
    if _is_small(problem):
        yield from table_blocks(problem, problem.input, ["output"])


def _shapes_text(subject: Subject) -> str:
    geometry = subject.geometry
    counts, axes = geometry.counts, geometry.axes
    kind = "Convolution" if geometry.flip else "Cross-correlation"
    settings = settings_text(axes.strides, axes.pads, geometry.boundary, axes.dilations)
    groups = f", {counts.groups} groups" if counts.groups > 1 else ""
    filters = f"{counted(counts.out_channels, 'filter')} of {shape_text(counts.kernel_size)}"
    return f"{kind} of {channels_text((counts.in_channels, *axes.sizes))} with {filters}, {settings}{groups}."


def _layers(subjects: Sequence[Subject]) -> Table:
    rows = []
    for subject in subjects:
        geometry = subject.geometry
        counts, axes = geometry.counts, geometry.axes
        settings = settings_text(axes.strides, axes.pads, geometry.boundary, axes.dilations)
        groups = f", {counts.groups} groups" if counts.groups > 1 else ""
        texts = (
            subject.name,
            shape_text((counts.in_channels, *axes.sizes)),
            f"{counts.out_channels:,}",
            shape_text(counts.kernel_size),
            f"{settings}{groups}",
            "convolution" if geometry.flip else "cross-correlation",
        )
        rows.append(tuple(map(Span, texts)))
    return Table(("layer", "input", "filters", "of", "settings", "kind"), tuple(rows), ("filters",))


def as_written(problem: Problem) -> Problem:
    """The problem with its kernel as it is written, so that a page does not turn it."""
    return replace(problem, geometry=replace(problem.geometry, flip=False)) if problem.flip else problem


def _is_small(problem: Problem) -> bool:
    """Whether all cells and weights are on the page that shows them once."""
    planes = problem.out_channels * (problem.in_channels // problem.groups)
    is_flat = problem.rank < 3 and fits_in_a_table(problem.spatial_size) and fits_in_a_table(problem.kernel_size)
    return is_flat and problem.batch == 1 and max(planes, problem.in_channels) <= _MOST_CHANNELS


def question_blocks(question: Question) -> Iterator[Block]:
    """A question, with the numbers that it needs and the page does not show."""
    number = Span(f"{question.number:>2}  ", Role.LABEL)
    yield Sentence((number, Span(question.text)), 4, space_before=True)
    subject = question.asked.subject
    if question.kind.name == "cell" and (subject.name or not _is_small(subject.problem)):
        yield from _cell_blocks(question)


def _cell_blocks(question: Question) -> Iterator[Block]:
    """The input around a cell's window, and the filter."""
    spot, problem = question.asked.spot, as_written(question.asked.subject.problem)
    trace = trace_at(problem, spot.place, spot.channel, spot.sample)
    for channel in trace.channels:
        yield Flow((*given_grids(trace, channel.channel), *plane_grids("kernel", channel.weight)))
    scale = f"scale {number_text(trace.scale)}, " if trace.scale != 1 else ""
    yield say(f"{scale}bias {number_text(trace.bias, _DIGITS)}", Role.LABEL)
