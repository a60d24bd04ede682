"""Numbers as programs print them: the same numbers again, and nothing else."""

import re

import numpy as np
import pytest

from convcalc.errors import ConvcalcError, FormatError, LimitError
from convcalc.files.numbers import array
from convcalc.files.pasted import flag_numbers, is_pasted, pasted
from convcalc.limits import Limits

LIMITS = Limits()


def read(text):
    assert is_pasted(text), text
    return array(pasted(text, "f", LIMITS), LIMITS)


PASTES = [
    ("[[0. 1.]\n [2. 3.]]", [[0, 1], [2, 3]]),
    ("[0 1 2]", [0, 1, 2]),
    ("[1 2; 3 4]", [[1, 2], [3, 4]]),
    ("[1, 2; 3, 4]", [[1, 2], [3, 4]]),
    ("A = [1 2; 3 -4.5];", [[1, 2], [3, -4.5]]),
    ("I = [[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
    ("K = [ 1 0 -1\n      2 0 -2\n      1 0 -1 ];", [[1, 0, -1], [2, 0, -2], [1, 0, -1]]),
    ("A =\n\n     1     2     3\n     4     5     6\n\n", [[1, 2, 3], [4, 5, 6]]),
    (">> K = \n  -1.5000       NaN\n       Inf    1/4\n", [[-1.5, np.nan], [np.inf, 0.25]]),
    ("ans =\n     7     8\n", [7, 8]),
    ("array([[1, 2],\n       [3, 4]])", [[1, 2], [3, 4]]),
    ("array([[1., 0.],\n       [0., 1.]], dtype=float32)", [[1, 0], [0, 1]]),
    ("np.array([1, 2, 3], dtype=np.float64)", [1, 2, 3]),
    ("x = numpy.array([[ 1.5e-01, -2.e+00]])", [[0.15, -2]]),
    ("tensor([[1., 2.], [3., 4.]], dtype=torch.float64)", [[1, 2], [3, 4]]),
    ("tensor([1, 2], device='cuda:0', grad_fn=<AddBackward0>)", [1, 2]),
    ("Parameter containing:\ntensor([[1., 2.]], requires_grad=True)", [[1, 2]]),
    ("tf.Tensor(\n[[1. 2.]\n [3. 4.]], shape=(2, 2), dtype=float32)", [[1, 2], [3, 4]]),
    ("<tf.Tensor: shape=(2,), dtype=float32, numpy=array([1., 2.], dtype=float32)>", [1, 2]),
    ("Array([1., 2.], dtype=float32)", [1, 2]),
    ("[array([1, 2]), array([3, 4])]", [[1, 2], [3, 4]]),
    ("[[ True False]\n [False  True]]", [[1, 0], [0, 1]]),
    ("[1/9 1/3]", [1 / 9, 1 / 3]),
    (r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}", [[1, 2], [3, 4]]),
    ("$$ K = \\begin{pmatrix}\n-1 & 0 \\\\\n\\frac{1}{2} & {3} \\\\\n\\end{pmatrix} $$", [[-1, 0], [0.5, 3]]),
    (r"\left[ \begin{array}{cc} 1 & 2 \\ \hline 3 & 4 \end{array} \right]", [[1, 2], [3, 4]]),
]


@pytest.mark.parametrize(("text", "numbers"), PASTES, ids=[text[:20] for text, _ in PASTES])
def test_prints_are_read(text, numbers):
    """NumPy, PyTorch, TensorFlow, JAX, MATLAB and LaTeX."""
    np.testing.assert_array_equal(read(text).astype(float), numbers)


@pytest.mark.parametrize(
    ("rows", "cell"), [("   1.0e+03 *\n\n   1.0   2.0\n", "*"), ("  Columns 1 through 2\n\n   1   2\n", "Columns")]
)
def test_a_display_that_is_more_than_its_rows_is_refused(rows, cell):
    """The digits that a common factor takes are lost, and columns apart are no rows below each other."""
    with pytest.raises(FormatError, match=re.escape(f"the display of a matrix holds '{cell}'")) as raised:
        read(f"A =\n\n{rows}")
    assert raised.value.hint == "mat2str(A, 17) prints a matrix in full"


@pytest.mark.parametrize("shape", [(3,), (40,), (2, 3), (2, 2, 2), (1, 30), (2, 1, 3, 2)])
@pytest.mark.parametrize("kind", ["i8", "f8", "f4", "?"])
@pytest.mark.parametrize("form", [str, repr])
def test_whatever_numpy_prints_is_read_again(shape, kind, form):
    """Both prints of arrays of every shape, long lines broken and all, in the digits that are printed."""
    values = (np.random.default_rng(1).normal(size=shape) * 100).astype(kind)
    np.testing.assert_allclose(read(form(values)).astype(float), values.astype(float), rtol=1e-6, atol=1e-6)


@pytest.mark.oracle
def test_whatever_torch_prints_is_read_again():
    """Of tensors and of parameters, with what they say of themselves."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    for values in (torch.randn(4), torch.randn(2, 3, 4), torch.nn.Parameter(torch.randn(2, 2)), torch.arange(6)):
        np.testing.assert_allclose(read(str(values)), values.detach().numpy(), atol=5e-5)
    doubled = torch.nn.Parameter(torch.ones(2, 2)) * 2
    np.testing.assert_array_equal(read(str(doubled)), np.full((2, 2), 2))


REFUSED = [
    ("[[1 2] [3 4]", "a bracket is not closed"),
    ("[1 2]]", "expected a number, got ']'"),
    ("[1 2 ... 9]", "the print is cut: ... stands for numbers that are not in it"),
    ("array([[1, 2], ..., [3, 4]])", "the print is cut: ... stands for numbers that are not in it"),
    ("tensor([1, 2]).sum()", "expected a number, got '.sum()'"),
    ("tensor([__import__('os')])", 'expected a number, got "__import__(…'),
    ("x = [open('/etc/passwd')]", 'expected a number, got "open(…'),
    ("[1 2] + [3 4]", "expected a number, got '+'"),
    ("array([1+2j, 3])", "expected a number, got '+2j,'"),
    ("array([1, 2], dtype=int(3))", "expected a number, got 'dtype=int(3))'"),
    ("[1, 2 3]", "missing comma between 2 and 3"),
    ("[1 2;; 3 4]", "';' without a number before it"),
    ("[[1 2]; [3 4]]", "';' between brackets"),
    ("A = []", "brackets without numbers"),
    ("A = [1 2, , 3]", "a comma without a number before it"),
    ("tensor([1 2)", "a bracket is not closed"),
    (r"\begin{bmatrix} 1 & 2 \end{pmatrix}", "expected one matrix of LaTeX"),
    (r"\begin{bmatrix} \end{bmatrix}", "a matrix without numbers"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_anything_but_numbers_is_refused(text, message):
    """Code, expressions and cut prints are errors with their place, and nothing is run."""
    with pytest.raises(FormatError) as caught:
        pasted(text, "f", LIMITS)
    assert caught.value.message.startswith(message.rstrip("…"))
    assert caught.value.place.line == text[: len(text)].count("\n") + 1
    assert caught.value.hint


@pytest.mark.parametrize(
    "text", ["[[1, 2], [3, 4]]", "input: [1 2]", '["1 2"]', "1,2\n3,4", "[]", "{file: x}", "[a: 1 2]"]
)
def test_yaml_and_tables_are_no_pastes(text):
    """What other readers read stays theirs."""
    assert not is_pasted(text)


def test_depth_and_count_are_limited():
    """Neither brackets without end nor a million numbers are read beyond the limits, and deep ones take no stack."""
    with pytest.raises(LimitError, match="more than 8 axes"):
        pasted("x = " + "[" * 100_000, "f", LIMITS)
    with pytest.raises(LimitError, match="more than 10 values"):
        pasted("x = [" + "1 " * 20 + "]", "f", Limits(values=10))
    with pytest.raises(LimitError, match="more than 10 values"):
        pasted(r"\begin{matrix}" + "1 & " * 20 + r"\end{matrix}", "f", Limits(values=10))


@pytest.mark.parametrize(
    "text", ["[" * 50_000, "[1 " * 20_000, "tensor(" * 10_000, "\\begin{matrix}" * 5_000, "[1 2" + ";" * 9999]
)
def test_nothing_takes_long(text):
    """Repetition ends in an error of ours at once."""
    with pytest.raises(ConvcalcError):
        pasted(text, "f", LIMITS)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("1,0,-1", ["1", "0", "-1"]), ("1 0 -1", ["1", "0", "-1"]), ("1 2; 3 4", [["1", "2"], ["3", "4"]])],
)
def test_flags_take_bare_numbers(text, numbers):
    """A few numbers need no brackets; a word and a lone number are something else."""
    assert flag_numbers(text, "--kernel", LIMITS) == numbers
    assert flag_numbers("box:3", "--kernel", LIMITS) is flag_numbers("5", "--kernel", LIMITS) is None


@pytest.mark.parametrize(
    ("argv", "output"),
    [
        (["[1,2,3,4]", "--kernel", "1,0,-1"], "-2,-2\n"),
        (["[1 2 3 4]", "--kernel", "[1 0 -1]"], "-2,-2\n"),
        (["1,2,3,4", "--kernel", "1 -1"], "-1,-1,-1\n"),
        (["tensor([[1., 2.], [3., 4.]])", "--kernel", "[[2]]"], "2.0,4.0\n6.0,8.0\n"),
    ],
)
def test_numbers_stand_in_place_of_a_file(argv, output, cli):
    """`convcalc run '[1,2,3,4]' --kernel 1,0,-1`."""
    assert cli.run("run", *argv, "--format", "csv") == (0, output, "")


def test_a_file_of_that_name_comes_first(cli):
    """Numbers are numbers only where there is no such file."""
    cli.write({"[1,2]": "[[7]]"})
    done = cli.run("run", "[1,2]", "--kernel", "[[1]]", "--dims", "2", "--format", "csv")
    assert done == (0, "7\n", "")
