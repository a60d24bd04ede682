"""Saving the output of a 1-D run as a WAV sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.errors import OutputError
from convcalc.files.whole_file import write_atomically
from convcalc.wording import counted

if TYPE_CHECKING:
    from convcalc.layers.run import NetworkRun

SOUND_SUFFIX = ".wav"


def save_sound(path: str, run: NetworkRun, *, force: bool) -> tuple[str, ...]:
    """Write the output in the depth of the sound that went in, otherwise in the least that holds it; returns notes.

    Raises:
        OutputError: it is no signal of one axis and one sample, its sampling rate is not known, or WAV cannot hold it.
    """
    from convcalc.files.wav import stored, write_wav

    output = run.output
    if output.ndim != 3 or len(output) != 1:
        axes = counted(output.ndim - 2, "spatial axis", "spatial axes")
        raise OutputError(
            f"a sound has one axis, the output has {axes}" if output.ndim != 3 else "a sound is one sample of a batch",
            hint="--dims 1 if the last axis is time; .npy holds any array",
        )
    axis = run.network.sample_axis(run.last.number)
    if axis is None or axis.hertz is None:
        raise OutputError("a sound has a sampling rate, that of the output is not known", hint="--rate 44100")
    samples, depth, notes = stored(output[0], run.network.tensor.channels.depth if run.network.tensor else "")
    rate = max(1, round(axis.hertz))
    write_atomically(path, lambda stream: write_wav(stream, samples, rate, depth), force=force)
    exact = abs(rate - axis.hertz) <= 1e-6 * rate
    said = f"{rate:,} samples a second{'' if exact else f' (rounded, {axis.hertz:.6g})'}, {depth}"
    return (said, *notes)
