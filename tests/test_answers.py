"""The command quiz in a pipe and in a terminal, its sheets for answers, and check --answers, which marks them."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import select
import subprocess
import sys
import time

import pytest

from test_latex import check_structure

QUIZ = [sys.executable, "-m", "convcalc", "quiz"]
LAYER = """input: {random: [3, 9, 9], seed: 1}
kernel: {random: [4, 3, 3, 3], seed: 2, low: -3}
bias: 1
stride: 2
padding: 1
dims: 2
"""
NETWORK = """input: {shape: [1, 9, 9]}
layers:
  - conv: {out_channels: 2, kernel_size: 3, stride: 2}
  - relu
  - conv: {out_channels: 3, kernel_size: 2, name: top}
"""


def piped(answers: str, *flags: str, folder=None) -> str:
    """What the command says to answers in a pipe."""
    done = subprocess.run(
        [*QUIZ, *flags], input=answers, capture_output=True, text=True, check=False, cwd=folder, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def right_answers(cli, *argv: str):
    """The right answers of a quiz, as they may be written."""
    return [written(each) for each in json.loads(cli.run("quiz", *argv, "--format", "json").out)["questions"]]


def written(question) -> str:
    """The answer of a question's data as text."""
    answer = question["answer"]
    if question["form"] == "slices":
        return ", ".join(f"{each['start']}:{each['stop']}:{each['step']}" for each in answer)
    if isinstance(answer, list):
        return "x".join(map(str, answer))
    if isinstance(answer, dict):
        return str(answer["from"])
    return {True: "yes", False: "no"}[answer] if isinstance(answer, bool) else str(answer)


# A pipe --------------------------------------------------------------------------------------------------------------


def test_three_wrong_answers_are_diagnosed():
    """Each line of a pipe is an answer: what mistake gives it is said, and the score counts the right ones."""
    page = piped(
        "1:3, 1:3\n2:5, 1:4\n-240\n160\nfour\n", "--kind", "slice", "--kind", "cell", "--count", "5", "--seed", "0"
    )
    assert (
        page.partition("\n 1  ")[2]
        == """\
At output row 1, column 1, which slice of the input does the 3×3 kernel
    cover?
    answer   1:3, 1:3
    wrong: off by one at the end of a slice; it is 1:4, 1:4  (rows 1 to 3,
    columns 1 to 3)

 2  At output row 2, column 1, which slice of the input does the 3×3 kernel
    cover?
    answer   2:5, 1:4
    right: 2:5, 1:4  (rows 2 to 4, columns 1 to 3)

 3  What number is the output at row 1, column 2?
    answer   -240
    wrong: the kernel turned by 180° (off by one at the end of a slice gives the
    same here); it is 240

 4  What number is the output at row 2, column 0?
    answer   160
    wrong: rows and columns exchanged (rows and columns of the kernel exchanged
    gives the same here); it is 320

 5  What number is the output at row 1, column 0?
    answer   four
    not an answer: expected a number, got 'four' (such as 240, -1/9 or 0.125)

1 of 5 answers right
"""
    )


def test_all_right_answers_of_a_pipe_are_right(cli):
    """As many as there are questions, about a layer with everything."""
    cli.write({"layer.yaml": LAYER})
    answers = right_answers(cli, "layer.yaml", "--count", "30", "--seed", "7")
    page = piped("\n".join(answers) + "\n", "layer.yaml", "--count", "30", "--seed", "7", folder=cli.folder)
    assert page.endswith("30 of 30 answers right\n")


def test_fewer_answers_than_questions_are_marked_and_more_are_left():
    """What is answered counts; an empty line is no answer."""
    assert "1 of 2 answers right" in piped("no\n\n", "--kind", "flipped", "--kind", "shape", "--count", "2")
    assert piped("no\n" * 50, "--kind", "flipped", "--count", "1").endswith("1 of 1 answer right\n")


