"""Every message in one table: a bad request, its exit code and the exact text on standard error."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest


def npy(values):
    """The bytes of a .npy file."""
    stream = io.BytesIO()
    np.save(stream, values, allow_pickle=True)
    return stream.getvalue()


def header(text, data=b"", version=1):
    """A .npy file with this text as its header."""
    raw = text.encode("latin-1")
    return b"\x93NUMPY" + bytes((version, 0)) + struct.pack("<H", len(raw)) + raw + data


def described(descr, shape, data=b""):
    """A .npy file whose header promises what its data need not hold."""
    return header(f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}}}", data)


def npz_of(members):
    """An archive with these members."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of the names that are there on purpose
        for name, data in members.items() if isinstance(members, dict) else members:
            archive.writestr(name, data)
    return stream.getvalue()


def npz(**arrays):
    """An archive of .npy files."""
    return npz_of({f"{name}.npy": data for name, data in arrays.items()})


def png_of(width, height, body=b""):
    """A grey PNG that promises this size."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


def png(rows):
    """A grey PNG with these pixels."""
    values = np.asarray(rows, dtype=np.uint8)
    height, width = values.shape
    return png_of(width, height, b"".join(b"\0" + row.tobytes() for row in values))


FOUR = npy(np.arange(4).reshape(2, 2))
TWICE = npz_of([("a.npy", FOUR), ("a.npy", FOUR)])
IMPULSE = [[0, 0, 0], [0, 200, 0], [0, 0, 0]]
# Each name stands for a list of those before: of a few lines more, a reader that writes them out would not end.
ALIASES = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n"
UP = "input: [[[1, 2], [3, 4]]]\nlayers: [{transposed-conv: {name: up, weight: [[[[1, 2], [3, 4]]]]}}]\n"
# fmt: off
MESSAGES = [
    # YAML: numbers
    ("a time of day is no number", {"f.yaml": "input: [[1, 2], [3, 4]]\nkernel: [[1:30, 1]]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:11: expected a number, got '1:30'\n"
     "  kernel: [[1:30, 1]]\n"
     "            ^\n"),
    ("a date is no number", {"f.yaml": "input: [1]\nkernel: [[2024-01-01]]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:11: expected a number, got '2024-01-01'\n"
     "  kernel: [[2024-01-01]]\n"
     "            ^\n"
     "hint: this reads as a date\n"),
    ("a missing comma", {"f.yaml": "input: [1]\nkernel: [[1 -1]]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:11: missing comma between 1 and -1\n"
     "  kernel: [[1 -1]]\n"
     "            ^\n"
     "hint: write a comma between two values\n"),
    ("a decimal comma", {"f.yaml": "input: [1]\nkernel:\n  - 1,5\n  - 2\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:5: expected a number, got '1,5'\n"
     "    - 1,5\n"
     "      ^\n"
     "hint: a decimal comma: write 1.5\n"),
    ("a power", {"f.yaml": "input: [1]\nkernel: [[9**9**9]]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:11: powers are not read: '9**9**9'\n"
     "  kernel: [[9**9**9]]\n"
     "            ^\n"
     "hint: write the value\n"),
    ("a caret for a power", {"f.yaml": "input: [1]\nkernel: [[2^3]]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:11: powers are not read: '2^3'\n"
     "  kernel: [[2^3]]\n"
     "            ^\n"
     "hint: write the value\n"),
    ("an expression of a megabyte", {"f.yaml": "input: [1]\nkernel: [[" + "1+" * 500_000 + "1]]\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:11: an expression of 1,000,001 characters, at most 200\n"
     "hint: write its value\n"),
    ("ten thousand parentheses", {"f.yaml": "input: [1]\nkernel: [[" + "(" * 10_000 + "1" + ")" * 10_000 + "]]\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:11: an expression of 20,001 characters, at most 200\n"
     "hint: write its value\n"),
    ("eighty parentheses", {"f.yaml": "input: [1]\nkernel: [[" + "(" * 80 + "1" + ")" * 80 + "]]\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:11: more than 30 nested parentheses\n"
     "  kernel: [[((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1)))))))))\n"
     "            ^\n"
     "hint: write the value\n"),
    ("a call of Python", {"f.yaml": 'input: [1]\nkernel: [["__import__(\'os\').system(\'x\')"]]\n'},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:11: unknown name '__import__'\n"
     '  kernel: [["__import__(\'os\').system(\'x\')"]]\n'
     "            ^\n"
     "hint: the names known here are pi and sqrt\n"),
    ("five thousand digits", {"f.yaml": "input: [" + "9" * 5000 + "]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:9: too large: 5,000 digits, at most 4,300\n"
     "  input: [99999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999\n"
     "          ^\n"),
    ("beyond the range of floats", {"f.yaml": "input: [1]\nkernel: [[1e400]]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:11: out of range: '1e400'\n"
     "  kernel: [[1e400]]\n"
     "            ^\n"
     "hint: the largest float is about 1.8e308\n"),
    ("divided by zero", {"f.yaml": "input: [1/0]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:9: division by zero in '1/0'\n"
     "  input: [1/0]\n"
     "          ^\n"),
    ("a word among numbers", {"f.yaml": "input: [1, two]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:12: expected a number, got 'two'\n"
     "  input: [1, two]\n"
     "             ^\n"),
    ("nothing among numbers", {"f.yaml": "input: [1, , 2]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:12: expected a value, got ','\n"
     "  input: [1, , 2]\n"
     "             ^\n"),
    ("true among numbers", {"f.yaml": "input: [1, true]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:12: expected a number, got 'true'\n"
     "  input: [1, true]\n"
     "             ^\n"
     "hint: write 1 or 0\n"),
    ("null among numbers", {"f.yaml": "input: [1, null]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:12: expected a number, got 'null'\n"
     "  input: [1, null]\n"
     "             ^\n"
     "hint: write nan for a missing value, or a number\n"),
    # YAML: syntax
    ("no space after the colon, in braces", {"f.yaml": "{input: [1, 2], stride:2}\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:17: no value for the key 'stride:2'\n"
     "  {input: [1, 2], stride:2}\n"
     "                  ^\n"
     "hint: write stride: 2 with a space\n"),
    ("no space after the colon, before a list", {"f.yaml": "{input:[1]}\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:7: unexpected ':'\n"
     "  {input:[1]}\n"
     "        ^\n"
     "hint: write a space after the colon\n"),
    ("no space after the colon, in a block", {"f.yaml": "input: [1, 2]\nkernel:[1]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:1: expected ':' after the key\n"
     "  kernel:[1]\n"
     "  ^\n"
     "hint: write a space after the colon\n"),
    ("the same key twice", {"f.yaml": "input: [1, 2]\nstride: 1\nkernel: [1]\nstride: 2\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:4:1: duplicate key 'stride': in line 2 and in line 4\n"
     "  stride: 2\n"
     "  ^\n"),
    ("a tag", {"f.yaml": "input: !!python/object/apply:os.system [echo]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:8: tags are not accepted: '!!python/object/apply:os.system'\n"
     "  input: !!python/object/apply:os.system [echo]\n"
     "         ^\n"
     "hint: write the value without it\n"),
    ("a tag on a text", {"f.yaml": "input: [!!binary aGk=]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:9: tags are not accepted: '!!binary'\n"
     "  input: [!!binary aGk=]\n"
     "          ^\n"
     "hint: write the value without it\n"),
    ("a tag on a mapping", {"f.yaml": "input: [1]\nkernel: !!set {a, b}\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: tags are not accepted: '!!set'\n"
     "  kernel: !!set {a, b}\n"
     "          ^\n"
     "hint: write the value without it\n"),
    ("an anchor to itself", {"f.yaml": "input: &a [*a]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:8: anchors are not accepted: '&a'\n"
     "  input: &a [*a]\n"
     "         ^\n"
     "hint: write the value out\n"),
    ("an alias", {"f.yaml": "input: [*a]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:9: aliases are not accepted: '*a'\n"
     "  input: [*a]\n"
     "          ^\n"
     "hint: write the value out\n"),
    ("aliases of aliases", {"f.yaml": ALIASES}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:4: anchors are not accepted: '&a'\n"
     "  a: &a [x,x,x,x,x,x,x,x,x]\n"
     "     ^\n"
     "hint: write the value out\n"),
    ("one bracket more than the limit", {"f.yaml": "[" * 65}, ["run", "f.yaml"], 3,
     "error: f.yaml:1:65: nested deeper than 64 levels\n"
     f"  {'[' * 65}\n"
     f"  {' ' * 64}^\n"
     "hint: raise it with --limit depth=128\n"),
    ("one mapping more than the limit", {"f.yaml": "{a: " * 65}, ["run", "f.yaml"], 3,
     "error: f.yaml:1:257: nested deeper than 64 levels\n"
     f"  {'{a: ' * 25}\n"
     f"  {' ' * 96}^\n"
     "hint: raise it with --limit depth=128\n"),
    ("one dash more than the limit", {"f.yaml": "- " * 65}, ["run", "f.yaml"], 3,
     "error: f.yaml:1:129: nested deeper than 64 levels\n"
     f"  {'- ' * 50}\n"
     f"  {' ' * 98}^\n"
     "hint: raise it with --limit depth=128\n"),
    ("a merge key", {"f.yaml": "<<: *base\ninput: [1]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:1: merge keys (<<) are not accepted\n"
     "  <<: *base\n"
     "  ^\n"
     "hint: write the keys out\n"),
    ("a second document", {"f.yaml": "input: [1, 2]\n---\ninput: [3]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:1: a second document starts here\n"
     "  ---\n"
     "  ^\n"
     "hint: keep one document in a file\n"),
    ("an empty file", {"f.yaml": ""}, ["run", "f.yaml"], 1, "error: f.yaml: file is empty\n"),
    ("nothing but comments", {"f.yaml": "# nothing\n\n# more\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml: file is empty\n"),
    ("a tab as indentation", {"f.yaml": "input:\n\t- 1\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:1: tab at column 1: use spaces\n"
     "   - 1\n"
     "  ^\n"),
    ("a list that is not closed", {"f.yaml": "input: [[1, 2], [3, 4\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:17: the list that starts here is not closed\n"
     "  input: [[1, 2], [3, 4\n"
     "                  ^\n"),
    ("a quote that is not closed", {"f.yaml": 'input: [1]\ntitle: "open\n'}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:8: the quote that starts here is not closed\n"
     '  title: "open\n'
     "         ^\n"),
    ("Latin-1", {"f.yaml": "title: café\n".encode("latin-1")}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:11: not UTF-8: byte 0xe9 at offset 10\n"
     "hint: save the file as UTF-8\n"),
    ("UTF-16 cut in the middle", {"f.yaml": "input: [1]".encode("utf-16")[:-1]}, ["run", "f.yaml"], 1,
     "error: f.yaml: not UTF-16: offset 20\n"),
    ("a NUL", {"f.yaml": "input: [1]\ntitle: a\x00b\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: control character '\\x00' in a text file\n"
     "  title: a\\x00b\n"
     "          ^\n"),
    ("an ESC", {"f.yaml": "input: [1]\ntitle: \x1b[31mred\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:8: control character '\\x1b' in a text file\n"
     "  title: \\x1b[31mred\n"
     "         ^\n"),
    ("half a surrogate pair", {"f.yaml": 'input: [1]\ntitle: "\\ud800"\n'}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:11: the escape stands for no character\n"
     '  title: "\\ud800"\n'
     "            ^\n"
     "hint: half of a surrogate pair\n"),
    ("a list as a key", {"f.yaml": "[1]: 2\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:1: a key must be a word, not a list\n"
     "  [1]: 2\n"
     "  ^\n"),
    ("a name of 300 characters", {"f.yaml": f"{'x' * 300}: 1\n"}, ["run", "f.yaml"], 3,
     "error: f.yaml:1:1: a key of 300 characters, at most 200\n  " + "x" * 100
     + "\n  ^\nhint: raise it with --limit name=400\n"),
    # JSON
    ("JSON that is cut", {"f.json": "[[1, 2], [3, 4"}, ["run", "f.json"], 1,
     "error: f.json:1:10: the list that starts here is not closed\n"
     "  [[1, 2], [3, 4\n"
     "           ^\n"),
    ("a misspelt field in JSON", {"f.json": '{"input": [[1, 2], [3, 4]], "strid": 1}'}, ["run", "f.json"], 1,
     "error: f.json:1:29: unknown field 'strid'\n"
     '  {"input": [[1, 2], [3, 4]], "strid": 1}\n'
     "                              ^\n"
     "hint: did you mean stride?\n"),
    ("a word in JSON", {"f.json": '["x"]'}, ["run", "f.json"], 1,
     "error: f.json:1:2: expected a number, got 'x'\n"
     '  ["x"]\n'
     "   ^\n"),
    ("a saved result without its output", {"f.json": '{"schema": "convcalc.run/1"}'}, ["run", "f.json"], 1,
     "error: f.json: this file holds named fields, not an array\n"
     "hint: a problem is run by itself\n"),
    ("a saved result that is damaged", {"f.json": '{"schema": "convcalc.run/1", "output": [[1, x]]}'},
     ["run", "f.json"], 1,
     "error: f.json:1:45: expected a number, got 'x'\n"
     '  {"schema": "convcalc.run/1", "output": [[1, x]]}\n'
     "                                              ^\n"),
    # the input
    ("a misspelt field", {"f.yaml": "input: [1, 2]\nkernel: [1]\npaddng: 1\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:1: unknown field 'paddng'\n"
     "  paddng: 1\n"
     "  ^\n"
     "hint: did you mean padding?\n"),
    ("a field by PyTorch's name", {"f.yaml": "input: [1, 2]\nkernel: [1]\npadding_mode: reflect\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:3:1: unknown field 'padding_mode'\n"
     "  padding_mode: reflect\n"
     "  ^\n"
     "hint: here it is called boundary\n"),
    ("a word that means two things", {"f.yaml": "input: [1, 2]\nmode: same\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:1: unknown field 'mode'\n"
     "  mode: same\n"
     "  ^\n"
     "hint: here it is called padding or boundary\n"),
    ("an argument by the name of Keras",
     {"f.yaml": "input: {shape: [1, 5, 5]}\nlayers:\n- conv: {filters: 1, kernel_size: 3}\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:10: conv1: unknown key of conv 'filters'\n"
     "  - conv: {filters: 1, kernel_size: 3}\n"
     "           ^\n"
     "hint: here it is called out_channels\n"),
    ("an option by PyTorch's name", {}, ["run", "--padding-mode", "reflect"], 2,
     "error: No such option: --padding-mode (Possible options: --padding)\n"
     "hint: here it is called --boundary\n"),
    ("no input", {"f.yaml": "kernel: [1]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml: a problem needs an input\n"
     "hint: input: [[1, 2], [3, 4]]\n"),
    ("rows of different lengths", {"f.yaml": "input: [[1, 2], [3]]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:17: row 2 has 1 value, row 1 has 2\n"
     "  input: [[1, 2], [3]]\n"
     "                  ^\n"),
    ("planes of different lengths", {"f.yaml": "input:\n- [[1, 2], [3, 4]]\n- [[1, 2], [3]]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:12: [1][1] has 1 value, [1][0] has 2\n"
     "  - [[1, 2], [3]]\n"
     "             ^\n"),
    ("a number where a row should be", {"f.yaml": "input: [[1, 2], 3]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:17: row 2 is the value '3', row 1 a list of 2 values\n"
     "  input: [[1, 2], 3]\n"
     "                  ^\n"),
    ("a row where a number should be", {"f.yaml": "input: [1, [2]]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:12: expected a number, got a list\n"
     "  input: [1, [2]]\n"
     "             ^\n"),
    ("an empty input", {"f.yaml": "input: []\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:8: expected numbers, got an empty list\n"
     "  input: []\n"
     "         ^\n"),
    ("a lone number as input", {"f.yaml": "input: 5\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:8: input must be a list of numbers, got '5'\n"
     "  input: 5\n"
     "         ^\n"
     "hint: write {file: PATH} for a file\n"),
    ("a word as input", {"f.yaml": "input: photo\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:8: input must be numbers, got 'photo'\n"
     "  input: photo\n"
     "         ^\n"
     "hint: {file: photo} for a file\n"),
    ("nothing as input", {"f.yaml": "input:\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:7: expected a number, got nothing\n"
     "  input:\n"
     "        ^\n"),
    ("a misspelt source", {"f.yaml": "input: {fil: a.png}\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:9: unknown source of numbers 'fil'\n"
     "  input: {fil: a.png}\n"
     "          ^\n"
     "hint: did you mean file?\n"),
    ("a shape where numbers are needed", {"f.yaml": "input: {shape: [1, 4, 4]}\nlayers: [relu]\n"},
     ["gallery", "f.yaml"], 1,
     "error: f.yaml:1:16: a shape says how large the numbers are, not what they are\n"
     "  input: {shape: [1, 4, 4]}\n"
     "                 ^\n"
     "hint: write them out, or {file: photo.png}, or {random: [3, 32, 32]}\n"),
    ("a page of four axes", {"f.yaml": "dims: 4\ninput: {ones: [3, 3, 3, 3]}\nkernel: {ones: [2, 2, 2, 2]}\n"},
     ["page", "f.yaml"], 1,
     "error: the page draws up to 3 spatial axes, these are 4\n"
     "hint: --slice 0 shows the output at index 0 of the first; --dims 3 makes channels of it\n"),
    ("a slice that is not there", {"f.yaml": "dims: 4\ninput: {ones: [3, 3, 3, 3]}\nkernel: {ones: [2, 2, 2, 2]}\n"},
     ["page", "f.yaml", "--slice", "9"], 2,
     "error: --slice: there is no output position 9 on the first axis, which has 2\n"
     "hint: --slice counts from 0\n"),
    ("a slice of nothing", {}, ["page", "--slice", "0,0"], 2,
     "error: --slice: 2 positions for 2 spatial axes leave none to draw\n"
     "hint: --slice 0\n"),
    ("a page that is too large", {"f.yaml": "input: {zeros: [3000, 3000]}\nkernel: sobel-x\n"}, ["page", "f.yaml"], 3,
     "error: the page would hold 91.6 MiB of numbers, 91.6 MiB of them those of the input; it holds up to 32.0 MiB\n"
     "hint: --crop 0:64,0:64 takes a part of the input\n"),
    ("a crop of another rank", {}, ["page", "--crop", "0:9"], 2,
     "error: --crop: 1 part for 2 spatial axes\n"
     "hint: --crop 0:5,0:5\n"),
    ("a crop that is none", {}, ["page", "--crop", "a"], 2,
     "error: --crop: 'a' is no part of an input\n"
     "hint: --crop 100:164,200:264: from, and up to\n"),
    ("a crop of nothing", {}, ["page", "--crop", "3:3,0:2"], 2,
     "error: --crop: nothing is left of the input\n"
     "hint: --crop 0:5,0:5\n"),
    ("a crop of a network", {"f.yaml": "input: [[[1, 2], [3, 4]]]\ndims: 2\nlayers: [relu]\n"},
     ["page", "f.yaml", "--crop", "0:1,0:1"], 2,
     "error: --crop is for a single convolution\n"
     "hint: --input takes another input of a network\n"),
    ("a page as a figure", {}, ["page", "-o", "page.svg"], 1,
     "error: nothing is saved here as '.svg'\n"
     "hint: one of: .html, .htm\n"),
    ("a page to open that is in no file", {}, ["page", "--open"], 2,
     "error: --open opens the file that is saved, and none is\n"
     "hint: -o page.html --open\n"),
    ("a page of a sample that is not there", {}, ["page", "--batch", "2"], 2,
     "error: --batch: there is no sample 2: the input has 1, counted from 0\n"
     "hint: --batch 0\n"),
    ("a page at a cell that is not there", {}, ["page", "--pos", "9,9"], 2,
     "error: --pos: position (9, 9) lies outside the output, which is 3×3\n"
     "hint: positions count from 0: the last one is (2, 2)\n"),
    ("an empty mapping as input", {"f.yaml": "input: {}\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:8: expected numbers, got an empty mapping\n"
     "  input: {}\n"
     "         ^\n"
     "hint: one of: file, zeros, ones, arange, impulse, random\n"),
    ("a missing input file", {"f.yaml": "input: {file: b.npy}\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:8: no such file: b.npy\n"
     "  input: {file: b.npy}\n"
     "         ^\n"),
    ("a list as file name", {"f.yaml": "input: {file: [a]}\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:15: file must be a text, got a list\n"
     "  input: {file: [a]}\n"
     "                ^\n"),
    ("a problem as input of itself", {"f.yaml": "input: {file: f.yaml}\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml: this file holds named fields, not an array\n"
     "hint: a problem is run by itself\n"),
    ("a rule beside a file", {"f.yaml": "input: {file: a.csv, set: {}}\n", "a.csv": "1"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:22: unknown key beside 'file' 'set'\n"
     "  input: {file: a.csv, set: {}}\n"
     "                       ^\n"
     "hint: leave set out\n"),
    ("a size of zero", {"f.yaml": "input: {zeros: [0, 5]}\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:16: a size of 'zeros' must be a whole number >= 1, got 0\n"
     "  input: {zeros: [0, 5]}\n"
     "                 ^\n"),
    ("a size that is a word", {"f.yaml": "input: {zeros: [a]}\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:16: a size of 'zeros' must be a whole number >= 1, got 'a'\n"
     "  input: {zeros: [a]}\n"
     "                 ^\n"),
    ("no sizes", {"f.yaml": "input: {zeros: []}\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:16: zeros takes 1 to 8 sizes, got 0\n"
     "  input: {zeros: []}\n"
     "                 ^\n"),
    ("a misspelt key beside a rule", {"f.yaml": "input: {zeros: [5, 5], st: 1}\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:24: unknown key beside 'zeros' 'st'\n"
     "  input: {zeros: [5, 5], st: 1}\n"
     "                         ^\n"
     "hint: did you mean set?\n"),
    ("a seed beside zeros", {"f.yaml": "input: {zeros: [5, 5], seed: 1}\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:24: unknown key beside 'zeros' 'seed'\n"
     "  input: {zeros: [5, 5], seed: 1}\n"
     "                         ^\n"
     "hint: one of: set\n"),
    ("two rules", {"f.yaml": "input: {zeros: 5, ones: 5}\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:19: unknown key beside 'zeros' 'ones'\n"
     "  input: {zeros: 5, ones: 5}\n"
     "                    ^\n"
     "hint: one of: set\n"),
    ("a setting outside", {"f.yaml": 'input: {zeros: [5, 5], set: {"9, 0": 1}}\n'}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:38: index 9 lies outside of an axis of 5 cells\n"
     '  input: {zeros: [5, 5], set: {"9, 0": 1}}\n'
     "                                       ^\n"),
    ("a setting that is no index", {"f.yaml": 'input: {zeros: [5, 5], set: {"a": 1}}\n'}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:35: 'a' is not an index\n"
     '  input: {zeros: [5, 5], set: {"a": 1}}\n'
     "                                    ^\n"
     'hint: write it like "0, 2" or ":, 2" or "1:3, :"\n'),
    ("a setting that is no number", {"f.yaml": 'input: {zeros: [5, 5], set: {"1": x}}\n'}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:35: expected a number, got 'x'\n"
     '  input: {zeros: [5, 5], set: {"1": x}}\n'
     "                                    ^\n"),
    ("settings as a list", {"f.yaml": "input: {zeros: [5, 5], set: [1]}\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:29: set must be a mapping from an index to a number\n"
     "  input: {zeros: [5, 5], set: [1]}\n"
     "                              ^\n"
     'hint: set: {":, 2": 1}\n'),
    ("high below low", {"f.yaml": "input: {random: [5, 5], low: 9, high: 1}\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:39: high must be at least low 9 and below 2**62, got 1\n"
     "  input: {random: [5, 5], low: 9, high: 1}\n"
     "                                        ^\n"),
    ("a negative seed", {"f.yaml": "input: {random: [5, 5], seed: -1}\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:31: seed must be a whole number >= 0, got -1\n"
     "  input: {random: [5, 5], seed: -1}\n"
     "                                ^\n"),
    ("an input beyond memory", {"f.yaml": "input: {zeros: [1000000, 1000000, 1000000]}\n"},
     ["run", "f.yaml", "--limit", "memory=1GiB"], 3,
     "error: f.yaml:1:8: the input 1000000×1000000×1000000 needs 7,275,957.6 TiB of memory, 1.0 GiB may be used\n"
     "  input: {zeros: [1000000, 1000000, 1000000]}\n"
     "         ^\n"
     "hint: raise it with --limit memory=7275958TiB if the machine has it\n"),
    # the readings of axes
    ("an ambiguous input", {"f.yaml": "input: {ones: [2, 5, 5]}\nkernel: {ones: [2, 3, 3]}\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:1:8: an input of 2×5×5 and a kernel of 2×3×3 can be read in 2 ways\n"
     "  input: {ones: [2, 5, 5]}\n"
     "         ^\n"
     "hint: dims: 2 (input: channels 2, cells 5×5, kernel: channels 2, cells 3×3); dims: 3 (input: cells 2×5×5, "
     "kernel: cells 2×3×3)\n"),
    ("no reading fits", {"f.yaml": "input: {ones: [4, 5, 5]}\nkernel: {ones: [2, 3, 3, 3, 3]}\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: an input of 4×5×5 and a kernel of 2×3×3×3×3 do not fit together\n"
     "  kernel: {ones: [2, 3, 3, 3, 3]}\n"
     "          ^\n"
     "hint: the input is [batch,] [channel,] spatial, the kernel [out,] [channel,] spatial\n"),
    ("dims 0", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\ndims: 0\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:7: dims must be a whole number >= 1, got 0\n"
     "  dims: 0\n"
     "        ^\n"),
    ("more dims than axes", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\ndims: 5\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:7: the input has 1 axis, which does not go with dims 5\n"
     "  dims: 5\n"
     "        ^\n"
     "hint: with dims 5 it is [batch,] [channel,] and 5 spatial\n"),
    ("too many axes for dims", {"f.yaml": "dims: 1\ninput: {ones: [2, 2, 2, 2]}\nkernel: [1]\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:1:7: the input has 4 axes, which does not go with dims 1\n"
     "  dims: 1\n"
     "        ^\n"
     "hint: with dims 1 it is [batch,] [channel,] and 1 spatial\n"),
    ("too many axes of the kernel for dims",
     {"f.yaml": "dims: 1\ninput: {ones: [9]}\nkernel: {ones: [2, 2, 2, 2]}\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:3:9: kernel weights has 4 axes, which does not go with dims 1\n"
     "  kernel: {ones: [2, 2, 2, 2]}\n"
     "          ^\n"
     "hint: a kernel has 1 spatial axes, in front of them one of channels, then one of output channels\n"),
    ("planes that do not fit the channels",
     {"f.yaml": "dims: 2\ninput: {ones: [3, 9, 9]}\nkernel: {ones: [1, 2, 3, 3]}\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:3:9: the kernel spans 2 channels, the input has 3 channels\n"
     "  kernel: {ones: [1, 2, 3, 3]}\n"
     "          ^\n"
     "hint: a filter needs one plane for each of 3 channels\n"),
    ("planes that do not fit depthwise",
     {"f.yaml": "dims: 2\ndepthwise: true\ninput: {ones: [3, 9, 9]}\nkernel: {ones: [2, 3, 3]}\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:4:9: the kernel has 2 planes for 3 channels\n"
     "  kernel: {ones: [2, 3, 3]}\n"
     "          ^\n"
     "hint: a filter needs one plane for each channel that it spans\n"),
    ("groups beside depthwise",
     {"f.yaml": "dims: 2\ndepthwise: true\ngroups: 2\ninput: {ones: [3, 9, 9]}\nkernel: {ones: [3, 3]}\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:3:9: depthwise means one group for each of 3 channels, groups is 2\n"
     "  groups: 2\n"
     "          ^\n"
     "hint: leave groups out\n"),
    # options in a file
    ("stride 0", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\nstride: 0\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:9: stride must be a whole number >= 1, got 0\n"
     "  stride: 0\n"
     "          ^\n"),
    ("stride -1", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\nstride: -1\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:9: stride must be a whole number >= 1, got -1\n"
     "  stride: -1\n"
     "          ^\n"),
    ("stride 1.5", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\nstride: 1.5\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:9: stride must be a whole number >= 1, got 1.5\n"
     "  stride: 1.5\n"
     "          ^\n"),
    ("stride true", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\nstride: true\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:9: stride must be a whole number >= 1, got 'true'\n"
     "  stride: true\n"
     "          ^\n"),
    ('stride "2"', {"f.yaml": 'input: [1, 2, 3]\nkernel: [1]\nstride: "2"\n'}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:9: stride must be a whole number >= 1, got '2'\n"
     '  stride: "2"\n'
     "          ^\n"),
    ("stride null", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\nstride: null\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:9: stride must be a whole number >= 1, got 'null'\n"
     "  stride: null\n"
     "          ^\n"),
    ("stride nothing", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\nstride: \n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:8: stride must be a whole number >= 1, got ''\n"
     "  stride: \n"
     "         ^\n"),
    ("stride [1, 2]", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\nstride: [1, 2]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:9: stride has 2 entries for 1 spatial axis\n"
     "  stride: [1, 2]\n"
     "          ^\n"),
    ("stride [0]", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\nstride: [0]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:10: stride must be a whole number >= 1, got 0\n"
     "  stride: [0]\n"
     "           ^\n"),
    ("stride two", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\nstride: two\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:9: stride must be a whole number >= 1, got 'two'\n"
     "  stride: two\n"
     "          ^\n"),
    ("dilation 0", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\ndilation: 0\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:11: dilation must be a whole number >= 1, got 0\n"
     "  dilation: 0\n"
     "            ^\n"),
    ("padding -1", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\npadding: -1\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:10: padding must be a whole number >= 0, got -1\n"
     "  padding: -1\n"
     "           ^\n"),
    ("a misspelt padding", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\npadding: sane\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:10: unknown padding 'sane'\n"
     "  padding: sane\n"
     "           ^\n"
     "hint: did you mean same?\n"),
    ("three numbers for one axis", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\npadding: [[1, 2, 3]]\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:3:11: padding of one axis is [before, after], got 3 numbers\n"
     "  padding: [[1, 2, 3]]\n"
     "            ^\n"),
    ("a flat pair for one axis", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\npadding: [1, 2]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:10: padding has 2 entries for 1 spatial axis\n"
     "  padding: [1, 2]\n"
     "           ^\n"
     "hint: write [[before, after]] for one axis\n"),
    ("groups 0", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\ngroups: 0\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:9: groups must be a whole number >= 1, got 0\n"
     "  groups: 0\n"
     "          ^\n"),
    ("groups -1", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\ngroups: -1\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:9: groups must be a whole number >= 1, got -1\n"
     "  groups: -1\n"
     "          ^\n"),
    ("groups in words", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\ngroups: two\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:9: groups must be a whole number >= 1, got 'two'\n"
     "  groups: two\n"
     "          ^\n"),
    ("groups that do not divide the input",
     {"f.yaml": "dims: 1\ninput: [[1, 2], [1, 2], [1, 2]]\nkernel: [1]\ngroups: 2\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:4:9: groups 2 does not divide in_channels 3\n"
     "  groups: 2\n"
     "          ^\n"),
    ("groups that do not divide the output",
     {"f.yaml": "dims: 1\ninput: [[1, 2], [1, 2]]\nkernel: [[[1]], [[1]], [[1]]]\ngroups: 2\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:4:9: groups 2 does not divide out_channels 3\n"
     "  groups: 2\n"
     "          ^\n"
     "hint: groups must divide both in_channels 2 and out_channels 3\n"),
    ("a kernel that does not fit", {"f.yaml": "input: [1, 2, 3]\nkernel: [1, 1, 1, 1]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: the kernel does not fit on axis 0: it reaches over 4 cells, the padded input has 3\n"
     "  kernel: [1, 1, 1, 1]\n"
     "          ^\n"
     "hint: pad with at least 1 more, or take a smaller kernel\n"),
    ("a dilated kernel that does not fit",
     {"f.yaml": "input: [1, 2, 3]\nkernel: [1, 1, 1]\ndilation: 2\npadding: [[0, 1]]\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: the kernel does not fit on axis 0: it reaches over 2 × (3 − 1) + 1 = 5 cells, the "
     "padded input has 0 + 3 + 1 = 4\n"
     "  kernel: [1, 1, 1]\n"
     "          ^\n"
     "hint: pad with at least 1 more, or take a smaller kernel\n"),
    ("padding beyond memory", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\npadding: 1000000000000\n"},
     ["run", "f.yaml", "--limit", "memory=1GiB"], 3,
     "error: this convolution needs 14.6 TiB of memory, 1.0 GiB may be used\n"
     "hint: raise it with --limit memory=15TiB if the machine has it\n"),
    ("a misspelt boundary", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\nboundary: reflct\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:11: unknown boundary 'reflct'\n"
     "  boundary: reflct\n"
     "            ^\n"
     "hint: one of: zeros, reflect, symmetric, replicate, circular, or a number for a constant\n"),
    ("another library's boundary", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\nboundary: edge\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:3:11: boundary 'edge' is another library's name\n"
     "  boundary: edge\n"
     "            ^\n"
     "hint: here it is replicate\n"),
    ("a list as boundary", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\nboundary: [1]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:11: boundary must be a word or a number\n"
     "  boundary: [1]\n"
     "            ^\n"
     "hint: boundary: reflect, or {constant: 7}\n"),
    ("a misspelt dtype", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\ndtype: flot32\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:8: unknown dtype 'flot32'\n"
     "  dtype: flot32\n"
     "         ^\n"
     "hint: one of: auto, exact, float32, float64\n"),
    ("a list as dtype", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\ndtype: [float32]\n"}, ["run", "f.yaml"], 1,
     'error: f.yaml:3:8: unknown dtype "[\'float32\']"\n'
     "  dtype: [float32]\n"
     "         ^\n"
     "hint: one of: auto, exact, float32, float64\n"),
    ("exact with floats", {"f.yaml": "input: [1, 2]\nkernel: [0.5]\ndtype: exact\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:8: dtype exact computes in whole and rational numbers, and there are floats\n"
     "  dtype: exact\n"
     "         ^\n"
     "hint: write fractions such as 1/2 instead of 0.5, or choose dtype float64\n"),
    ("flip maybe", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\nflip: maybe\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:7: flip must be true or false, got 'maybe'\n"
     "  flip: maybe\n"
     "        ^\n"),
    ("depthwise as a number", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\ndepthwise: 1\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:12: depthwise must be true or false, got '1'\n"
     "  depthwise: 1\n"
     "             ^\n"),
    ("a list as title", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\ntitle: [a]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:8: title must be a text, got a list\n"
     "  title: [a]\n"
     "         ^\n"),
    ("a bias for two channels of one", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\nbias: [1, 2]\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:3:7: bias has shape 2 for 1 output channel\n"
     "  bias: [1, 2]\n"
     "        ^\n"
     "hint: bias is one number, or one for each output channel\n"),
    ("a word as bias", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\nbias: x\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:7: expected a number, got 'x'\n"
     "  bias: x\n"
     "        ^\n"),
    ("null as bias", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\nbias: null\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:7: expected a number, got 'null'\n"
     "  bias: null\n"
     "        ^\n"
     "hint: write nan for a missing value, or a number\n"),
    ("a nested bias", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\nbias: [[1]]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:7: bias has shape 1×1 for 1 output channel\n"
     "  bias: [[1]]\n"
     "        ^\n"
     "hint: bias is one number, or one for each output channel\n"),
    ("a ragged bias", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\nbias: [1, [2]]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:11: expected a number, got a list\n"
     "  bias: [1, [2]]\n"
     "            ^\n"),
    ("a mapping as bias", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\nbias: {a: 1}\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:3:7: expected a number or a list, got a mapping\n"
     "  bias: {a: 1}\n"
     "        ^\n"),
    # kernels in a file
    ("an empty kernel", {"f.yaml": "input: {ones: [9, 9]}\nkernel: []\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: expected numbers, got an empty list\n"
     "  kernel: []\n"
     "          ^\n"),
    ("an empty row as kernel", {"f.yaml": "input: {ones: [9, 9]}\nkernel: [[]]\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:10: expected numbers, got an empty list\n"
     "  kernel: [[]]\n"
     "           ^\n"),
    ("nothing as kernel", {"f.yaml": "input: {ones: [9, 9]}\nkernel: \n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:8: expected a number, got nothing\n"
     "  kernel: \n"
     "         ^\n"),
    ("a number as kernel", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 5\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: a kernel must have weights\n"
     "  kernel: 5\n"
     "          ^\n"
     "hint: [1, 0, -1] or [[0, 1], [1, 0]]\n"),
    ("a misspelt kernel", {"f.yaml": "input: {ones: [9, 9]}\nkernel: gausian\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: unknown kernel 'gausian'\n"
     "  kernel: gausian\n"
     "          ^\n"
     "hint: did you mean gaussian or gaussian-3d or gaussian-5x5?\n"),
    ("a misspelt kernel in a list", {"f.yaml": "input: {ones: [9, 9]}\nkernel: [sobel-x, gausian]\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:19: unknown kernel 'gausian'\n"
     "  kernel: [sobel-x, gausian]\n"
     "                    ^\n"
     "hint: did you mean gaussian or gaussian-3d or gaussian-5x5?\n"),
    ("a kernel like no other", {"f.yaml": "input: {ones: [9, 9]}\nkernel: zzzz\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: unknown kernel 'zzzz'\n"
     "  kernel: zzzz\n"
     "          ^\n"
     "hint: `convcalc kernels` lists the names\n"),
    ("kernels of different sizes", {"f.yaml": "input: {ones: [9, 9]}\nkernel: [sobel-x, 'gaussian:5']\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: the kernels of one problem must have one size, these have 3×3 and 5×5\n"
     "  kernel: [sobel-x, 'gaussian:5']\n"
     "          ^\n"
     "hint: pad the smaller ones with zeros\n"),
    ("arguments for a kernel that takes none", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'sobel-x:5'\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: kernel 'sobel-x' takes no arguments\n"
     "  kernel: 'sobel-x:5'\n"
     "          ^\n"
     "hint: write sobel-x\n"),
    ("arguments for a kernel that takes none, in a mapping",
     {"f.yaml": "input: {ones: [9, 9]}\nkernel: {name: sobel-x, size: 5}\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:31: kernel 'sobel-x' takes no arguments\n"
     "  kernel: {name: sobel-x, size: 5}\n"
     "                                ^\n"),
    ("too many arguments", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'gaussian:5,1.2,2,4'\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: at most 2 arguments without a name, got 4 in '5,1.2,2,4'\n"
     "  kernel: 'gaussian:5,1.2,2,4'\n"
     "          ^\n"
     "hint: in this order: size, sigma\n"),
    ("a misspelt argument", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'gaussian:sise=5'\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: unknown parameter 'sise'\n"
     "  kernel: 'gaussian:sise=5'\n"
     "          ^\n"
     "hint: did you mean size?\n"),
    ("a misspelt argument in a mapping", {"f.yaml": "input: {ones: [9, 9]}\nkernel: {name: gaussian, sise: 5}\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: unknown parameter 'sise'\n"
     "  kernel: {name: gaussian, sise: 5}\n"
     "          ^\n"
     "hint: did you mean size?\n"),
    ("an argument twice", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'gaussian:size=3,size=5'\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: size is given twice in 'size=3,size=5'\n"
     "  kernel: 'gaussian:size=3,size=5'\n"
     "          ^\n"),
    ("size 0", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'gaussian:0'\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: size must be a whole number >= 1, got 0\n"
     "  kernel: 'gaussian:0'\n"
     "          ^\n"),
    ("size 1.5", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'gaussian:1.5'\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: size must be a whole number >= 1, got 1.5\n"
     "  kernel: 'gaussian:1.5'\n"
     "          ^\n"),
    ("size 99999", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'gaussian:99999'\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: a size of 99999×99999 is too large\n"
     "  kernel: 'gaussian:99999'\n"
     "          ^\n"
     "hint: at most 1,001 taps on an axis and 4,000,000 in all\n"),
    ("a negative sigma", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'gaussian:5,-1'\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: sigma must be greater than 0, got -1\n"
     "  kernel: 'gaussian:5,-1'\n"
     "          ^\n"),
    ("a word as sigma", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'gaussian:5,x'\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: sigma must be a number, got 'x'\n"
     "  kernel: 'gaussian:5,x'\n"
     "          ^\n"),
    ("a list as sigma", {"f.yaml": "input: {ones: [9, 9]}\nkernel: {name: gaussian, sigma: [1, 2]}\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: sigma must be a number, got [1, 2]\n"
     "  kernel: {name: gaussian, sigma: [1, 2]}\n"
     "          ^\n"),
    ("a sigma for a box", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'box:5,1'\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: at most 1 argument without a name, got 2 in '5,1'\n"
     "  kernel: 'box:5,1'\n"
     "          ^\n"
     "hint: in this order: size\n"),
    # calls of the library: namesakes, transformations, builders
    ("a namesake that does not exist", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'sobel-x@openvc'\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: no namesake of 'sobel-x' is known in 'openvc'\n"
     "  kernel: 'sobel-x@openvc'\n"
     "          ^\n"
     "hint: did you mean opencv?\n"),
    ("a namesake like no other", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'box@gimp'\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: no namesake of 'box' is known in 'gimp'\n"
     "  kernel: 'box@gimp'\n"
     "          ^\n"
     "hint: one of: matlab, opencv, scipy\n"),
    ("a namesake of a kernel without any", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'smooth@matlab'\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: no namesake of 'smooth' is known in 'matlab'\n"
     "  kernel: 'smooth@matlab'\n"
     "          ^\n"
     "hint: write smooth\n"),
    ("an @ without a library", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'sobel-x@'\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: 'sobel-x@' lacks a library after the @\n"
     "  kernel: 'sobel-x@'\n"
     "          ^\n"
     "hint: sobel-x@opencv\n"),
    ("arguments behind the library", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'gaussian@matlab:5'\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: the arguments in 'gaussian@matlab:5' stand before the @\n"
     "  kernel: 'gaussian@matlab:5'\n"
     "          ^\n"
     "hint: gaussian:5,1.2@matlab\n"),
    ("arguments for a namesake of one size", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'gaussian:5@setosa'\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: kernel 'gaussian@setosa' takes no arguments\n"
     "  kernel: 'gaussian:5@setosa'\n"
     "          ^\n"
     "hint: write gaussian@setosa\n"),
    ("a misspelt transformation", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'sobel-x+rotat:45'\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: unknown transformation 'rotat'\n"
     "  kernel: 'sobel-x+rotat:45'\n"
     "          ^\n"
     "hint: did you mean rotate?\n"),
    ("a + at the end", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'sobel-x+'\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: a + without a transformation after it\n"
     "  kernel: 'sobel-x+'\n"
     "          ^\n"
     "hint: sobel-x+rotate:45\n"),
    ("a transformation without its argument", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'sobel-x+rotate'\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: the transformation rotate needs an argument\n"
     "  kernel: 'sobel-x+rotate'\n"
     "          ^\n"
     "hint: such as +rotate:45\n"),
    ("a transformation with a colon only", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'sobel-x+rotate:'\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: the transformation rotate has a colon and no argument\n"
     "  kernel: 'sobel-x+rotate:'\n"
     "          ^\n"),
    ("a transformation with an argument too many",
     {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'sobel-x+transpose:1'\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: the transformation transpose takes no argument\n"
     "  kernel: 'sobel-x+transpose:1'\n"
     "          ^\n"
     "hint: write +transpose\n"),
    ("rotate by 30", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'sobel-x+rotate:30'\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: rotate turns by multiples of 45 degrees, got 30\n"
     "  kernel: 'sobel-x+rotate:30'\n"
     "          ^\n"
     "hint: +rotate:45 or +rotate:90\n"),
    ("rotate 5x5 by 45", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'gaussian:5+rotate:45'\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: rotate by 45 degrees is defined for 3×3 kernels, this one has 5×5\n"
     "  kernel: 'gaussian:5+rotate:45'\n"
     "          ^\n"
     "hint: multiples of 90 turn every kernel\n"),
    ("rotate a line", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'derivative+rotate:90'\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: rotate needs 2 axes, this kernel has 1 axis\n"
     "  kernel: 'derivative+rotate:90'\n"
     "          ^\n"
     "hint: +flip turns a line of weights\n"),
    ("flip an axis that there is not", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'sobel-x+flip:w'\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: unknown axis 'w'\n"
     "  kernel: 'sobel-x+flip:w'\n"
     "          ^\n"
     "hint: x is across, y is down, z is through\n"),
    ("flip the third axis of two", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'sobel-x+flip:z'\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: flip:z needs 3 axes, this kernel has 2 axes\n"
     "  kernel: 'sobel-x+flip:z'\n"
     "          ^\n"),
    ("transpose a line", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'derivative+transpose'\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: transpose needs 2 axes, this kernel has 1 axis\n"
     "  kernel: 'derivative+transpose'\n"
     "          ^\n"),
    ("normalise a kernel of sum 0", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'sobel-x+normalise'\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: a kernel of sum 0 cannot be normalised\n"
     "  kernel: 'sobel-x+normalise'\n"
     "          ^\n"
     "hint: scale it instead, such as +scale:1/8\n"),
    ("zero-sum without a middle", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'box:2+zero-sum'\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: a kernel of 2×2 has no cell in the middle\n"
     "  kernel: 'box:2+zero-sum'\n"
     "          ^\n"
     "hint: zero-sum and blend are for odd sizes\n"),
    ("blend with a word", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'box+blend:much'\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: blend must be a number, got 'much'\n"
     "  kernel: 'box+blend:much'\n"
     "          ^\n"),
    ("scale by inf", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'box+scale:inf'\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: scale must be a finite number, got inf\n"
     "  kernel: 'box+scale:inf'\n"
     "          ^\n"),
    ("resize a fixed kernel", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'sobel-x+resize:5'\n"}, ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: resize is for parametric kernels, the weights of this one are fixed\n"
     "  kernel: 'sobel-x+resize:5'\n"
     "          ^\n"),
    ("resize a kernel without a size", {"f.yaml": "input: {ones: [9, 9]}\nkernel: 'motion+resize:5'\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:9: kernel 'motion' has no size\n"
     "  kernel: 'motion+resize:5'\n"
     "          ^\n"
     "hint: its parameters: length, angle\n"),
    ("a missing parameter", {}, ["run", "--kernel", "log:9"], 2,
     "error: --kernel: log needs the parameter sigma\n"
     "hint: its parameters: size, sigma, rank\n"),
    ("sigma 0", {}, ["run", "--kernel", "log:9,0"], 2,
     "error: --kernel: sigma must be greater than 0, got 0\n"),
    ("sigma nan", {}, ["run", "--kernel", "gaussian:5,nan"], 2,
     "error: --kernel: sigma must be a finite number, got nan\n"),
    ("an even size where odd is needed", {}, ["run", "--kernel", "log:8,1"], 2,
     "error: --kernel: size must be odd, so that a cell is in the middle, got 8\n"
     "hint: 7 or 9\n"),
    ("sigma too small for floats", {}, ["run", "--kernel", "log:9,1e-200"], 2,
     "error: --kernel: sigma 1e-200 is too small for floats\n"),
    ("a wider sigma that is not", {}, ["run", "--kernel", "dog:9,2,1"], 2,
     "error: --kernel: wider must be greater than sigma 2, got 1\n"),
    ("aspect 0", {}, ["run", "--kernel", "gabor:9,5,aspect=0"], 2,
     "error: --kernel: aspect must be greater than 0, got 0\n"),
    ("radius 0", {}, ["run", "--kernel", "disk:0"], 2,
     "error: --kernel: radius must be greater than 0, got 0\n"),
    ("a radius beyond the limit", {}, ["run", "--kernel", "disk:9999"], 2,
     "error: --kernel: radius must be at most 500, got 9999\n"),
    ("a length below 1", {}, ["run", "--kernel", "motion:0.5"], 2,
     "error: --kernel: length must be at least 1, got 0.5\n"),
    ("angle inf", {}, ["run", "--kernel", "motion:9,inf"], 2,
     "error: --kernel: angle must be a finite number, got inf\n"),
    ("amount 0", {}, ["run", "--kernel", "unsharp:5,1,0"], 2,
     "error: --kernel: amount must be greater than 0, got 0\n"),
    ("amount below 1", {}, ["run", "--kernel", "high-boost:1/2"], 2,
     "error: --kernel: amount must be at least 1, got 1/2\n"),
    ("alpha beyond 1", {}, ["run", "--kernel", "laplacian:2"], 2,
     "error: --kernel: alpha must be from 0 to 1, got 2\n"),
    ("alpha in 3-D", {}, ["run", "--kernel", "laplacian:0.5,rank=3"], 2,
     "error: --kernel: alpha is for 2 axes, got 3\n"
     "hint: leave alpha out\n"),
    ("a derivative of order 9", {}, ["run", "--kernel", "derivative:9"], 2,
     "error: --kernel: there is no derivative of order 9 and accuracy 2\n"
     "hint: order is 1 to 8, accuracy even and 2 to 20\n"),
    ("a parameter that this kernel has not", {}, ["run", "--kernel", "derivative:1,rank=2"], 2,
     "error: --kernel: unknown parameter 'rank'\n"
     "hint: one of: accuracy, order\n"),
    ("a blur beyond the limit", {}, ["run", "--kernel", "gaussian:999@scipy"], 2,
     "error: --kernel: truncate × sigma must be at most 500, got 4 × 999\n"),
    ("a file with a transformation", {"k.yaml": "weights: [[1, 2]]\n"}, ["run", "--kernel", "k.yaml+flip"], 2,
     "error: --kernel: transformations are for named kernels\n"
     "hint: name the file's folder with --kernels\n"),
    ("kernels of a namesake that does not exist", {}, ["kernels", "sobel-x@openvc"], 2,
     "error: no namesake of 'sobel-x' is known in 'openvc'\n"
     "hint: did you mean opencv?\n"),
    ("a misspelt symmetry", {"k.yaml": "weights: [1, 2]\nsymmetry: [-up-dwn]\n"}, ["run", "--kernel", "k.yaml"], 1,
     "error: k.yaml:2:12: unknown symmetry '-up-dwn'\n"
     "  symmetry: [-up-dwn]\n"
     "             ^\n"
     "hint: did you mean up-down?\n"),
    ("a word as symmetry", {"k.yaml": "weights: [1, 2]\nsymmetry: point\n"}, ["run", "--kernel", "k.yaml"], 1,
     "error: k.yaml:2:11: symmetry must be a list of names\n"
     "  symmetry: point\n"
     "            ^\n"),
    ("a word as sum", {"k.yaml": "weights: [1, 2]\nsum: much\n"}, ["run", "--kernel", "k.yaml"], 1,
     "error: k.yaml:2:6: sum must be a number, got 'much'\n"
     "  sum: much\n"
     "       ^\n"),
    ("separable maybe", {"k.yaml": "weights: [1, 2]\nseparable: maybe\n"}, ["run", "--kernel", "k.yaml"], 1,
     "error: k.yaml:2:12: separable must be true or false, got 'maybe'\n"
     "  separable: maybe\n"
     "             ^\n"),
    ("a list of namesakes", {"k.yaml": "weights: [1, 2]\nnamesakes: [opencv]\n"}, ["run", "--kernel", "k.yaml"], 1,
     "error: k.yaml:2:12: namesakes are a mapping of libraries\n"
     "  namesakes: [opencv]\n"
     "             ^\n"
     "hint: namesakes: {opencv: {weights: [[0, 1], [1, 0]], scale: 1/2, source: cv2.filter2D}}\n"),
    ("a list as namesake", {"k.yaml": "weights: [1, 2]\nnamesakes: {opencv: [1, 2]}\n"},
     ["run", "--kernel", "k.yaml"], 1,
     "error: k.yaml:2:21: a namesake is a mapping with weights\n"
     "  namesakes: {opencv: [1, 2]}\n"
     "                      ^\n"
     "hint: namesakes: {opencv: {weights: [[0, 1], [1, 0]], scale: 1/2, source: cv2.filter2D}}\n"),
    ("a misspelt key of a namesake", {"k.yaml": "weights: [1, 2]\nnamesakes:\n  opencv: {weigths: [1, 2]}\n"},
     ["run", "--kernel", "k.yaml"], 1,
     "error: k.yaml:3:12: unknown key 'weigths'\n"
     "    opencv: {weigths: [1, 2]}\n"
     "             ^\n"
     "hint: did you mean weights?\n"),
    ("a namesake without weights", {"k.yaml": "weights: [1, 2]\nnamesakes:\n  opencv: {scale: 1/2}\n"},
     ["run", "--kernel", "k.yaml"], 1,
     "error: k.yaml:3:11: a kernel needs weights\n"
     "    opencv: {scale: 1/2}\n"
     "            ^\n"
     "hint: weights: [[0, 1], [1, 0]]\n"),
    ("a builder without what it needs", {"k.yaml": "builder: log\n"}, ["run", "--kernel", "k.yaml"], 1,
     "error: k.yaml:1:10: log needs the parameter size\n"
     "  builder: log\n"
     "           ^\n"
     "hint: its parameters: size, sigma, rank\n"),
    ("a builder with sigma 0", {"k.yaml": "builder: log\narguments: {size: 9, sigma: 0}\n"},
     ["run", "--kernel", "k.yaml"], 1,
     "error: k.yaml:2:12: sigma must be greater than 0, got 0\n"
     "  arguments: {size: 9, sigma: 0}\n"
     "             ^\n"),
    ("a builder with a misspelt argument", {"k.yaml": "builder: log\narguments: {size: 9, sgma: 1}\n"},
     ["run", "--kernel", "k.yaml"], 1,
     "error: k.yaml:2:12: unknown parameter 'sgma'\n"
     "  arguments: {size: 9, sgma: 1}\n"
     "             ^\n"
     "hint: did you mean sigma?\n"),
    ("arguments without a builder", {"k.yaml": "weights: [1]\narguments: {size: 9}\n"},
     ["run", "--kernel", "k.yaml"], 1,
     "error: k.yaml:2:12: arguments are a mapping, beside a builder\n"
     "  arguments: {size: 9}\n"
     "             ^\n"
     "hint: arguments: {size: 5}\n"),
    ("a misspelt key of a kernel", {"f.yaml": "input: {ones: [9, 9]}\nkernel: {weights: [[1]], scal: 2}\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:26: unknown key 'scal'\n"
     "  kernel: {weights: [[1]], scal: 2}\n"
     "                           ^\n"
     "hint: did you mean scale?\n"),
    ("a word as scale", {"f.yaml": "input: {ones: [9, 9]}\nkernel: {weights: [[1]], scale: big}\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:33: scale must be a number, got 'big'\n"
     "  kernel: {weights: [[1]], scale: big}\n"
     "                                  ^\n"
     "hint: scale: 1/9\n"),
    ("nan as scale", {"f.yaml": "input: {ones: [9, 9]}\nkernel: {weights: [[1]], scale: nan}\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:33: scale must be a number, got nan\n"
     "  kernel: {weights: [[1]], scale: nan}\n"
     "                                  ^\n"
     "hint: scale: 1/9\n"),
    ("a scale divided by zero", {"f.yaml": "input: {ones: [9, 9]}\nkernel: {weights: [[1]], scale: 1/0}\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:33: scale must be a number, got '1/0'\n"
     "  kernel: {weights: [[1]], scale: 1/0}\n"
     "                                  ^\n"
     "hint: scale: 1/9\n"),
    ("a scale beyond the range of floats",
     {"f.yaml": "input: {ones: [9, 9]}\nkernel: {weights: [[1]], scale: 1e400}\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:33: scale must be a number, got '1e400'\n"
     "  kernel: {weights: [[1]], scale: 1e400}\n"
     "                                  ^\n"
     "hint: scale: 1/9\n"),
    ("a scale with an underscore", {"f.yaml": "input: {ones: [9, 9]}\nkernel: {weights: [[1]], scale: 1_0}\n"},
     ["run", "f.yaml"], 1,
     "error: f.yaml:2:33: scale must be a number, got '1_0'\n"
     "  kernel: {weights: [[1]], scale: 1_0}\n"
     "                                  ^\n"
     "hint: scale: 1/9\n"),
    # kernel files
    ("a word in a kernel file", {"k.yaml": "weights: [[1, x]]\n"}, ["run", "--kernel", "k.yaml"], 1,
     "error: k.yaml:1:15: expected a number, got 'x'\n"
     "  weights: [[1, x]]\n"
     "                ^\n"),
    ("a misspelt key of a kernel file", {"k.yaml": "weihts: [[1]]\n"}, ["run", "--kernel", "k.yaml"], 1,
     "error: k.yaml:1:1: unknown key 'weihts'\n"
     "  weihts: [[1]]\n"
     "  ^\n"
     "hint: did you mean weights?\n"),
    ("a kernel file without weights", {"k.yaml": "name: k\n"}, ["run", "--kernel", "k.yaml"], 1,
     "error: k.yaml:1:1: a kernel needs weights\n"
     "  name: k\n"
     "  ^\n"
     "hint: weights: [[0, 1], [1, 0]]\n"),
    ("a kernel file with a lone number", {"k.yaml": "weights: 5\n"}, ["run", "--kernel", "k.yaml"], 1,
     "error: k.yaml:1:10: weights must be a list of numbers\n"
     "  weights: 5\n"
     "           ^\n"
     "hint: [1, 0, -1] or [[0, 1], [1, 0]]\n"),
    ("a misspelt builder", {"k.yaml": "builder: bx\nweights: [1]\n"}, ["run", "--kernel", "k.yaml"], 1,
     "error: k.yaml:1:10: unknown builder 'bx'\n"
     "  builder: bx\n"
     "           ^\n"
     "hint: did you mean box?\n"),
    ("aliases that are no list", {"k.yaml": "aliases: a\nweights: [1]\n"}, ["run", "--kernel", "k.yaml"], 1,
     "error: k.yaml:1:10: aliases must be a list of names\n"
     "  aliases: a\n"
     "           ^\n"),
    ("a kernel file that a problem names",
     {"k.yaml": "weights: [[1, 2], [3]]\n", "f.yaml": "input: [[1]]\nkernel: k.yaml\n"},
     ["run", "f.yaml"], 1,
     "error: k.yaml:1:19: row 2 has 1 value, row 1 has 2\n"
     "  weights: [[1, 2], [3]]\n"
     "                    ^\n"),
    ("a bad file in a folder of kernels", {"own/k.yaml": "weights: [[1, 2], [3]]\n"},
     ["kernels", "--kernels", "own"], 1,
     "error: own/k.yaml:1:19: row 2 has 1 value, row 1 has 2\n"
     "  weights: [[1, 2], [3]]\n"
     "                    ^\n"),
    # CSV
    ("a decimal comma beside semicolons", {"a.csv": "1,500;2\n3;4\n"}, ["run", "a.csv", "--kernel", "[[1]]"], 1,
     "error: a.csv:1:1: row 1, column 1: '1,500' can be read in two ways: 1500 (decimal point, commas between "
     "thousands) and 1.500 (decimal comma)\n"
     "hint: --decimal , for 1.500 or --decimal . for 1500\n"),
    ("names or numbers", {"a.csv": "a,1\nb,2\n"}, ["run", "a.csv", "--kernel", "[[1]]"], 1,
     "error: a.csv:1: row 1 can be read in two ways: as names of columns, of which 'a' is one, or as the label 'a' "
     "with the numbers 1\n"
     "hint: --header for names, --no-header for numbers\n"),
    ("a column that is not there", {"a.csv": "a,b\n1,2\n"}, ["run", "a.csv", "--columns", "c"], 2,
     "error: --columns: unknown column 'c'\n"
     "hint: one of: a, b\n"),
    ("no rule of gaps", {"a.csv": "a,b\n1,2\n"}, ["run", "a.csv", "--gaps", "mean"], 2,
     "error: --gaps: gaps is 'mean'\n"
     "hint: one of: refuse zero hold linear nan\n"),
    ("columns of numbers in brackets", {}, ["run", "[[1,2]]", "--skip", "1"], 2,
     "error: --skip: skip says how a table is read, the numbers given is YAML or JSON\n"
     "hint: leave skip out\n"),
    ("a kernel of two axes on a signal", {"a.csv": "time,b\n1,2\n2,3\n"},
     ["run", "a.csv", "--kernel", "sobel-x"], 2,
     "error: --kernel: kernel sobel-x has 2 axes, which does not go with dims 1\n"
     "hint: choose one for 1-D inputs, or --dims 2 for the table's rows and columns\n"),
    ("a bracket that is not closed in --kernel", {}, ["run", "--kernel", "tensor([[1 2)"], 2,
     "error: --kernel: a bracket is not closed\n"
     "hint: numbers are read here, nothing is run\n"),
    ("code in place of numbers", {}, ["run", "tensor([1, 2]).sum()"], 1,
     "error: the numbers given:1:15: expected a number, got '.sum()'\n"
     "  tensor([1, 2]).sum()\n"
     "                ^\n"
     "hint: numbers are read here, nothing is run\n"),
    ("a shorter row", {"a.csv": "1,2\n3\n"}, ["run", "a.csv", "--kernel", "[[1]]"], 1,
     "error: a.csv:2: row 2 has 1 value, row 1 has 2\n"),
    ("an empty cell", {"a.csv": "1,,2\n3,4,5\n"}, ["run", "a.csv", "--kernel", "[[1]]"], 1,
     "error: a.csv:1:2: row 1, column 2: expected a number, got nothing\n"
     "hint: --gaps zero, hold, linear or nan says what a cell without a number becomes\n"),
    ("NA", {"a.csv": "1,2\n3,NA\n"}, ["run", "a.csv", "--kernel", "[[1]]"], 1,
     "error: a.csv:2:2: row 2, column 2: expected a number, got 'NA'\n"
     "hint: --gaps zero, hold, linear or nan says what a cell without a number becomes\n"),
    ("a percentage", {"a.csv": "1,50%\n"}, ["run", "a.csv", "--kernel", "[[1]]"], 1,
     "error: a.csv:1:2: row 1, column 2: expected a number, got '50%'\n"
     "hint: write 50/100\n"),
    ("a hexadecimal number", {"a.csv": "1,0x10\n"}, ["run", "a.csv", "--kernel", "[[1]]"], 1,
     "error: a.csv:1:2: row 1, column 2: expected a number, got '0x10'\n"
     "hint: write it in decimal: 16\n"),
    ("a number with underscores", {"a.csv": "1,1_000\n"}, ["run", "a.csv", "--kernel", "[[1]]"], 1,
     "error: a.csv:1:2: row 1, column 2: expected a number, got '1_000'\n"
     "hint: write 1000\n"),
    ("full-width digits", {"a.csv": "1,１２\n"}, ["run", "a.csv", "--kernel", "[[1]]"], 1,
     "error: a.csv:1:2: row 1, column 2: expected a number, got '１２'\n"
     "hint: write numbers with the ASCII digits 0 to 9\n"),
    ("a Unicode minus", {"a.csv": "1,−2\n"}, ["run", "a.csv", "--kernel", "[[1]]"], 1,
     "error: a.csv:1:2: row 1, column 2: expected a number, got '−2'\n"
     "hint: use the ASCII minus -\n"),
    ("channels of different heights", {"a.csv": "1,2\n3,4\n\n5,6\n"}, ["run", "a.csv", "--kernel", "[[1]]"], 1,
     "error: a.csv:5: channel 2 has 1 row, channel 1 has 2\n"
     "hint: a blank line starts a new channel\n"),
    ("blank lines", {"a.csv": "\n\n"}, ["run", "a.csv", "--kernel", "[[1]]"], 1, "error: a.csv: file is empty\n"),
    ("a quote that is not closed, in a table", {"a.csv": '1,2\n"3,4\n'}, ["run", "a.csv", "--kernel", "[[1]]"], 1,
     "error: a.csv:3: row 3: a quote that is not closed\n"),
    ("text", {"a.txt": "hello\n"}, ["run", "a.txt", "--kernel", "[[1]]"], 1,
     "error: a.txt:1:1: row 1, column 1: expected a number, got 'hello'\n"
     "hint: if row 1 is a header, delete it\n"),
    # NPY
    ("text named .npy", {"a.npy": "hello\n"}, ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy:1:1: named .npy, but its content is text: row 1, column 1: expected a number, got 'hello'\n"
     "hint: if row 1 is a header, delete it\n"),
    ("a byte named .npy", {"a.npy": b"\x93"}, ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy:1:1: not a .npy file, nor text: not UTF-8: byte 0x93 at offset 0\n"
     "hint: save the file as UTF-8\n"),
    ("nothing named .npy", {"a.npy": ""}, ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy: file is empty\n"),
    ("the beginning of a .npy file", {"a.npy": b"\x93NUMPY"}, ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy: not a .npy file\n"),
    ("Python objects", {"a.npy": npy(np.array([[None]]))}, ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy: the .npy file holds Python objects (a pickle), not read, since reading them could run code\n"
     "hint: save it as real numbers\n"),
    ("a .npy file that is cut", {"a.npy": FOUR[:-3]}, ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy: the .npy file is truncated: 2 × 2 values of int64 are 32 B, it holds 29 B\n"),
    ("a .npy file that goes on", {"a.npy": FOUR + b"xy"}, ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy: the .npy file has bytes after its end: 2 × 2 values of int64 are 32 B, it holds 34 B\n"),
    ("a .npy file that promises terabytes", {"a.npy": described("<f8", "(1000000, 1000000)")},
     ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy: the .npy file is truncated: 1000000 × 1000000 values of float64 are 7.3 TiB, it holds 0 B\n"),
    ("a .npy file whose size wraps", {"a.npy": described("<f8", "(4294967296, 4294967296)")},
     ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy: the .npy file is truncated: 4294967296 × 4294967296 values of float64 are 134,217,728.0 "
     "TiB, it holds 0 B\n"),
    ("a negative size", {"a.npy": described("<f8", "(-1, 4)")}, ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy: the .npy header has the shape '(-1, 4)'\n"),
    ("true as a size", {"a.npy": described("<f8", "(True, True)")}, ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy: the .npy header has the shape '(True, True)'\n"),
    ("a terabyte of nothing", {"a.npy": described("|V0", "(1099511627776,)")},
     ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy: the .npy file holds raw bytes or records\n"
     "hint: save it as real numbers\n"),
    ("a header that is cut", {"a.npy": header("{'descr': (")}, ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy: the .npy header is damaged\n"),
    ("a header that is no literal", {"a.npy": header("{'descr': '<f8', 'shape': {}[[]]}")},
     ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy: the .npy header is damaged\n"),
    ("an unknown version", {"a.npy": header("", version=9)}, ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy: a .npy file of unknown version 9\n"),
    ("an array of text", {"a.npy": npy(np.array([["a"]]))}, ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy: the .npy file holds text\n"
     "hint: save it as real numbers\n"),
    ("an array of dates", {"a.npy": npy(np.array([["2024-01-01"]], "M8[D]"))},
     ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy: the .npy file holds dates\n"
     "hint: save it as real numbers\n"),
    ("complex numbers", {"a.npy": npy(np.array([[1j]]))}, ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy: the .npy file holds complex numbers\n"
     "hint: save it as real numbers\n"),
    ("records", {"a.npy": npy(np.zeros((1, 1), [("a", "f4")]))}, ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy: the .npy file holds raw bytes or records\n"
     "hint: save it as real numbers\n"),
    ("wide floats", {"a.npy": npy(np.zeros((1, 1), np.longdouble))}, ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy: the .npy file holds floats wider than 64 bits\n"
     "hint: save it as real numbers\n"),
    ("no cells", {"a.npy": npy(np.zeros((0, 5)))}, ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy: the input has no cells on axis 0\n"),
    ("a lone number in .npy", {"a.npy": npy(np.array(5.0))}, ["run", "a.npy", "--kernel", "[[1]]"], 1,
     "error: a.npy: the input is a lone number, not an array\n"),
    ("nine axes", {"a.npy": npy(np.zeros((1,) * 9))}, ["run", "a.npy", "--kernel", "[[1]]"], 3,
     "error: a.npy: 9 axes, at most 8\n"
     "hint: raise it with --limit axes=9\n"),
    ("nan with --strict-finite", {"a.npy": npy(np.array([[1, np.nan], [2, 3]]))},
     ["run", "a.npy", "--kernel", "[[1]]", "--strict-finite"], 1,
     "error: a.npy: input is not finite at [0, 0, 0, 1]\n"
     "hint: leave --strict-finite out\n"),
    # NPZ
    ("an archive that unpacks to 200 MB", {"a.npz": npz(a=described("|u1", "(200000000,)", bytes(200_000_000)))},
     ["run", "a.npz", "--kernel", "[[1]]"], 3,
     "error: a.npz:a: 190.7 MiB stored in 189.9 KiB\n"
     "hint: raise it with --limit member=191MiB\n"),
    ("several arrays", {"a.npz": npz(a=FOUR, b=FOUR)}, ["run", "a.npz", "--kernel", "[[1]]"], 1,
     "error: a.npz: the .npz archive holds 2 arrays: 'a', 'b'\n"
     "hint: name one: a.npz:a\n"),
    ("no arrays", {"a.npz": npz()}, ["run", "a.npz", "--kernel", "[[1]]"], 1,
     "error: a.npz: the .npz archive holds no arrays\n"),
    ("no array but a text", {"a.npz": npz_of({"a.txt": b"x"})}, ["run", "a.npz", "--kernel", "[[1]]"], 1,
     "error: a.npz: this is a zip archive, which is not read\n"
     "hint: unpack it first: it holds no .npy file\n"),

    ("names that would leave the folder or obey", {"a.npz": npz_of({"../../x.npy": FOUR, "\x1b[2J.npy": FOUR})},
     ["run", "a.npz", "--kernel", "[[1]]"], 1,
     "error: a.npz: the .npz archive holds 2 arrays: '../../x', '\\x1b[2J'\n"
     "hint: name one: a.npz:../../x\n"),
    ("one name twice", {"a.npz": TWICE}, ["run", "a.npz", "--kernel", "[[1]]"], 1,
     "error: a.npz: the .npz archive holds two members of one name\n"),
    ("an archive that is none", {"a.npz": b"PK\x03\x04junk"}, ["run", "a.npz", "--kernel", "[[1]]"], 1,
     "error: a.npz: the .npz archive is damaged: its list of arrays, at the end of the file, is missing or wrong\n"),
    ("a text for an array", {"a.npz": npz(a=b"hello")}, ["run", "a.npz", "--kernel", "[[1]]"], 1,
     "error: a.npz:a: not a .npy file\n"),
    ("a pickle for an array", {"a.npz": npz(a=npy(np.array([None])))}, ["run", "a.npz", "--kernel", "[[1]]"], 1,
     "error: a.npz:a: the .npy file holds Python objects (a pickle), not read, since reading them could run code\n"
     "hint: save it as real numbers\n"),
    ("an array that is not there", {"a.npz": npz(a=FOUR, b=FOUR)}, ["run", "a.npz:c"], 1,
     "error: unknown array in a.npz 'c'\n"
     "hint: one of: a, b\n"),
    ("an array of a file that is no archive", {"a.npy": FOUR}, ["run", "a.npy:c"], 1,
     "error: a.npy: only .npz, .safetensors, HDF5, .keras and .xlsx files hold named arrays\n"),
    ("an array of a problem file", {"f.yaml": "input: [1]\nkernel: [1]\n"}, ["run", "f.yaml:c"], 1,
     "error: f.yaml: only .npz, .safetensors, HDF5, .keras and .xlsx files hold named arrays\n"),
    # images
    ("text named .png", {"a.png": "hello world\n"}, ["run", "a.png", "--kernel", "[[1]]"], 1,
     "error: a.png:1:1: named .png, but its content is text: row 1, column 1: expected a number, got 'hello'\n"
     "hint: if row 1 is a header, delete it\n"),
    ("an image of 400 megapixels in 65 bytes", {"a.png": png_of(20_000, 20_000)},
     ["run", "a.png", "--kernel", "[[1]]"], 3,
     "error: a.png: an image of 20,000 × 20,000 pixels, at most 89,478,485 pixels\n"
     "hint: raise it with --limit pixels=400000000\n"),
    ("an image of 100 megapixels", {"a.png": png_of(10_000, 10_000)}, ["run", "a.png", "--kernel", "[[1]]"], 3,
     "error: a.png: an image of 10,000 × 10,000 pixels, at most 89,478,485 pixels\n"
     "hint: raise it with --limit pixels=100000000\n"),
    ("an image that is cut", {"a.png": png(IMPULSE)[:-30]}, ["run", "a.png", "--kernel", "[[1]]"], 1,
     "error: a.png: the PNG image is damaged, or cut off\n"),
    ("an image that is none", {"a.png": b"\x89PNG\r\n\x1a\njunk"}, ["run", "a.png", "--kernel", "[[1]]"], 1,
     "error: a.png: the PNG image has no header\n"),
    # files
    ("no such file", {}, ["run", "a.npy"], 1, "error: no such file: a.npy\n"),
    ("no name", {}, ["run", ""], 1, "error: no such file, since its name is empty\n"),
    ("a folder", {"d/x": "1"}, ["run", "d"], 1, "error: not a regular file, but a folder: d\n"),
    ("a device", {}, ["run", "/dev/zero"], 1,
     "error: not a regular file: /dev/zero\n"
     "hint: pipe it in and name it -\n"),
    ("a file as a folder", {"a": "1"}, ["run", "a/b"], 1,
     "error: no such file, since a part of its path is no folder: a/b\n"),
    ("a file name with a byte that is no character", {}, ["run", "\udcff.yaml"], 1,
     "error: no such file: \\udcff.yaml\n"),
    ("a file name with an ESC", {}, ["run", "\x1b[31m.yaml"], 1, "error: no such file: \\x1b[31m.yaml\n"),
    ("a pickle", {"a.pkl": b"\x80\x04\x95abc"}, ["run", "a.pkl"], 1,
     "error: a.pkl: this is a pickle, which is not read, since reading it could run code\n"
     "hint: where it was made: numpy.save('a.npy', array), or numpy.savez('weights.npz', **arrays)\n"),
    ("a sound", {"a.wav": b"RIFF\0\0\0\0WAVE"}, ["run", "a.wav"], 1,
     "error: a.wav: the WAV sound has no format: it is cut off\n"
     "hint: ffmpeg -i FILE fixed.wav writes what is there\n"),
    ("a sound that is packed", {"a.flac": b"fLaC\0\0\0\x22"}, ["run", "a.flac"], 1,
     "error: a.flac: this is a FLAC sound, which is not read\n"
     "hint: ffmpeg -i FILE sound.wav makes a WAV sound of it\n"),
    ("all bytes", {"a.bin": bytes(range(256))}, ["run", "a.bin"], 1,
     "error: a.bin: bytes of an unknown kind\n"
     "hint: of raw numbers make an array: numpy.save('a.npy', numpy.fromfile('FILE', dtype).reshape(shape))\n"),
    ("UTF-16 without a mark", {"a.csv": "1,2\n3,4\n".encode("utf-16-le")}, ["run", "a.csv"], 1,
     "error: a.csv: UTF-16 without its mark\n"
     "hint: save the file as UTF-8\n"),
    ("an image called by another name", {"a.jpg": b"\0\0\0\x1cftypavif"}, ["run", "a.jpg"], 1,
     "error: a.jpg: this is an AVIF image, which is not read\n"
     "hint: save it as PNG\n"),
    ("a workbook called a table", {"a.csv": npz_of({"xl/workbook.xml": b"x"})}, ["run", "a.csv"], 1,
     "error: a.csv: named .csv, but its content is an Excel workbook: a damaged Excel workbook\n"
     "hint: save the sheet as CSV\n"),
    ("a pointer of Git LFS", {"a.npy": "version https://git-lfs.github.com/spec/v1\nsize 5\n"}, ["run", "a.npy"], 1,
     "error: a.npy: this is a Git LFS pointer, which is not read\n"
     "hint: git lfs pull fetches the file that it stands for\n"),
    # the command line
    ("a misspelt command", {}, ["rnu"], 2,
     "error: No such command 'rnu'. Did you mean 'run'?\n"
     "hint: convcalc -h shows what it takes\n"),
    ("a misspelt option", {}, ["run", "--strid", "2"], 2,
     "error: No such option: --strid (Possible options: --series, --stride, --threads)\n"
     "hint: convcalc run -h shows what it takes\n"),
    ("an option without its value", {}, ["run", "--stride"], 2,
     "error: Option '--stride' requires an argument.\n"
     "hint: convcalc -h shows what it takes\n"),
    ("two files", {}, ["run", "a.yaml", "b.yaml"], 2,
     "error: Got unexpected extra argument(s) (b.yaml)\n"
     "hint: convcalc run -h shows what it takes\n"),
    ("a misspelt map", {}, ["run", "--map", "sined", "-o", "a.png"], 2,
     "error: --map: unknown map 'sined'\n"
     "hint: did you mean signed?\n"),
    ("a map by another name", {}, ["run", "--map", "viridis", "--quiet"], 2,
     "error: --map: unknown map 'viridis'\n"
     "hint: one of: auto, clip, minmax, signed\n"),
    ("a misspelt format", {}, ["run", "--format", "tabel"], 2,
     "error: --format: unknown format 'tabel'\n"
     "hint: did you mean table?\n"),
    ("no format", {}, ["run", "--format", "pdf"], 2,
     "error: --format: unknown format 'pdf'\n"
     "hint: one of: csv, html, json, latex, markdown, plain, table\n"),
    ("a misspelt format of trace", {}, ["trace", "--format", "tabel"], 2,
     "error: --format: unknown format 'tabel'\n"
     "hint: did you mean table?\n"),
    ("a misspelt format of plan", {}, ["plan", "--format", "tabel"], 2,
     "error: --format: unknown format 'tabel'\n"
     "hint: did you mean table?\n"),
    ("a misspelt format of params", {}, ["params", "--cin", "1", "--cout", "1", "-k", "3", "--format", "tabel"], 2,
     "error: --format: unknown format 'tabel'\n"
     "hint: did you mean table?\n"),
    ("a misspelt format of kernels", {}, ["kernels", "--format", "tabel"], 2,
     "error: --format: unknown format 'tabel'\n"
     "hint: did you mean table?\n"),
    ("a misspelt format of check", {}, ["check", "--format", "tabel", "f.yaml"], 2,
     "error: --format: unknown format 'tabel'\n"
     "hint: did you mean table?\n"),
    ("a misspelt engine", {}, ["run", "--engine", "gem"], 2,
     "error: --engine: unknown engine 'gem'\n"
     "hint: did you mean gemm?\n"),
    ("a misspelt engine of a plan", {}, ["plan", "--engine", "gem"], 2,
     "error: --engine: unknown engine 'gem'\n"
     "hint: did you mean gemm?\n"),
    ("a misspelt precision", {}, ["run", "--precision", "fats"], 2,
     "error: --precision: unknown precision 'fats'\n"
     "hint: did you mean fast?\n"),
    ("a misspelt precision of check", {"f.yaml": "input: [1]\nkernel: [1]\nexpect: [1]\n"},
     ["check", "f.yaml", "--precision", "double"], 2,
     "error: --precision: unknown precision 'double'\n"
     "hint: one of: fast, full\n"),
    ("--threads 0", {}, ["run", "--threads", "0"], 2,
     "error: --threads: threads must be a whole number >= 1, got 0\n"),
    ("--threads -1 of plan", {}, ["plan", "--threads", "-1"], 2,
     "error: --threads: threads must be a whole number >= 1, got -1\n"),
    ("--threads 0 of check", {"f.yaml": "input: [1]\nkernel: [1]\nexpect: [1]\n"},
     ["check", "f.yaml", "--threads", "0"], 2,
     "error: --threads: threads must be a whole number >= 1, got 0\n"),
    ("--threads in words", {}, ["trace", "--pos", "1,1", "--threads", "all"], 2,
     "error: Invalid value for '--threads': 'all' is not a valid int.\n"
     "hint: convcalc trace -h shows what it takes\n"),
    ("an engine that cannot", {"f.yaml": "input: [1/3, 2]\nkernel: [1]\n"}, ["run", "f.yaml", "--engine", "gemm"], 2,
     "error: --engine: engine gemm cannot take this problem: the sums need Python's numbers, which have no "
     "matrix product\n"
     "hint: --dtype float64, or --engine auto\n"),
    ("an engine that rounds, on whole numbers", {}, ["run", "--engine", "fft"], 2,
     "error: --engine: engine fft cannot take this problem: its transforms round, and this problem is exact\n"
     "hint: --dtype float64, or --engine auto\n"),
    ("an engine for another kernel, on whole numbers", {}, ["run", "--engine", "pointwise"], 2,
     "error: --engine: engine pointwise cannot take this problem: the kernel has more than one tap\n"
     "hint: --engine auto\n"),
    ("--stride 0", {}, ["run", "--stride", "0"], 2, "error: --stride: stride must be a whole number >= 1, got 0\n"),
    ("--stride -1", {}, ["run", "--stride", "-1"], 2,
     "error: --stride: stride must be a whole number >= 1, got -1\n"),
    ("--stride 1.5", {}, ["run", "--stride", "1.5"], 2,
     "error: --stride: stride must be a whole number >= 1, got 1.5\n"),
    ("--stride true", {}, ["run", "--stride", "true"], 2,
     "error: --stride: stride must be a whole number >= 1, got 'true'\n"),
    ('--stride "2"', {}, ["run", "--stride", '"2"'], 2,
     'error: --stride: stride must be a whole number >= 1, got \'"2"\'\n'),
    ("--stride null", {}, ["run", "--stride", "null"], 2,
     "error: --stride: stride must be a whole number >= 1, got 'null'\n"),
    ("--stride nothing", {}, ["run", "--stride", ""], 2,
     "error: --stride: stride must be a whole number >= 1, got ''\n"),
    ("--stride 1,2,3", {}, ["run", "--stride", "1,2,3"], 2,
     "error: --stride: stride has 3 entries for 2 spatial axes\n"),
    ("--stride [1", {}, ["run", "--stride", "[1"], 2, "error: --stride: the list that starts here is not closed\n"),
    ("--dilation 0", {}, ["run", "--dilation", "0"], 2,
     "error: --dilation: dilation must be a whole number >= 1, got 0\n"),
    ("--padding -1", {}, ["run", "--padding", "-1"], 2,
     "error: --padding: padding must be a whole number >= 0, got -1\n"),
    ("--padding misspelt", {}, ["run", "--padding", "sane"], 2,
     "error: --padding: unknown padding 'sane'\n"
     "hint: did you mean same?\n"),
    ("--padding not closed", {}, ["run", "--padding", "[[1,2],[0,0]"], 2,
     "error: --padding: the list that starts here is not closed\n"),
    ("--groups 0", {}, ["run", "--groups", "0"], 2, "error: --groups: groups must be a whole number >= 1, got 0\n"),
    ("--groups 2 of one channel", {}, ["run", "--groups", "2"], 2,
     "error: --groups: groups 2 does not divide in_channels 1\n"),
    ("--boundary of another library", {}, ["run", "--boundary", "edge"], 2,
     "error: --boundary: boundary 'edge' is another library's name\n"
     "hint: here it is replicate\n"),
    ("--boundary misspelt", {}, ["run", "--boundary", "zeroes"], 2,
     "error: --boundary: unknown boundary 'zeroes'\n"
     "hint: one of: zeros, reflect, symmetric, replicate, circular, or a number for a constant\n"),
    ("--dtype misspelt", {}, ["run", "--dtype", "flot32"], 2,
     "error: --dtype: unknown dtype 'flot32'\n"
     "hint: one of: auto, exact, float32, float64\n"),
    ("--dtype exact with floats", {"f.yaml": "input: [0.5, 2]\nkernel: [1]\n"},
     ["run", "f.yaml", "--dtype", "exact"], 2,
     "error: --dtype: dtype exact computes in whole and rational numbers, and there are floats\n"
     "hint: write fractions such as 1/2 instead of 0.5, or choose dtype float64\n"),
    ("--bias in words", {}, ["run", "--bias", "x"], 2, "error: --bias: expected a number, got 'x'\n"),
    ("--bias of the wrong length", {}, ["run", "--bias", "1,2"], 2,
     "error: --bias: bias has shape 2 for 1 output channel\n"
     "hint: bias is one number, or one for each output channel\n"),
    ("--bias that is ragged", {}, ["run", "--bias", "[1,[2]]"], 2, "error: --bias: expected a number, got a list\n"),
    ("--dims in words", {}, ["run", "--dims", "x"], 2, "error: --dims: dims must be a whole number >= 1, got 'x'\n"),
    ("--dims beyond the axes", {"f.yaml": "input: [1, 2]\nkernel: [1]\n"}, ["run", "f.yaml", "--dims", "5"], 2,
     "error: --dims: the input has 1 axis, which does not go with dims 5\n"
     "hint: with dims 5 it is [batch,] [channel,] and 5 spatial\n"),
    ("--kernel misspelt", {}, ["run", "--kernel", "gausian"], 2,
     "error: --kernel: unknown kernel 'gausian'\n"
     "hint: did you mean gaussian or gaussian-3d or gaussian-5x5?\n"),
    ("--kernel of different sizes", {}, ["run", "--kernel", "sobel-x", "--kernel", "gaussian:5"], 2,
     "error: --kernel: the kernels of one problem must have one size, these have 3×3 and 5×5\n"
     "hint: pad the smaller ones with zeros\n"),
    ("--kernel not closed", {}, ["run", "--kernel", "[[1,2]"], 2,
     "error: --kernel: the list that starts here is not closed\n"),
    ("--kernel without a comma", {}, ["run", "--kernel", "[[1, 2 3]]"], 2,
     "error: --kernel: missing comma between 2 and 3\n"
     "hint: write a comma between two values\n"),
    ("--kernel with a word", {}, ["run", "--kernel", "[[1,x]]"], 2, "error: --kernel: expected a number, got 'x'\n"),
    ("--kernel with a misspelt key", {}, ["run", "--kernel", "{weights: [[1]], scal: 2}"], 2,
     "error: --kernel: unknown key 'scal'\n"
     "hint: did you mean scale?\n"),
    ("--kernel a missing file", {}, ["run", "--kernel", "missing.yaml"], 2,
     "error: --kernel: no such file: missing.yaml\n"),
    ("--kernels no folder", {}, ["run", "--kernels", "nodir"], 2, "error: --kernels: no such folder: nodir\n"),
    ("--kernels a name too long", {}, ["run", "--kernels", "x" * 300], 2,
     "error: --kernels: no such folder: " + "x" * 300 + "\n"),
    ("kernels misspelt", {}, ["kernels", "gausian"], 2,
     "error: unknown kernel 'gausian'\n"
     "hint: did you mean gaussian or gaussian-3d or gaussian-5x5?\n"),
    ("kernels with arguments for one that takes none", {}, ["kernels", "sobel-x:3"], 2,
     "error: kernel 'sobel-x' takes no arguments\n"
     "hint: write sobel-x\n"),
    ("kernels of no family", {}, ["kernels", "--family", "egde"], 2,
     "error: --family: unknown family 'egde'\n"
     "hint: did you mean edge?\n"),
    ("kernels of rank 0", {}, ["kernels", "--rank", "0"], 2,
     "error: --rank: rank must be a whole number >= 1, got 0\n"),
    ("kernels of a rank in words", {}, ["kernels", "--rank", "two"], 2,
     "error: Invalid value for '--rank': 'two' is not a valid int.\n"
     "hint: convcalc kernels -h shows what it takes\n"),
    ("a kernel and a family", {}, ["kernels", "sobel-x", "--family", "edge"], 2,
     "error: --family is for the list of kernels, not for one of them\n"
     "hint: leave 'sobel-x' out\n"),
    ("two kernels", {}, ["kernels", "sobel-x", "box"], 2,
     "error: one kernel at a time, got 'sobel-x' and 'box'\n"
     "hint: convcalc kernels NAME\n"),
    ("lint of nothing", {}, ["kernels", "lint"], 2,
     "error: lint needs a file\n"
     "hint: convcalc kernels lint my.yaml\n"),
    ("lint and a search", {"k.yaml": "weights: [1]\n"}, ["kernels", "lint", "k.yaml", "--search", "x"], 2,
     "error: --search is for the list of kernels, not for one of them\n"
     "hint: leave 'lint' out\n"),
    ("lint of a missing file", {}, ["kernels", "lint", "missing.yaml"], 1, "error: no such file: missing.yaml\n"),
    ("lint of a bad file", {"k.yaml": "weights: [[1, 2], [3]]\n"}, ["kernels", "lint", "k.yaml"], 1,
     "error: k.yaml:1:19: row 2 has 1 value, row 1 has 2\n"
     "  weights: [[1, 2], [3]]\n"
     "                    ^\n"),
    ("lint of what is no kernel file", {"k.yaml": "[1, 2]\n"}, ["kernels", "lint", "k.yaml"], 1,
     "error: k.yaml:1:1: a kernel file is a mapping with weights\n"
     "  [1, 2]\n"
     "  ^\n"
     "hint: weights: [[0, 1], [1, 0]]\n"),
    ("lint of a misspelt key", {"k.yaml": "weights: [1]\nscal: 2\n"}, ["kernels", "lint", "k.yaml"], 1,
     "error: k.yaml:2:1: unknown key 'scal'\n"
     "  scal: 2\n"
     "  ^\n"
     "hint: did you mean scale?\n"),
    ("kernels of size 0", {}, ["kernels", "gaussian:0"], 2, "error: size must be a whole number >= 1, got 0\n"),
    # limits
    ("--limit misspelt", {}, ["run", "--limit", "memry=1"], 2,
     "error: --limit: unknown limit 'memry'\n"
     "hint: did you mean memory or member?\n"),
    ("--limit in words", {}, ["run", "--limit", "memory=lots"], 2,
     "error: --limit: limit 'lots' is not an amount\n"
     "hint: write it like 50M, 8GiB or 1000000\n"),
    ("--limit without an amount", {}, ["run", "--limit", "memory"], 2,
     "error: --limit: limit '' is not an amount\n"
     "hint: write it like 50M, 8GiB or 1000000\n"),
    ("a file beyond the limit", {"f.yaml": "input: [[1, 2, 3]]\n"}, ["run", "f.yaml", "--limit", "file=10"], 3,
     "error: f.yaml holds more than 10 B\n"
     "hint: raise it with --limit file=40\n"),
    ("values beyond the limit", {"f.yaml": "input: [[1, 2, 3]]\n"}, ["run", "f.yaml", "--limit", "values=2"], 3,
     "error: f.yaml:1:8: more than 2 values\n"
     "  input: [[1, 2, 3]]\n"
     "         ^\n"
     "hint: raise it with --limit values=8\n"),
    ("depth beyond the limit", {"f.yaml": "input: [[1, 2, 3]]\n"}, ["run", "f.yaml", "--limit", "depth=2"], 3,
     "error: f.yaml:1:9: nested deeper than 2 levels\n"
     "  input: [[1, 2, 3]]\n"
     "          ^\n"
     "hint: raise it with --limit depth=4\n"),
    ("axes beyond the limit", {"f.yaml": "input: [[[1, 2, 3]]]\n"}, ["run", "f.yaml", "--limit", "axes=2"], 3,
     "error: f.yaml:1:8: more than 2 axes\n"
     "  input: [[[1, 2, 3]]]\n"
     "         ^\n"
     "hint: raise it with --limit axes=4 if that is meant\n"),
    ("a name beyond the limit", {"f.yaml": "input: [[1, 2, 3]]\n"}, ["run", "f.yaml", "--limit", "name=3"], 3,
     "error: f.yaml:1:1: a key of 5 characters, at most 3\n"
     "  input: [[1, 2, 3]]\n"
     "  ^\n"
     "hint: raise it with --limit name=6\n"),
    ("a table beyond the limit", {"a.csv": "1,2,3\n4,5,6\n"}, ["run", "a.csv", "--limit", "values=5"], 3,
     "error: a.csv: more than 5 values\n"
     "hint: raise it with --limit values=20\n"),
    # code
    ("a library by another name", {}, ["code", "--for", "pytorch"], 2,
     "error: --for: unknown library 'pytorch'\n"
     "hint: did you mean torch?\n"),
    ("a library that there is not", {}, ["code", "--for", "excel"], 2,
     "error: --for: unknown library 'excel'\n"
     "hint: one of: jax, keras, numpy, onnx, opencv, scipy, skimage, torch\n"),
    ("lines of another library", {}, ["code", "--for", "torch", "--explain"], 2,
     "error: --explain follows the loops of the definition, torch has none\n"
     "hint: --for numpy --explain\n"),
    ("an explanation as a program", {}, ["code", "--explain", "-o", "x.py"], 2,
     "error: an explanation is no program\n"
     "hint: one of: .json, .yaml, .csv, .txt, .md, .tex, .html, .pdf; or without --explain\n"),
    ("a program as a picture", {}, ["code", "-o", "x.png"], 1,
     "error: nothing is saved here as '.png'\n"
     "hint: one of: .py, .json, .yaml, .csv, .txt, .md, .tex, .html, .pdf\n"),
    ("a volume in OpenCV", {"f.yaml": "input: {ones: [2, 2, 2]}\nkernel: {ones: [1, 1, 1]}\ndims: 3\n"},
     ["code", "f.yaml", "--for", "opencv"], 1,
     "error: OpenCV convolves over 1 or 2 axes, this has 3\n"
     "hint: --for numpy, scipy, jax and skimage take any number of axes\n"),
    ("groups that Keras has not",
     {"f.yaml": "input: {ones: [2, 2, 2]}\nlayers:\n  - transposed-conv: {out_channels: 2, kernel_size: 1, groups: 2}\n"
      "weights: {random: 0}\n"}, ["code", "f.yaml", "--for", "keras"], 1,
     "error: Keras has no groups in transposed convolutions\n"
     "hint: --for torch, jax and onnx have them\n"),
    ("too many fractions for a program",
     {"f.yaml": "input: {random: [40, 40], seed: 1, low: 0, high: 9}\nkernel: {ones: [1, 1], scale: 1/3}\n"
      "dtype: exact\n"}, ["code", "f.yaml"], 1,
     "error: 1,600 fractions or whole numbers beyond 64 bits are too many for a program\n"
     "hint: take an input of at most 1,000 numbers, or --dtype float64\n"),
    ("a number too long for a program", {"f.yaml": f"input: [{'1' * 4200}]\nkernel: [1]\ndims: 1\n"},
     ["code", "f.yaml"], 1,
     "error: a number of 4,200 digits cannot be written into a program\n"
     "hint: Python takes literals of at most 4,000 digits\n"),
    # trace
    ("no position", {}, ["trace"], 2,
     "error: trace needs a position\n"
     "hint: --pos 1,1 for row 1, column 1, or --all\n"),
    ("--pos 9,9 of an animation", {}, ["animate", "--pos", "9,9"], 2,
     "error: --pos: position (9, 9) lies outside the output, which is 3×3\n"
     "hint: positions count from 0: the last one is (2, 2)\n"),
    ("--pos a of an animation", {}, ["animate", "--pos", "a"], 2,
     "error: --pos: position 'a' is not a list of whole numbers\nhint: --pos 1,1\n"),
    ("an input cell of a transposed convolution", {"f.yaml": UP}, ["animate", "f.yaml", "--pos", "2,0"], 2,
     "error: --pos: position (2, 0) lies outside the input of up, which is 2×2\n"
     "hint: positions count from 0: the last one is (1, 1)\n"),
    ("a channel of an animation", {}, ["animate", "--channel", "3"], 2,
     "error: --channel: there is no channel 3: the output has 1, counted from 0\n"),
    ("a channel of features", {"f.yaml": "input: [1, 2]\ndims: 0\nlayers: [relu]\n"},
     ["animate", "f.yaml", "--channel", "1"], 2,
     "error: the output of relu1 has features, which have no channels\nhint: --pos 1\n"),
    ("a sample of an animation", {}, ["animate", "--batch", "2"], 2,
     "error: there is no sample 2: the input has 1 sample, counted from 0\nhint: --batch 0\n"),
    ("no speed", {}, ["animate", "--speed", "0"], 2,
     "error: --speed: 0 steps a second: that must be from 0.1 to 50\nhint: leave --speed out, or --speed 2\n"),
    ("a speed that is no number", {}, ["animate", "--speed", "nan"], 2,
     "error: --speed: nan steps a second: that must be from 0.1 to 50\nhint: leave --speed out, or --speed 2\n"),
    ("a speed in words", {}, ["animate", "--speed", "fast"], 2,
     "error: Invalid value for '--speed': 'fast' is not a valid float.\n"
     "hint: convcalc animate -h shows what it takes\n"),
    ("no steps", {}, ["animate", "--count", "0"], 2,
     "error: --count: 0 steps: that must be 1 or more\nhint: leave --count out, or --count 2\n"),
    ("too many steps for a picture", {"f.csv": "1,2,3\n" * 300}, ["animate", "f.csv", "--kernel", "[[1]]",
     "--count", "900", "-o", "f.gif"], 3,
     "error: 900 steps are too many for a picture, 500 are the most\n"
     "hint: --count 500, and --pos for where to start\n"),
    ("an animation as a film", {}, ["animate", "-o", "f.mp4"], 1,
     "error: nothing is saved here as '.mp4'\n"
     "hint: one of: .gif, .svg, .json, .yaml, .csv, .txt, .md, .tex, .html, .pdf\n"),
    ("an animation of shapes", {"f.yaml": "input: {shape: [1, 4, 4]}\nlayers: [relu]\n"}, ["animate", "f.yaml"], 1,
     "error: f.yaml has the shape of an input, not its numbers\n"
     "hint: --input photo.png, or --input '{random: [1, 4, 4]}'\n"),
    ("a position and all", {}, ["trace", "--pos", "1,1", "--all"], 2,
     "error: --pos and --all exclude each other\n"
     "hint: leave one of them out\n"),
    ("--pos 9,9", {}, ["trace", "--pos", "9,9"], 2,
     "error: --pos: position (9, 9) lies outside the output, which is 3×3\n"
     "hint: positions count from 0: the last one is (2, 2)\n"),
    ("--pos -1,0", {}, ["trace", "--pos", "-1,0"], 2, "error: --pos: position must be a whole number >= 0, got -1\n"),
    ("--pos 1", {}, ["trace", "--pos", "1"], 2,
     "error: --pos: a position needs one number for each of 2 spatial axes, got 1\n"
     "hint: the output is 3×3\n"),
    ("--pos 1,1,1", {}, ["trace", "--pos", "1,1,1"], 2,
     "error: --pos: a position needs one number for each of 2 spatial axes, got 3\n"
     "hint: the output is 3×3\n"),
    ("--pos a,b", {}, ["trace", "--pos", "a,b"], 2,
     "error: --pos: position 'a,b' is not a list of whole numbers\n"
     "hint: --pos 1,1\n"),
    ("--pos 1.5,1", {}, ["trace", "--pos", "1.5,1"], 2,
     "error: --pos: position '1.5,1' is not a list of whole numbers\n"
     "hint: --pos 1,1\n"),
    ("--pos nothing", {}, ["trace", "--pos", ""], 2,
     "error: --pos: position '' is not a list of whole numbers\n"
     "hint: --pos 1,1\n"),
    ("--pos --1,1", {}, ["trace", "--pos", "--1,1"], 2,
     "error: --pos: position '--1,1' is not a list of whole numbers\n"
     "hint: --pos 1,1\n"),
    ("--pos 1 1", {}, ["trace", "--pos", "1 1"], 2,
     "error: --pos: position '1 1' is not a list of whole numbers\n"
     "hint: --pos 1,1\n"),
    ("--pos 111111111111111111111111111111,1", {}, ["trace", "--pos", "111111111111111111111111111111,1"], 2,
     "error: --pos: position '111111111111111111111111111111,1' is not a list of whole numbers\n"
     "hint: --pos 1,1\n"),
    ("--channel that does not exist", {}, ["trace", "--pos", "1,1", "--channel", "1"], 2,
     "error: --channel: there is no channel 1: the output has 1, counted from 0\n"),
    ("--channel that does not exist, with all", {}, ["trace", "--all", "--channel", "1"], 2,
     "error: --channel: there is no channel 1: the output has 1, counted from 0\n"),
    ("--channel -1", {}, ["trace", "--pos", "1,1", "--channel", "-1"], 2,
     "error: --channel: channel must be a whole number >= 0, got -1\n"),
    ("--channel in words", {}, ["trace", "--pos", "1,1", "--channel", "x"], 2,
     "error: Invalid value for '--channel': 'x' is not a valid int.\n"
     "hint: convcalc trace -h shows what it takes\n"),
    ("--batch that does not exist", {}, ["trace", "--pos", "1,1", "--batch", "1"], 2,
     "error: --batch: there is no batch 1: the output has 1, counted from 0\n"),
    # params
    ("params without a channel count", {}, ["params"], 2,
     "error: Missing option '--cin'.\n"
     "hint: convcalc params -h shows what it takes\n"),
    ("--cin 0", {}, ["params", "--cin", "0", "--cout", "1", "-k", "3"], 2,
     "error: --cin: cin must be a whole number >= 1, got 0\n"),
    ("--cin in words", {}, ["params", "--cin", "x", "--cout", "1", "-k", "3"], 2,
     "error: Invalid value for '--cin': 'x' is not a valid int.\n"
     "hint: convcalc params -h shows what it takes\n"),
    ("-k 0", {}, ["params", "--cin", "1", "--cout", "1", "-k", "0"], 2,
     "error: --kernel-size: kernel-size must be a whole number >= 1, got 0\n"),
    ("-k three", {}, ["params", "--cin", "1", "--cout", "1", "-k", "three"], 2,
     "error: --kernel-size: kernel-size must be a whole number >= 1, got 'three'\n"),
    ("-k [3", {}, ["params", "--cin", "1", "--cout", "1", "-k", "[3"], 2,
     "error: --kernel-size: kernel-size must be a whole number >= 1, got '[3'\n"),
    ("-k []", {}, ["params", "--cin", "1", "--cout", "1", "-k", "[]"], 2,
     "error: --kernel-size: kernel-size must be a whole number >= 1, got '[]'\n"),
    ("-k and --dims that do not fit", {}, ["params", "--cin", "1", "--cout", "1", "-k", "3x5", "--dims", "3"], 2,
     "error: --kernel-size: kernel-size has 2 entries for 3 spatial axes\n"),
    ("-k and --size that do not fit", {}, ["params", "--cin", "1", "--cout", "1", "-k", "3x3", "--size", "2x2x2"], 2,
     "error: --kernel-size: kernel-size has 2 entries for 3 spatial axes\n"),
    ("groups that do not divide --cin", {}, ["params", "--cin", "3", "--cout", "4", "-k", "3", "--groups", "2"], 2,
     "error: --groups: groups 2 does not divide in_channels 3\n"
     "hint: groups must divide both in_channels 3 and out_channels 4\n"),
    ("groups that do not divide --cout", {}, ["params", "--cin", "4", "--cout", "3", "-k", "3", "--groups", "2"], 2,
     "error: --groups: groups 2 does not divide out_channels 3\n"
     "hint: groups must divide both in_channels 4 and out_channels 3\n"),
    ("a kernel larger than --size", {}, ["params", "--cin", "1", "--cout", "1", "-k", "3", "--size", "2"], 2,
     "error: --kernel-size: the kernel does not fit on axis 0: it reaches over 3 cells, the padded input has 2\n"
     "hint: pad with at least 1 more, or take a smaller kernel\n"),
    ("--padding misspelt, of params", {},
     ["params", "--cin", "1", "--cout", "1", "-k", "3", "--size", "9", "--padding", "sane"], 2,
     "error: --padding: unknown padding 'sane'\n"
     "hint: did you mean same?\n"),
    ("--padding that is not closed, of params", {},
     ["params", "--cin", "1", "--cout", "1", "-k", "3", "--padding", "[[1,2"], 2,
     "error: --padding: '[[1,2' is not a list of pairs\nhint: [[1,2],[0,0]]\n"),
    ("--padding misspelt, of params without a size", {},
     ["params", "--cin", "1", "--cout", "1", "-k", "3", "--padding", "sane"], 2,
     "error: --padding: unknown padding 'sane'\n"
     "hint: did you mean same?\n"),
    ("--stride 0, of params", {},
     ["params", "--cin", "1", "--cout", "1", "-k", "3", "--size", "9", "--stride", "0"], 2,
     "error: --stride: stride must be a whole number >= 1, got 0\n"),
    # check
    # questions and worksheets
    ("a key without questions", {}, ["quiz", "--count", "0"], 2,
     "error: --count: there is no key without questions\nhint: 1 to 1,000\n"),
    ("too many questions", {}, ["quiz", "--count", "5000"], 2,
     "error: --count: 5,000 questions\nhint: 1 to 1,000\n"),
    ("no such kind of question", {}, ["quiz", "--kind", "slices"], 2,
     "error: --kind: unknown kind of question 'slices'\nhint: did you mean slice or uses?\n"),
    ("no such level", {}, ["quiz", "--level", "9"], 2, "error: --level: there is no level 9\nhint: 1 to 3\n"),
    ("a kind of another level", {}, ["quiz", "--level", "1", "--kind", "cell"], 2,
     "error: --level: no kind of question has both\nhint: cell has level 2, layer-cell has level 2\n"),
    ("a question that cannot be asked", {}, ["quiz", "--kind", "field"], 2,
     "error: --kind: no question of this kind can be asked here: field\n"
     "hint: cell and shared need numbers, planes and shared several channels, field several layers\n"),
    ("a window of a layer that has none", {"n.yaml": "input: [[1, 2]]\nlayers: [relu]\n"},
     ["quiz", "n.yaml", "--layer", "relu1", "--kind", "layer-slice"], 2,
     "error: --kind: no question of this kind can be asked here: layer-slice\n"
     "hint: cell and shared need numbers, planes and shared several channels, field several layers\n"),
    ("no such key", {}, ["quiz", "--key", "later"], 2,
     "error: --key: unknown key 'later'\nhint: one of: after, only, none\n"),
    ("a key of a trace with nothing to fill in", {}, ["trace", "--pos", "1,1", "--key", "only"], 2,
     "error: a key needs a worksheet: there is nothing to fill in\nhint: --blank --key only\n"),
    ("a worksheet of every cell", {}, ["trace", "--all", "--blank"], 2,
     "error: a worksheet is of a few cells\nhint: --pos 1,1 --pos 2,2, one for each\n"),
    ("a worksheet of a tree", {}, ["trace", "--pos", "1,1", "--depth", "2", "--blank"], 2,
     "error: a worksheet shows one layer, not a tree\nhint: leave --depth out\n"),
    ("a worksheet as rows", {}, ["run", "--blank", "--format", "csv"], 2,
     "error: a worksheet is a page, no rows of numbers\nhint: --format markdown, latex, plain or json\n"),
    ("a worksheet as an array", {}, ["run", "--blank", "-o", "x.npy"], 1,
     "error: a worksheet is not saved as .npy\n"
     "hint: one of: .json, .yaml, .txt, .md, .tex, .html, .pdf, .svg\n"),
    ("questions without answers", {}, ["check", "--seed", "3"], 2,
     "error: --seed says which questions were asked, and there are no answers\nhint: --answers FILE\n"),
    ("answers about two problems", {"a.csv": "student,1\nAda,3\n"},
     ["check", "x.yaml", "y.yaml", "--answers", "a.csv"], 2,
     "error: answers are about one problem, here are 2 files\nhint: name one\n"),
    ("answers about no problem", {"a.csv": "student,1\nAda,3\n"}, ["check", "--answers", "a.csv"], 2,
     "error: a.csv does not say which problem its questions are about\n"
     "hint: convcalc check PROBLEM --answers a.csv, or a line # problem: FILE in it\n"),
    ("answers that are not there", {}, ["check", "--answers", "a.csv"], 1, "error: no such file: a.csv\n"),
    ("answers without students", {"a.csv": "# problem: built-in\nstudent,1\n"}, ["check", "--answers", "a.csv"], 1,
     "error: a.csv: there are no answers, only a header\nhint: one row a student\n"),
    ("answers that are an empty file", {"a.csv": ""}, ["check", "--answers", "a.csv"], 1,
     "error: a.csv: no header and no answers\n"
     "hint: a header names the columns: student,1,2,3; convcalc quiz --format csv prints one\n"),
    ("answers without a header", {"a.csv": "Ada,3\n"}, ["check", "--answers", "a.csv"], 1,
     "error: a.csv:1: the first column is 'Ada', not the students\n"
     "hint: a header names the columns: student,1,2,3; convcalc quiz --format csv prints one\n"),
    ("a column that is no question", {"a.csv": "student,mail\nAda,3\n"}, ["check", "--answers", "a.csv"], 1,
     "error: a.csv:1: column 2 is 'mail', no number of a question\n"
     "hint: a header names the columns: student,1,2,3; convcalc quiz --format csv prints one\n"),
    ("a question with two columns", {"a.csv": "student,1,q1\nAda,3\n"}, ["check", "--answers", "a.csv"], 1,
     "error: a.csv:1: question 1 has two columns\n"),
    ("a question that was not asked", {"a.csv": "# problem: built-in\n# count: 2\nstudent,1,3\nAda,3,4\n"},
     ["check", "--answers", "a.csv"], 1,
     "error: a.csv:3: there is no question 3: there are 2\nhint: --count says how many were asked\n"),
    ("answers with a comma without quotes", {"a.csv": "student,1\nAda,1:4, 1:4\n"}, ["check", "--answers", "a.csv"], 1,
     "error: a.csv:2: row 2 has 3 cells, the header 2\n"
     "hint: an answer with a comma stands in quotes: \"1:4, 0:3\"\n"),
    ("answers with an open quote", {"a.csv": 'student,1\nAda,"3\n'}, ["check", "--answers", "a.csv"], 1,
     "error: a.csv:3: row 3: a quote that is not closed, or text after one\n"),
    ("a seed that is no number", {"a.csv": "# problem: built-in\n# seed: x\nstudent,1\nAda,3\n"},
     ["check", "--answers", "a.csv"], 1, "error: a.csv: seed is 'x', no whole number\n"),
    ("answers as YAML without answers", {"a.yaml": "seed: 3\n"}, ["check", "--answers", "a.yaml"], 1,
     "error: a.yaml: no answers\nhint: answers: {Ada: ['1:4, 1:4', 9], Bob: …}, a list for each student\n"),
    ("answers as YAML with another field", {"a.yaml": "sed: 3\nanswers: {}\n"}, ["check", "--answers", "a.yaml"], 1,
     "error: a.yaml:1:1: unknown field 'sed'\n"
     "  sed: 3\n"
     "  ^\n"
     "hint: one of: problem, seed, count, kind, level, layer, questions, answers\n"),
    ("answers as YAML that are a list", {"a.yaml": "answers: [1]\n"}, ["check", "--answers", "a.yaml"], 1,
     "error: a.yaml:1:10: answers must be a mapping\n"
     "  answers: [1]\n"
     "           ^\n"
     "hint: answers: {Ada: [9, 27], Bob: [10, 27]}\n"),
    ("answers of a student that are one word", {"a.yaml": "answers: {Ada: 3}\n"}, ["check", "--answers", "a.yaml"], 1,
     "error: a.yaml:1:11: a student's answers are a list, or a mapping by the question's number\n"
     "  answers: {Ada: 3}\n"
     "            ^\n"),
    ("a level that is no number", {"a.csv": "# problem: built-in\n# level: x\nstudent,1\nAda,3\n"},
     ["check", "--answers", "a.csv"], 1, "error: a.csv: level is x, no whole number\n"),
    # output files
    ("an output that exists", {"out.npy": "old"}, ["run", "-o", "out.npy"], 1,
     "error: out.npy exists already\n"
     "hint: --force replaces it\n"),
    ("an output that is a folder", {"out.npy/x": "old"}, ["run", "-o", "out.npy"], 1, "error: out.npy is a folder\n"),
    ("an output that is a folder, with force", {"out.npy/x": "old"}, ["run", "-o", "out.npy", "--force"], 1,
     "error: out.npy is a folder\n"),
    ("an output in no folder", {}, ["run", "-o", "nodir/out.npy"], 1,
     "error: there is no folder nodir\n"
     "hint: make it first\n"),
    ("an output below a file", {"a": "1"}, ["run", "-o", "a/out.npy"], 1,
     "error: cannot write a/out.npy: Not a directory\n"),
    ("an output of an unknown kind", {}, ["run", "-o", "out.xlsx"], 1,
     "error: nothing is saved here as '.xlsx'\n"
     "hint: one of: .npy, .npz, .csv, .png, .jpg, .jpeg, .gif, .webp, .tif, .tiff, .wav, .zarr, "
     ".svg, .json, .yaml, .txt, .md, .tex, .html, .pdf\n"),
    ("an output without a suffix", {}, ["run", "-o", "out"], 1,
     "error: nothing is saved here as 'out'\n"
     "hint: one of: .npy, .npz, .csv, .png, .jpg, .jpeg, .gif, .webp, .tif, .tiff, .wav, .zarr, "
     ".svg, .json, .yaml, .txt, .md, .tex, .html, .pdf\n"),
    ("an output named -", {}, ["run", "-o", "-"], 1,
     "error: nothing is saved here as '-'\n"
     "hint: one of: .npy, .npz, .csv, .png, .jpg, .jpeg, .gif, .webp, .tif, .tiff, .wav, .zarr, "
     ".svg, .json, .yaml, .txt, .md, .tex, .html, .pdf\n"),
    ("an output without a name", {}, ["run", "-o", ""], 1,
     "error: nothing is saved here as ''\n"
     "hint: one of: .npy, .npz, .csv, .png, .jpg, .jpeg, .gif, .webp, .tif, .tiff, .wav, .zarr, "
     ".svg, .json, .yaml, .txt, .md, .tex, .html, .pdf\n"),
    ("an output that is the input", {"a.npy": FOUR}, ["run", "a.npy", "--kernel", "[[1]]", "-o", "a.npy"], 1,
     "error: a.npy exists already\n"
     "hint: --force replaces it\n"),
    ("an output whose name is too long", {}, ["run", "-o", "x" * 300 + ".npy"], 1,
     "error: cannot write " + "x" * 300 + ".npy: File name too long\n"),
    ("a picture of one axis", {"f.yaml": "input: [1, 2, 3]\nkernel: [1]\n"}, ["run", "f.yaml", "-o", "out.png"], 1,
     "error: a picture has two spatial axes, the output has 1\n"
     "hint: save it as .npy\n"),
    ("a picture of no samples", {"a.npy": npy(np.zeros((0, 2, 5)))},
     ["run", "a.npy", "--dims", "1", "--kernel", "[1]", "-o", "out.png"], 1,
     "error: a picture has two spatial axes, the output has 1\n"
     "hint: save it as .npy\n"),
    ("fractions as .npy", {"f.yaml": "input: [1, 2, 3]\nkernel: [1/3]\ndtype: exact\n"},
     ["run", "f.yaml", "-o", "out.npy"], 1,
     "error: a .npy file holds no fractions and no integers beyond 64 bits\n"
     "hint: write .json, which keeps them exact, or ask for --dtype float64\n"),
    ("four axes as .csv", {"f.yaml": "input: {ones: [2, 2, 2, 2]}\ndims: 4\nkernel: {ones: [1, 1, 1, 1]}\n"},
     ["run", "f.yaml", "-o", "out.csv"], 1,
     "error: an array of 2 × 2 × 2 × 2 values is no table\n"
     "hint: write .npy, which keeps every shape\n"),
    ("a trace as .npy", {}, ["trace", "--pos", "1,1", "-o", "out.npy"], 1,
     "error: nothing is saved here as '.npy'\n"
     "hint: one of: .json, .yaml, .csv, .txt, .md, .tex, .html, .pdf, .svg\n"),
    ("all traces as .npy", {}, ["trace", "--all", "-o", "out.npy"], 1,
     "error: nothing is saved here as '.npy'\n"
     "hint: one of: .json, .yaml, .csv, .txt, .md, .tex, .html, .pdf, .svg\n"),
    ("a trace that exists", {"t.json": "old"}, ["trace", "--pos", "1,1", "-o", "t.json"], 1,
     "error: t.json exists already\n"
     "hint: --force replaces it\n"),
    ("all traces that exist", {"t.json": "old"}, ["trace", "--all", "-o", "t.json"], 1,
     "error: t.json exists already\n"
     "hint: --force replaces it\n"),
    ("parameters as .npy", {}, ["params", "--cin", "1", "--cout", "1", "-k", "3", "-o", "out.npy"], 1,
     "error: nothing is saved here as '.npy'\n"
     "hint: one of: .json, .yaml, .csv, .txt, .md, .tex, .html, .pdf\n"),
    ("a check that exists", {"f.yaml": "input: [1]\nkernel: [1]\nexpect: [1]\n", "c.json": "old"},
     ["check", "f.yaml", "-o", "c.json"], 1,
     "error: c.json exists already\n"
     "hint: --force replaces it\n"),
]
# fmt: on


@pytest.mark.parametrize(
    ("files", "argv", "code", "message"), [row[1:] for row in MESSAGES], ids=[r[0] for r in MESSAGES]
)
def test_a_bad_request_has_its_message(cli, files, argv, code, message):
    """The exit code and all of standard error are as the table says; nothing is printed, nothing is written."""
    cli.write(files)
    before = cli.files()
    done = cli.run(*argv)
    assert (done.code, done.err, done.out) == (code, message, "")
    assert cli.files() == before


def test_no_row_stands_twice():
    """The ids of the table are different, so that none of its rows hides another."""
    assert len({row[0] for row in MESSAGES}) == len(MESSAGES)


IN_A_PROCESS = [
    "one bracket more than the limit",
    "aliases of aliases",
    "a misspelt field",
    "a misspelt command",
    "no such file",
]


@pytest.mark.slow
@pytest.mark.parametrize("name", IN_A_PROCESS)
def test_a_process_says_the_same(cli, name):
    """The rows hold for the installed command as well, its exit code included."""
    files, argv, code, message = next(row[1:] for row in MESSAGES if row[0] == name)
    cli.write(files)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "convcalc", *argv],
        cwd=cli.folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr, done.stdout) == (code, message, "")


WARNED = "note: input: 1 value is not finite, the first (nan) at [1]\nnote: 1 output cell is not finite (inf or nan)\n"
ROUNDED = "note: input: '9007199254740993' at [0] is rounded: among floats, integers are exact up to 2**53\n"
READ = [
    ("a leading point", "input: [-.5, .5]\nkernel: [1]\n", "-0.5,0.5\n", ""),
    ("exponents", "input: [1e-3, 1e3, 1.0e3]\nkernel: [1]\n", "0.001,1000.0,1000.0\n", ""),
    ("leading zeros are decimal", "input: [010, 09]\nkernel: [1]\n", "10,9\n", ""),
    ("fractions and roots", "input: [1/3, sqrt(4)/2, 2*(3+4)]\nkernel: [3]\n", "1,3,42\n", ""),
    ("a root that is no fraction", "input: [sqrt(2)/2]\nkernel: [1]\n", "0.7071067811865476\n", ""),
    ("beyond floats, whole", "input: [9007199254740993]\nkernel: [1]\n", "9007199254740993\n", ""),
    ("beyond 64 bits", f"input: [{2**70}]\nkernel: [3]\n", f"{3 * 2**70}\n", ""),
    ("not a number", "input: [1, nan]\nkernel: [1]\n", "1.0,nan\n", WARNED),
    ("a byte order mark and CRLF", b"\xef\xbb\xbfinput: [1, 2]\r\nkernel: [1]\r\n", "1,2\n", ""),
    ("UTF-16", "input: [1, 2]\nkernel: [1]\n".encode("utf-16"), "1,2\n", ""),
    ("JSON", '{"input": [1, 2], "kernel": [1]}', "1,2\n", ""),
    ("JSON with tabs", '{\n\t"input": [1, 2],\n\t"kernel": [1]\n}', "1,2\n", ""),
    ("a stride beyond every axis", f"input: [1, 2]\nkernel: [1]\nstride: {2**70}\n", "1\n", None),
    ("a wide reflection", "input: [1, 2]\nkernel: [1]\npadding: 2\nboundary: reflect\n", "1,2,1,2,1,2\n", ""),
    ("a setting beyond 64 bits", f"input: {{zeros: [2], set: {{'0': {10**30}}}}}\nkernel: [1]\n", f"{10**30},0\n", ""),
    (
        "an integer that loses digits",
        "input: [9007199254740993, .5]\nkernel: [1]\n",
        "9007199254740992.0,0.5\n",
        ROUNDED,
    ),
]


@pytest.mark.parametrize(("text", "output", "notes"), [row[1:] for row in READ], ids=[row[0] for row in READ])
def test_numbers_are_read_as_they_are_written(cli, text, output, notes):
    """What a YAML library would misread comes out as written; what is rounded or not finite is noted."""
    cli.write({"f.yaml": text})
    done = cli.run("run", "f.yaml", "--format", "csv")
    assert (done.code, done.out) == (0, output)
    assert notes is None or done.err == notes


def test_a_minus_zero_is_kept_in_json(cli):
    """Tables write 0, the JSON of a trace has every number as it is."""
    cli.write({"f.yaml": "input: [-0.0]\nkernel: [1]\n"})
    done = cli.run("trace", "f.yaml", "--pos", "0", "--format", "json")
    assert done.code == 0
    assert '"window": [-0.0]' in done.out
    assert "-0" not in cli.run("trace", "f.yaml", "--pos", "0", "--format", "plain").out


TABLES = [
    ("semicolons", "1;2\n3;4\n", "1,2\n3,4\n"),
    ("tabs", "1\t2\n3\t4\n", "1,2\n3,4\n"),
    ("spaces", "1 2\n3   4\n", "1,2\n3,4\n"),
    ("quotes", '"1","2"\n"3","4"\n', "1,2\n3,4\n"),
    ("a byte order mark and CRLF", b"\xef\xbb\xbf1,2\r\n3,4\r\n", "1,2\n3,4\n"),
    ("carriage returns", "1,2\r3,4\r", "1,2\n3,4\n"),
    ("no line end", "1,2\n3,4", "1,2\n3,4\n"),
    ("fractions", "1/2,1\n0,.5\n", "0.5,1.0\n0.0,0.5\n"),
]


@pytest.mark.parametrize(("text", "output"), [row[1:] for row in TABLES], ids=[row[0] for row in TABLES])
def test_tables_are_read_in_every_dialect(cli, text, output):
    """Delimiters, quotes, byte order marks and line ends make no difference."""
    cli.write({"a.csv": text})
    done = cli.run("run", "a.csv", "--kernel", "[[1]]", "--dims", "2", "--format", "csv")
    assert (done.code, done.out, done.err) == (0, output, "")


HUNDREDS = npy(np.array([[100, 100]], dtype=np.int8))
BEYOND = npy(np.array([[2**63 + 1, 2**64 - 1]], dtype=np.uint64))
LARGEST = npy(np.array([[2**63 - 1, 2**63 - 1]]))
FORTRAN = npy(np.asfortranarray(np.arange(4).reshape(2, 2).astype(">i4")))
BOOLS = described("|b1", "(1, 3)", bytes([0, 2, 255]))
ARRAYS = [
    ("int8 does not wrap", HUNDREDS, "[[1, 1]]", "200\n", ""),
    ("uint64 stays exact", BEYOND, "[[1]]", f"{2**63 + 1},{2**64 - 1}\n", ""),
    ("a sum beyond int64 stays exact", LARGEST, "[[1, 1]]", f"{2**64 - 2}\n", ""),
    ("float16", npy(np.array([[1.5, 2]], np.float16)), "[[1]]", "1.5,2.0\n", "note: float16 is read as float32\n"),
    ("big endian in Fortran's order", FORTRAN, "[[1]]", "0,1\n2,3\n", ""),
    ("any true byte is 1", BOOLS, "[[1]]", "0,1,1\n", "note: true and false are read as 1 and 0\n"),
    ("an archive of one", npz(a=FOUR), "[[1]]", "0,1\n2,3\n", ""),
    ("a picture with a negative kernel", png(IMPULSE), "[[0, -1]]", "0,0\n-200,0\n0,0\n", ""),
]


@pytest.mark.parametrize(("data", "kernel", "output", "notes"), [row[1:] for row in ARRAYS], ids=[r[0] for r in ARRAYS])
def test_arrays_keep_their_numbers(cli, data, kernel, output, notes):
    """Narrow integers do not wrap, wide ones stay exact, and what is converted is noted; the content tells the kind."""
    cli.write({"array": data})
    done = cli.run("run", "array", "--dims", "2", "--kernel", kernel, "--format", "csv")
    assert (done.code, done.out, done.err) == (0, output, notes)


@pytest.mark.parametrize(("name", "what"), [("a.npy", "an image"), ("a.csv", "an image")])
def test_another_kind_than_the_name_promises_is_noted(cli, name, what):
    """The content decides, and the note names both."""
    cli.write({name: png(IMPULSE)})
    done = cli.run("run", name, "--kernel", "[[1]]", "--format", "csv")
    assert (done.code, done.err) == (0, f"note: named {Path(name).suffix}, but its content is {what}\n")


def _colour_table(image):
    image = image.convert("RGB").convert("P")
    assert image.mode == "P"
    return image


CONVERSIONS = [
    ("palette", _colour_table, {}, "palette converted to RGB"),
    (
        "CMYK",
        lambda image: image.convert("CMYK"),
        {"format": "TIFF"},
        "inks kept as stored: cyan, magenta, yellow and black (CMYK)",
    ),
    ("alpha", lambda image: image.convert("RGBA"), {}, "alpha channel dropped"),
    ("black and white", lambda image: image.convert("1"), {}, "black and white read as 0 and 255"),
    ("16 bits", lambda image: image.convert("I;16"), {}, "whole numbers of 16 bits kept"),
]


@pytest.mark.parametrize(
    ("change", "options", "note"), [row[1:] for row in CONVERSIONS], ids=[r[0] for r in CONVERSIONS]
)
def test_converted_pictures_are_noted(cli, change, options, note):
    """Whatever is not plain grey or RGB says what became of it."""
    image = pytest.importorskip("PIL.Image")
    stream = io.BytesIO()
    change(image.open(io.BytesIO(png(IMPULSE)))).save(stream, **{"format": "PNG", **options})
    cli.write({"a.img": stream.getvalue()})
    done = cli.run("run", "a.img", "--kernel", "[[1]]", "--format", "csv", "-q", "-o", "out.npy")
    assert done.code == 0
    assert note in cli.run("run", "a.img", "--kernel", "[[1]]", "--format", "csv").err


TITLES = [
    ("a terminal code", r"\e]0;pwned\a\e[2J", r"\x1b]0;pwned\x07\x1b[2J"),
    ("markup", "[/red]", "[/red]"),
    ("more markup", "[bold]x[/bold]", "[bold]x[/bold]"),
    ("an emoji's name", ":smile:", ":smile:"),
    ("an index", "x[a]", "x[a]"),
    ("a reversed direction", r"\u202eabc", r"\u202eabc"),
    ("a C1 control", r"\x9b31m", r"\x9b31m"),
    ("no", "no", "no"),
    ("Japanese", "畳み込み", "畳み込み"),
]


@pytest.mark.parametrize("form", ["table", "plain"])
@pytest.mark.parametrize(("written", "shown"), [row[1:] for row in TITLES], ids=[row[0] for row in TITLES])
def test_names_are_shown_and_never_obeyed(cli, written, shown, form):
    """Terminal codes are escaped, markup and emoji names stay as they are written, in titles and in kernel names."""
    cli.write({"f.yaml": f'input: [1]\ntitle: "{written}"\nkernel: {{weights: [1], name: "{written}"}}\n'})
    done = cli.run("run", "f.yaml", "--format", form)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == shown
    assert f"kernel {shown}" in done.out
    assert not set(done.out) & {"\x1b", "\x9b", "\x07", "\u202e"}


def test_a_formula_in_csv_is_text(cli):
    """A title that a table calculator would run has an apostrophe in front."""
    cli.write({"own/bad.yaml": "weights: [1]\ntitle: \"=cmd|'/c calc'!A1\"\n"})
    done = cli.run("kernels", "--kernels", "own", "--format", "csv")
    assert done.code == 0
    assert "bad,'=cmd|'/c calc'!A1,," in done.out


def test_strict_finite_names_the_first_place(cli):
    """Inf in the kernel is taken with a note, and refused with --strict-finite."""
    cli.write({"f.yaml": "input: [1, 2]\nkernel: [1, .inf]\n"})
    done = cli.run("run", "f.yaml", "--format", "csv")
    assert (done.code, done.out) == (0, "inf\n")
    assert done.err.startswith("note: kernel: 1 value is not finite, the first (inf) at [1]\n")
    done = cli.run("run", "f.yaml", "--strict-finite")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: f.yaml:2:9: kernel is not finite at [0, 0, 1]\n")


def test_a_missing_extra_says_how_to_install_it(cli, monkeypatch):
    """Without Pillow, reading a PNG names the extra, brackets included; writing one needs none."""
    cli.write({"a.png": png(IMPULSE)})
    before = cli.files()
    monkeypatch.setitem(sys.modules, "PIL", None)
    done = cli.run("run", "a.png", "--kernel", "[[1]]")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "error: a.png: reading PNG images needs the optional extra 'image'\n"
        "hint: install it: pip install 'convcalc[image]'\n"
    )
    assert cli.files() == before
    assert cli.run("run", "-q", "-o", "out.png").code == 0


def test_without_textual_the_explorer_says_how_to_install_it(cli, monkeypatch):
    """On a terminal; elsewhere the page of run needs no Textual."""
    monkeypatch.setitem(sys.modules, "textual", None)
    assert cli.run("explore").code == 2
    monkeypatch.setattr("convcalc.cli.commands.explore._has_terminal", lambda: True)
    done = cli.run("explore")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "error: explore needs the optional extra 'tui'\nhint: install it: pip install 'convcalc[tui]'\n"
    )


def test_what_cannot_be_explored_says_why(cli, monkeypatch):
    """Before the screen is taken: only a shape, no weights, no such layer."""
    pytest.importorskip("textual")
    monkeypatch.setattr("convcalc.cli.commands.explore._has_terminal", lambda: True)
    cli.write({"shape.yaml": "input: {shape: [1, 8, 8]}\nlayers: [conv: {out_channels: 2, kernel_size: 3}]\n"})
    done = cli.run("explore", "shape.yaml")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "error: shape.yaml has the shape of an input, not its numbers\n"
        "hint: --input photo.png, or --input '{random: [1, 8, 8]}'\n"
    )
    done = cli.run("explore", "shape.yaml", "--input", "{ones: [1, 8, 8]}")
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "error: shape.yaml:2:16: conv1: conv has no weights, only shapes\n"
        "  layers: [conv: {out_channels: 2, kernel_size: 3}]\n"
        "                 ^\n"
        "hint: give its weight, a file of weights, or weights: {random: 0}\n"
    )
    done = cli.run("explore", "--layer", "conv9")
    assert (done.code, done.out) == (2, "")
    assert done.err == "error: --layer: unknown layer 'conv9'\nhint: one of: sobel-x\n"


def test_an_output_that_is_a_link_is_followed_only_by_force(cli):
    """The link stays a link, and its target is whole either way."""
    cli.write({"target.npy": "old"})
    (cli.folder / "link.npy").symlink_to("target.npy")
    done = cli.run("run", "-o", "link.npy")
    assert (done.code, done.out) == (1, "")
    assert done.err == "error: link.npy is a symbolic link\nhint: --force replaces it\n"
    assert (cli.folder / "target.npy").read_bytes() == b"old"
    assert cli.run("run", "-o", "link.npy", "--force", "-q").code == 0
    assert (cli.folder / "link.npy").is_symlink()
    assert np.load(cli.folder / "target.npy").tolist() == [[160] * 3, [240] * 3, [320] * 3]


def test_an_output_that_is_the_input_is_replaced_by_force(cli):
    """Everything is read before anything is written."""
    cli.write({"a.npy": FOUR})
    done = cli.run("run", "a.npy", "--kernel", "[[2]]", "-o", "a.npy", "--force", "-q")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert np.load(cli.folder / "a.npy").tolist() == [[0, 2], [4, 6]]


def test_a_device_a_pipe_and_a_socket_are_no_output(cli, monkeypatch):
    """What is no regular file is refused, with --force too."""
    os.mkfifo(cli.folder / "pipe.npy")
    (cli.folder / "null.npy").symlink_to("/dev/null")
    for name, what in (("pipe.npy", "pipe.npy"), ("null.npy", "/dev/null")):
        done = cli.run("run", "-o", name, "--force")
        assert (done.code, done.err, done.out) == (1, f"error: {what} is not a regular file\n", "")


def test_a_pipe_is_no_input(cli):
    """A pipe that nobody writes to is refused instead of waited for."""
    os.mkfifo(cli.folder / "pipe")
    done = cli.run("run", "pipe")
    assert (done.code, done.out) == (1, "")
    assert done.err == "error: not a regular file: pipe\nhint: pipe it in and name it -\n"


def test_a_user_without_a_home_is_no_obstacle(cli, monkeypatch):
    """Where the system knows no home, there are just no kernels in it."""

    def unknown():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setattr(Path, "home", unknown)
    done = cli.run("run", "--format", "csv")
    assert (done.code, done.err, done.out) == (0, "", "160,160,160\n240,240,240\n320,320,320\n")


def test_a_bad_environment_is_told(cli, monkeypatch):
    """A bad limit or folder in the environment is an error with the name of what is wrong."""
    monkeypatch.setenv("CONVCALC_LIMITS", "memry=1")
    done = cli.run("run")
    assert (done.code, done.out) == (2, "")
    assert done.err == "error: CONVCALC_LIMITS: unknown limit 'memry'\nhint: did you mean memory or member?\n"
    monkeypatch.delenv("CONVCALC_LIMITS")
    monkeypatch.setenv("CONVCALC_KERNELS", "nodir")
    done = cli.run("run")
    assert (done.code, done.out, done.err) == (2, "", "error: CONVCALC_KERNELS: no such folder: nodir\n")
