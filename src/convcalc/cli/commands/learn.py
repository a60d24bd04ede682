"""``convcalc learn``: gradient descent on the weights of a convolution or a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.cli import options as opt
from convcalc.cli.gradient_options import LossOptions
from convcalc.cli.learn_options import LearnedLayer, LearnedPlace, LearnOptions
from convcalc.cli.option_groups import command, computing

if TYPE_CHECKING:
    from convcalc.gradients.learning import Learned
    from convcalc.report.blocks import Report


@command
@computing
def learn(
    options: opt.ProblemOptions,
    target: opt.OutputOptions,
    loss: LossOptions,
    how: LearnOptions,
    layer: LearnedLayer = None,
    position: LearnedPlace = None,
    input: opt.NetworkInput = None,  # noqa: A002 - the option's name
) -> None:
    """Learn the weights by gradient descent: the loss a step, one weight's steps, weights before and after."""
    import typer

    from convcalc.cli.flags import flags
    from convcalc.cli.learn_options import learned_loss, learned_weight, method_of
    from convcalc.cli.network import check_whole, ready
    from convcalc.cli.output.emit import check_output, emit
    from convcalc.cli.output.saved_gradient import GRADIENT_SUFFIXES
    from convcalc.errors import UsageError
    from convcalc.gradients.learning import End
    from convcalc.gradients.learning import learn as descend
    from convcalc.report.gradient.learning import learning_report

    check_output(target, tuple(suffix for suffix in GRADIENT_SUFFIXES if suffix != ".npy"))
    method = method_of(how)
    found = ready(options, None, input)
    check_whole(found, partial=False)
    with flags("--dtype"):
        if found.context.dtype == "exact":
            raise UsageError("learning rounds, so that nothing stays exact", hint="--dtype float64")
    chosen, made = learned_weight(found, layer, position), learned_loss(loss, how, found)
    until = how.until if made.name in ("mse", "cross-entropy") else None
    learned = descend(
        found.network, found.cells, made, found.number, found.context,
        method=method, steps=how.steps, until=until, chosen=chosen,
    )  # fmt: skip
    report = learning_report(learned)
    is_network = found.request is None or "layers" in found.request.fields
    emit(report, target, save=lambda path: _save(report, learned, path, is_network=is_network, force=target.force))
    if learned.end == End.DIVERGED:
        raise typer.Exit(1)


def _save(report: Report, learned: Learned, path: str, *, is_network: bool, force: bool) -> tuple[str, ...]:
    """Write the report, or as .npz the weights: as ``weights: {file: w.npz}`` reads them, of a problem one a name.

    Raises:
        DataError: the weights are none: the descent diverged.
        OutputError: the file cannot be written.
    """
    from pathlib import Path

    from convcalc.cli.output.emit import save_document
    from convcalc.cli.output.saved_arrays import save_array
    from convcalc.errors import DataError
    from convcalc.gradients.learning import End

    if Path(path).suffix.lower() != ".npz":
        return save_document(report, path, force=force)
    if learned.end == End.DIVERGED:
        raise DataError(f"diverged at step {learned.step}: no weights are saved", hint="a smaller --rate")
    stages = learned.network.stages
    arrays = {f"{stages[key[0]].name}.{key[1]}" if is_network else key[1]: each for key, each in learned.after.items()}
    return save_array(path, arrays, force=force)