def test_bytes_that_are_no_text_are_no_answer():
    """They are shown without control characters, and a line without an end is not read to its end."""
    data = b"\xff\xfe\x1b[2J\n" + b"9" * 100_000 + b"\n"
    done = subprocess.run(
        [*QUIZ, "--kind", "cell", "--count", "2"], input=data, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout
    assert len(done.stdout) < 40_000
    assert b"not an answer: an answer of " in done.stdout


def test_without_answers_it_is_a_worksheet(cli):
    """An empty pipe, another format or a file: nothing is read, and the same questions are drawn every time."""
    page = piped("")
    assert page == piped("")
    assert "answer   ________________________" in page
    assert "\nKey\n" in page
    assert cli.run("quiz", "--format", "markdown").out == piped("1\n2\n3\n", "--format", "markdown")


# Formats -------------------------------------------------------------------------------------------------------------


def test_the_key_is_on_a_second_page(cli):
    """In LaTeX a new page, in Markdown below a rule; --key none and --key only give each alone."""
    latex = cli.run("quiz", "--format", "latex").out
    check_structure(latex.replace("\\clearpage", ""))
    questions, key = latex.split("\\clearpage")
    assert "What number is the output" in questions
    assert "yes: the kernel turned by" in key
    assert "off by one" in key
    assert "off by one" not in questions
    markdown = cli.run("quiz", "--format", "markdown").out
    assert markdown.count("\n---\n") == 1
    none = cli.run("quiz", "--key", "none").out
    only = cli.run("quiz", "--key", "only").out
    assert "Key" not in none
    assert "answer  " not in only
    assert only.startswith("Key\n")


def test_data_has_questions_answers_and_mistakes(cli):
    """As JSON everything that a page of its own needs."""
    data = json.loads(cli.run("quiz", "--count", "9", "--format", "json").out)
    assert data["schema"] == "convcalc.quiz/1"
    assert [each["number"] for each in data["questions"]] == list(range(1, 10))
    (shape, *_) = [each for each in data["questions"] if each["kind"] == "shape"]
    assert shape["answer"] == [1, 3, 3]
    assert {"answer": [1, 5, 5], "mistakes": ["the size of the input taken for that of the output"]} in shape[
        "mistakes"
    ]


def test_no_question_tells_the_answer_to_another(cli):
    """The page before the questions says neither the output's size nor that the kernel is turned."""
    page = cli.run("quiz", "--convolve", "--key", "none").out.partition("\n 1  ")[0]
    assert "turned" not in page
    assert page.splitlines()[1] == "Convolution of 5×5 with sobel-x (3×3), stride 1, no padding."
    assert "│ -2  0  2 │" in page  # as it is written


def test_kinds_levels_and_counts(cli):
    """Only what is asked for; fewer where there are no more."""
    data = json.loads(
        cli.run("quiz", "--level", "1", "--kind", "slice", "--kind", "cell", "--count", "20", "--format", "json").out
    )
    assert {each["kind"] for each in data["questions"]} == {"slice"}
    assert len(data["questions"]) == 9
    assert "note: only 9 different questions" in cli.run("quiz", "--kind", "slice", "--count", "20").out


def test_a_network_is_asked_about_layer_by_layer(cli):
    """Shapes, parameters and receptive fields without numbers; with numbers cells too, with what they need."""
    cli.write({"net.yaml": NETWORK})
    data = json.loads(cli.run("quiz", "net.yaml", "--count", "40", "--format", "json").out)
    assert {each["layer"] for each in data["questions"]} == {"conv1", "relu1", "top"}
    kinds = {each["kind"] for each in data["questions"]}
    assert "field" in kinds
    assert not kinds & {"cell", "shared"}
    fields = [each for each in data["questions"] if each["kind"] == "field"]
    assert [each["answer"] for each in fields] == [5, 5]  # 3 + (2 - 1) * 2
    assert {"answer": 2, "mistakes": ["the layers below forgotten"]} in fields[0]["mistakes"]
    assert {"answer": 4, "mistakes": ["the strides of the layers below ignored", "off by one"]} in fields[0]["mistakes"]
    given = ("--input", "{arange: [1, 9, 9]}", "--layer", "top", "--kind", "cell", "--count", "1")
    cli.write({"net.yaml": NETWORK + "weights: {random: 1}\n"})
    page = cli.run("quiz", "net.yaml", *given, "--key", "none").out
    assert page.count("input, channel") == 2
    assert page.count("kernel") == 2


# A terminal ----------------------------------------------------------------------------------------------------------


def in_terminal(keys: list[str], *flags: str, columns: int = 80) -> str:
    """What a terminal shows to somebody who types these lines, each when an answer is awaited."""
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm", "NO_COLOR": "1"}
    process = subprocess.Popen(
        [*QUIZ, *flags], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, close_fds=True
    )
    os.close(theirs)
    shown, asked, end = b"", 0, time.monotonic() + 60
    while time.monotonic() < end:
        if not select.select([ours], [], [], 0.1)[0]:
            continue
        try:
            data = os.read(ours, 65536)
        except OSError:  # as Linux says that the other side is closed
            break
        if not data:
            break
        shown += data
        while asked < min(len(keys), shown.count(b"    answer   ")):
            os.write(ours, keys[asked].encode())
            asked += 1
    os.close(ours)
    assert process.wait(10) == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).replace("\r\n", "\n")


