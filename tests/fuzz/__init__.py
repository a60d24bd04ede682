"""Readers under attack: inputs that are nearly valid, and what must hold whatever they say.

``python -m tests.fuzz`` attacks every reader with a million inputs, ``--help`` says how to ask for less; the tests do
the same with ten thousand. An input is made of (reader, seed, number) alone, and every fault is told with the three.

============ ================================================================
readers      the table: one reader, one row
reading      what reads an input as convcalc does
seeds        the valid inputs that the attacks begin with
extremes     numbers and words that something, somewhere, has failed on
raw          attacks on bytes
pieces       attacks on rows of pieces: tokens of a text, cells of a table
images       images as pieces: chunks, segments, entries
trees        attacks on documents: YAML, JSON, and headers in JSON
records      attacks on what is built of fields: NPY, NPZ, safetensors
wire         attacks on Protocol Buffers
texts        attacks on what stands on a command line
oracle       what must hold
process      this process: its streams, its memory, the command line in it
through_main the whole command line on an input, and the file it writes
runner       many inputs in this process
processes    many more, in processes of their own
by_coverage  the same readers, their inputs chosen by atheris
============ ================================================================

Inputs are small, nest little deeper than is accepted, and live in memory only: it is our own guards that are tried, not
the libraries behind them.
"""
