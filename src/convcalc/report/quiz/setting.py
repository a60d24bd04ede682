"""What questions are about, and the questions themselves, with the numbers that they need and without their answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from convcalc.arrays import plain
from convcalc.numerals import Number
from convcalc.problem import Problem
from convcalc.quiz.forms import Form
from convcalc.quiz.layer_subject import LayerAsked, LayerSubject
from convcalc.quiz.questions import Question, Quiz, few_text
from convcalc.quiz.subject import Asked, Subject
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
    first = subjects[0]
    if isinstance(first, Subject) and not first.name:
        yield from _convolution(first)
    else:
        yield _layers(subjects)
    if few_text(quiz):
        yield note(few_text(quiz))


def _subjects(quiz: Quiz) -> list[Subject | LayerSubject]:
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


def _layers(subjects: Sequence[Subject | LayerSubject]) -> Table:
    rows = []
    for subject in subjects:
        if isinstance(subject, LayerSubject):
            from convcalc.report.layer_arguments import arguments_text

            layer = subject.layer
            told = ("", "", arguments_text(layer), layer.kind)
            rows.append(tuple(map(Span, (subject.name, shape_text(layer.input_shape), *told))))
            continue
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
    if isinstance(question.asked, LayerAsked):
        if question.kind.form is Form.NUMBER:
            yield from (say(text, Role.LABEL) for text in _numbers_of(question.asked))
        return
    subject = question.asked.subject
    if question.kind.name == "cell" and (subject.name or not _is_small(subject.problem)):
        yield from _cell_blocks(question.asked)


def _numbers_of(asked: LayerAsked) -> Iterator[str]:
    """The numbers that a cell of a layer is made of."""
    from convcalc.layers.kinds.linear import Linear

    layer, step = asked.subject.layer, asked.subject.explained(asked.cell, asked.spot.sample)
    yield f"{'inputs' if len(step.terms) > 1 else 'input'} {_listed(term.value for term in step.terms)}"
    if step.absent or step.zeros:
        yield f"{counted(step.absent + step.zeros, 'place')} of the window in the padding"
    if isinstance(layer, Linear):
        yield f"weights {_listed(term.weight for term in step.terms)}"
    for name, values in asked.subject.numbers.values.items():
        if name != "weight" or not isinstance(layer, Linear):
            yield f"{name.replace('_', ' ')} {number_text(plain(values[asked.spot.channel]), _DIGITS)}"


def _listed(numbers: Iterable[Number]) -> str:
    return ", ".join(number_text(each, _DIGITS) for each in numbers)


def _cell_blocks(asked: Asked) -> Iterator[Block]:
    """The input around a cell's window, and the filter."""
    spot, problem = asked.spot, as_written(asked.subject.problem)
    trace = trace_at(problem, spot.place, spot.channel, spot.sample)
    for channel in trace.channels:
        yield Flow((*given_grids(trace, channel.channel), *plane_grids("kernel", channel.weight)))
    scale = f"scale {number_text(trace.scale)}, " if trace.scale != 1 else ""
    yield say(f"{scale}bias {number_text(trace.bias, _DIGITS)}", Role.LABEL)