def test_in_a_terminal_questions_come_one_by_one():
    """Help on request, what cannot be read is asked again, an empty line is no answer, and a score at the end."""
    flags = ("--kind", "flipped", "--kind", "shape", "--kind", "parameters", "--seed", "1", "--count", "3")
    order = json.loads(piped("", *flags, "--format", "json"))["questions"]
    lines = ["?\n", "what\n", f"{written(order[0])}\n", "\n", f"{written(order[2])}\n"]
    page = in_terminal(lines, *flags)
    assert page.count("    answer   ") == 5
    assert "such as" in page
    assert "not an answer: expected" in page
    assert page.count("    right: ") == 2
    assert "no answer: it is" in page
    assert "2 of 3 answers right" in page
    assert "Key" not in page


def test_a_quiz_in_a_terminal_can_be_left():
    """By q, or by the end of the input; what was answered counts. Without a seed it is another quiz every time."""
    assert "no answers" in in_terminal(["q\n"])
    left = in_terminal(["yes\n", "q\n"], "--kind", "flipped", "--kind", "macs", "--seed", "3")
    assert "wrong: the kernel turned by 180°; it is no" in left
    assert "0 of 1 answer right" in left
    assert "no answers" in in_terminal(["\x04"])
    assert re.search(r"seed \d+;", in_terminal(["q\n"]))


# Answers of many students --------------------------------------------------------------------------------------------


def filled_in(cli, rows, *flags: str) -> str:
    """The sheet that quiz prints, with these rows."""
    sheet = cli.run("quiz", *flags, "--format", "csv").out
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return sheet + text.getvalue()


def test_a_class_is_marked(cli):
    """A row a student: the table by question has the mistakes, the one by student the scores; no flag is needed."""
    cli.write({"layer.yaml": LAYER})
    flags = ("layer.yaml", "--count", "12", "--seed", "3")
    questions = json.loads(cli.run("quiz", *flags, "--format", "json").out)["questions"]
    good = [written(each) for each in questions]
    bad = [str(written(each | {"answer": each["mistakes"][0]["answer"]})) for each in questions]
    cli.write(
        {
            "answers.csv": filled_in(
                cli, [["Ada", *good], ["Bob", *bad], ["Cy", *[""] * 12], ["Dee", *["?!"] * 12]], *flags
            )
        }
    )
    data = json.loads(cli.run("check", "--answers", "answers.csv", "--format", "json").out)
    assert data["schema"] == "convcalc.answers/1"
    assert {each["name"]: each["right"] for each in data["students"]} == {"Ada": 12, "Bob": 0, "Cy": 0, "Dee": 0}
    for question, marked in zip(questions, data["questions"], strict=True):
        assert marked["verdicts"] == {"right": 1, "mistake": 1, "wrong": 0, "not an answer": 1, "no answer": 1}
        assert [each["mistakes"] for each in marked["mistakes"]] == [question["mistakes"][0]["mistakes"]]
    page = cli.run("check", "--answers", "answers.csv")
    assert page.code == 0
    assert "4 students, 12 questions: 12 of 48 answers right" in page.out
    assert re.search(r"│ Ada +│ +12 │ \+{5} \+{5} \+{2} ", page.out)
    assert re.search(r"│ Bob +│ +0 │ x{5} x{5} x{2} ", page.out)
    rows = list(csv.DictReader(io.StringIO(cli.run("check", "--answers", "answers.csv", "--format", "csv").out)))
    assert len(rows) == 48
    assert {row["verdict"] for row in rows if row["student"] == "Dee"} == {"not an answer"}


SLICES = ["--kind", "slice", "--count", "2", "--seed", "5"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "# problem: built-in\n# seed: 5\n# count: 2\n# kind: slice\nstudent,1,2\nAda,{0},{1}\n"),
        ("a.csv", "# problem: built-in\n# seed: 5\n# count: 2\n# kind: slice\nName;Q1;Question 2\nAda;{0};{1}\n"),
        (
            "a.csv",
            "# problem: built-in\n# seed: 5\n# count: 2\n# kind: slice\nname,2 slice,1 slice\n\nAda,{1},{0}\n,,\n",
        ),
        ("a.tsv", "# problem: built-in\r\n# seed: 5\r\n# count: 2\r\n# kind: slice\r\nid\t1\t2\r\nAda\t{0}\t{1}\r\n"),
        ("a.yaml", "problem: built-in\nseed: 5\ncount: 2\nkind: slice\nanswers:\n  Ada: [{0}, {1}]\n"),
        ("a.yaml", "problem: built-in\nseed: 5\ncount: 2\nkind: [slice]\nanswers:\n  Ada: {{2: {1}, 1: {0}}}\n"),
        (
            "a.json",
            '{{"problem": "built-in", "seed": 5, "count": 2, "kind": "slice", "answers": {{"Ada": [{0}, {1}]}}}}',
        ),
        ("answers", "problem: built-in\nseed: 5\ncount: 2\nkind: slice\nanswers:\n  Ada: [{0}, {1}]\n"),
    ],
)
def test_sheets_in_several_forms(cli, name, text):
    """With other delimiters, columns in another order, as YAML and JSON, by list or by number."""
    answers = [f'"{each}"' for each in right_answers(cli, *SLICES)]
    cli.write({name: text.format(*answers)})
    assert "1 student, 2 questions: 2 of 2 answers right" in cli.run("check", "--answers", name).out


@pytest.mark.parametrize("flags", [("--stride", "2"), ("--kernel", "box:3"), ("--dims", "2")])
def test_a_sheet_of_a_changed_problem_is_refused(cli, flags):
    """It names a file, and check --answers has nothing else to ask the questions of again."""
    cli.write({"layer.yaml": LAYER})
    for output in (("--format", "csv"), ("-o", "sheet.csv")):
        done = cli.run("quiz", "layer.yaml", *flags, *output)
        assert (done.code, done.err) == (
            2,
            f"error: an answer sheet names the file of its questions, which {flags[0]} changes: check --answers could "
            "not mark it\nhint: write what the flags say into a problem file\n",
        )


def test_flags_say_what_a_sheet_does_not(cli):
    """The problem and the questions by flags, which go before what the sheet says."""
    cli.write({"layer.yaml": LAYER})
    good = right_answers(cli, "layer.yaml", *SLICES)
    cli.write({"a.csv": f'student,1,2\nAda,"{good[0]}","{good[1]}"\n'})
    assert "2 of 2 answers right" in cli.run("check", "layer.yaml", "--answers", "a.csv", *SLICES).out
    cli.write({"a.csv": f'# seed: 77\nstudent,1,2\nAda,"{good[0]}","{good[1]}"\n'})
    assert "2 of 2 answers right" in cli.run("check", "layer.yaml", "--answers", "a.csv", *SLICES).out


def test_a_sheet_finds_its_problem_beside_itself(cli):
    """As it was named where the sheet was made, or in the sheet's folder."""
    cli.write({"class/layer.yaml": LAYER, "layer.yaml": LAYER})
    sheet = filled_in(cli, [["Ada", "1"]], "layer.yaml", "--kind", "parameters", "--count", "1")
    cli.write({"class/a.csv": sheet})
    (cli.folder / "layer.yaml").unlink()
    assert cli.run("check", "--answers", "class/a.csv").code == 0


def test_a_sheet_of_other_questions_is_refused(cli):
    """Where the problem has changed since, nobody is marked by the answers to other questions."""
    cli.write({"layer.yaml": LAYER})
    cli.write({"a.csv": filled_in(cli, [["Ada", "1"]], "layer.yaml", "--count", "1")})
    cli.write({"layer.yaml": LAYER.replace("stride: 2", "stride: 1")})
    done = cli.run("check", "--answers", "a.csv")
    assert done.code == 1
    assert re.search(
        r"error: a.csv: these are not the questions of the sheet: it has the mark [0-9a-f]{8}, they [0-9a-f]{8}\n",
        done.err,
    )


def test_names_of_students_are_text(cli):
    """Markup, formulas and control characters of a name are shown as they are, in every format."""
    cli.write(
        {"a.csv": "# problem: built-in\n# kind: flipped\n# count: 1\nstudent,1\n=HYPERLINK(1),no\n\\input{x}<b>,yes\n"}
    )
    for form in ("table", "plain", "markdown", "latex", "json", "csv"):
        done = cli.run("check", "--answers", "a.csv", "--format", form)
        assert done.code == 0
    assert "'=HYPERLINK(1)" in cli.run("check", "--answers", "a.csv", "--format", "csv").out
    check_structure(cli.run("check", "--answers", "a.csv", "--format", "latex").out)


def test_a_sheet_that_is_saved_is_the_one_that_is_printed(cli):
    """With -o FILE.csv; as other files the worksheet is saved. A level goes into the sheet, and is read from it."""
    flags = ("--level", "1", "--count", "3")
    assert cli.run("quiz", *flags, "-o", "a.csv").err == "wrote a.csv: one row a student; check --answers marks it\n"
    assert cli.files()["a.csv"].decode() == cli.run("quiz", *flags, "--format", "csv").out
    cli.run("quiz", *flags, "-o", "a.md", "-q")
    assert cli.files()["a.md"].decode() == cli.run("quiz", *flags, "--format", "markdown").out
    answers = ",".join(f'"{each}"' for each in right_answers(cli, *flags))
    cli.write({"b.csv": cli.files()["a.csv"] + f"Ada,{answers}\n".encode()})
    assert "3 of 3 answers right" in cli.run("check", "--answers", "b.csv").out


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.yaml", "answers: {Ada: {one: 1}}\n", "a.yaml:1:11: 'one' is no number of a question"),
        ("a.yaml", "answers: {Ada: [{1: 2}]}\nproblem: built-in\n", ""),
        ("a.yaml", "answers: {Ada: [1]\n", "a.yaml:1:10: the mapping that starts here is not closed"),
        ("a.csv", "# problem: built-in\nstudent,0\nAda,1\n", "a.csv:2: there is no question 0: there are 10"),
        ("a.csv", "student,1\n" + "Ada,1\n" * 60, "a.csv: more than 100 answers"),
        ("a.csv", b"student,1\n\xff\xfe,1\n", "a.csv:2:1: not UTF-8: byte 0xff at offset 10"),
    ],
)
def test_bad_sheets_are_refused_with_their_place(cli, name, text, message):
    """Whatever is wrong has its line; an answer that is a mapping is text like any other."""
    cli.write({name: text})
    limits = ("--limit", "values=100") if "60" in message or "100" in message else ()
    done = cli.run("check", "--answers", name, *limits)
    assert done.err.split("\n")[0] == (f"error: {message}" if message else "")
    assert done.code == {"": 0, "a.csv: more than 100 answers": 3}.get(message, 1)
