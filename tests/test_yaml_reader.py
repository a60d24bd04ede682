"""The bounded reader of YAML and JSON, and the text under it."""

import io
import json
import os
import sys
import time
import tracemalloc
from types import SimpleNamespace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from convcalc.errors import ConvcalcError, DataError, FormatError, LimitError
from convcalc.files.numbers import array
from convcalc.files.text import decode, read_bytes
from convcalc.files.yaml_reader import Quoted, locate, parse, place, readable
from convcalc.limits import Limits

LIMITS = Limits()


def read(text, **limits):
    return parse(text, "f.yaml", Limits(**limits))


READ = [
    ("kernel: [[-.5, .5]]", {"kernel": [["-.5", ".5"]]}),
    (
        "[1e-3, 010, 1:30, no, 1 -1, 2024-01-01, ~, inf]",
        ["1e-3", "010", "1:30", "no", "1 -1", "2024-01-01", "~", "inf"],
    ),
    ("name: no", {"name": "no"}),
    ("a:\nb: ", {"a": "", "b": ""}),
    ("- 1\n- - 2\n  - 3\n", ["1", ["2", "3"]]),
    ("# first\n---\na: 1 # then\n...\n", {"a": "1"}),
    ('{\n\t"a": [1,\n\t\t2],\n\t"b": "x"\n}', {"a": ["1", "2"], "b": "x"}),
    (r'{"a":"\/x\u00e9","b":"\ud83d\ude00"}', {"a": "/xé", "b": "😀"}),
    (r'{"a": "\\ud83d\\ude00"}', {"a": r"\ud83d\ude00"}),
    ('"\\e]0;pwned\\a\\e[2J"', "\x1b]0;pwned\x07\x1b[2J"),
    ('"\\u202eabc"', "\u202eabc"),
    ("[]", []),
    ("{}", {}),
    ("a: |\n  two\n  lines\n", {"a": "two\nlines\n"}),
]


@pytest.mark.parametrize(("text", "expected"), READ, ids=[text[:20] for text, _ in READ])
def test_scalars_come_back_as_they_were_written(text, expected):
    """No word, number or date is interpreted; escapes of quoted text are."""
    assert read(text) == expected


def test_quoted_scalars_are_told_from_plain_ones():
    """Only quoted and block scalars are of the class Quoted."""
    document = read("[null, 'null', \"null\"]")
    assert [type(item) for item in document] == [str, Quoted, Quoted]
    assert type(read("a: |\n  x")["a"]) is Quoted


REFUSED = [
    ("stride: 1\nx: 2\nstride: 3", 3, 1, "duplicate key 'stride': in line 1 and in line 3", ""),
    ("{a: 1, 'a': 2}", 1, 8, "duplicate key 'a': in line 1 and in line 1", ""),
    ("a: 1\nk: {a:1}", 2, 5, "no value for the key 'a:1'", "write a: 1 with a space"),
    ("x: !!python/object/apply:os.system [ls]", 1, 4, "tags are not accepted: '!!python/object/apply:os.system'", None),
    ("x: !!binary aGk=", 1, 4, "tags are not accepted: '!!binary'", "write the value without it"),
    ("!!set {a, b}", 1, 1, "tags are not accepted: '!!set'", "write the value without it"),
    ("x: ! 1", 1, 4, "tags are not accepted: '!'", None),
    ("&a [*a]", 1, 1, "anchors are not accepted: '&a'", "write the value out"),
    ("x: &b 1", 1, 4, "anchors are not accepted: '&b'", None),
    ("x:\n- *b", 2, 3, "aliases are not accepted: '*b'", None),
    ("base: 1\n<<: {a: 1}", 2, 1, "merge keys (<<) are not accepted", "write the keys out"),
    ("a: 1\n---\nb: 2", 2, 1, "a second document starts here", "keep one document in a file"),
    ("a:\n\tb: 1", 2, 1, "tab at column 1: use spaces", ""),
    ("a:\n  - 1\n \t- 2", 3, 2, "tab at column 2: use spaces", ""),
    ("a: |\n  x\n\ty", 3, 1, "tab at column 1: use spaces", ""),
    ("? [a]\n: 1", 1, 3, "a key must be a word, not a list", ""),
    ("{{a: 1}: 2}", 1, 2, "a key must be a word, not a mapping", ""),
    ("k: [1, 2", 1, 4, "the list that starts here is not closed", ""),
    ("k: {a: 1", 1, 4, "the mapping that starts here is not closed", ""),
    ("k: 'x", 1, 4, "the quote that starts here is not closed", ""),
    ("k: [1}", 1, 6, "expected a comma or ']' in the list opened in line 1, got '}'", ""),
    ("k: [1,,2]", 1, 7, "expected a value, got ','", ""),
    ("a: b: c", 1, 5, "unexpected ':'", "check the indentation, and quote a text that holds ': '"),
    ("- 1\nb: 2", 2, 1, "expected '- ' as in the items above", "check the indentation"),
    ("x: @a", 1, 4, "a value cannot start with '@'", "quote it"),
    (r'x: "\q"', 1, 5, "unknown escape in a quoted text", r"write \\ for a backslash"),
    (r'name: "\ud800"', 1, 10, "the escape stands for no character", "half of a surrogate pair"),
    ("[1]]", 1, 4, "text after the end of the value", "check the brackets before it"),
    ("x: \udc80", 1, 4, r"not Unicode: '\udc80'", ""),
]


@pytest.mark.parametrize(("text", "line", "column", "message", "hint"), REFUSED, ids=[case[0][:20] for case in REFUSED])
def test_what_is_not_plain_data_is_refused_where_it_stands(text, line, column, message, hint):
    """Every refusal has its line, column, excerpt, and a sentence without the words of the library."""
    with pytest.raises(FormatError) as caught:
        read(text)
    error = caught.value
    assert (error.message, error.place.line, error.place.column) == (message, line, column)
    assert error.place.excerpt == text.split("\n")[line - 1]
    assert hint is None or error.hint == hint


@pytest.mark.parametrize("text", ["", "\n\n", "# only\n# comments\n", "---\n"])
def test_an_empty_file_is_called_empty(text):
    """Nothing, blank lines and comments alone are no document."""
    with pytest.raises(FormatError, match=r"^f.yaml: file is empty$"):
        read(text)


LIMITED = [
    ("[[[1]]]", {"depth": 2}, "nested deeper than 2 levels", "raise it with --limit depth=4"),
    ("a: {b: {c: 1}}", {"depth": 2}, "nested deeper than 2 levels", "raise it with --limit depth=4"),
    ("[1, 2, 3]", {"values": 3}, "more than 3 values", "raise it with --limit values=12"),
]


@pytest.mark.parametrize(("text", "limits", "message", "hint"), LIMITED)
def test_limits_refuse_with_place_and_flag(text, limits, message, hint):
    """Depth and number of values are bounded, and the hint names the flag."""
    with pytest.raises(LimitError) as caught:
        read(text, **limits)
    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert caught.value.place.line == 1


def test_limits_let_pass_what_just_fits():
    """A document at the limit is read."""
    assert read("[[1, 2]]", depth=2, values=4) == [["1", "2"]]


def test_long_keys_are_refused():
    """A key has at most as many characters as a name."""
    with pytest.raises(LimitError, match=r"a key of 201 characters, at most 200"):
        read("k" * 201 + ": 1")


# Each name stands for a list of those before: of a few lines more, a reader that writes them out would not end.
ALIASES = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n"
HOSTILE = {
    # One level beyond our limit. The guard stands in front of readers that build one value inside another by calling
    # themselves: nesting that is only bounded by the length of a file would exhaust the stack of their process.
    "lists": ("[" * 65, LimitError, 0.01),
    "mappings": ("{" * 65, FormatError, 0.01),
    "flow mappings": ("{a: " * 65, LimitError, 0.01),
    "block lists": ("- " * 65, LimitError, 0.01),
    "block mappings": ("\n".join(" " * depth + "a:" for depth in range(65)), LimitError, 0.01),
    "question marks": ("? " * 65, FormatError, 0.01),
    "aliases": (ALIASES, FormatError, 0.01),
    "one tag": ("!" + "x" * 1_000_000, FormatError, 2),
    "documents": ("---\n" * 200_000, FormatError, 2),
    "open quote": ('"' + "x" * 1_000_000, FormatError, 2),
    "empty lists": ("[" + "[]," * 300_000, FormatError, 2),
    "surrogates": ('"' + r"\ud83d" * 160_000 + '"', FormatError, 2),
}


@pytest.mark.parametrize(("text", "kind", "seconds"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_are_refused_fast_and_in_little_memory(text, kind, seconds):
    """What is meant to exhaust the stack, the memory or the patience is refused (times five, for slow machines)."""
    started = time.process_time()
    with pytest.raises(kind):
        read(text)
    assert time.process_time() - started < 5 * seconds


@pytest.mark.parametrize(("depth", "sentence"), [(64, "64 levels"), (2000, "the 1,000 levels that libyaml reads")])
def test_the_stop_of_the_library_itself_is_told_as_our_limit(depth, sentence):
    """Libyaml reads ahead and may stop before it tells of the level that is one too deep."""
    mark = yaml.Mark("", 0, 0, 1, None, None)
    error = yaml.MarkedYAMLError("while increasing flow level", mark, "exceeded maximum nesting depth", mark)
    found = readable(error, "[[", "f.yaml", Limits(depth=depth))
    assert type(found) is LimitError
    assert found.message == f"nested deeper than {sentence}"
    assert str(found.place) == "f.yaml:1:2"


def test_aliases_of_aliases_take_little_memory():
    """They are refused at the first anchor, before anything is built."""
    tracemalloc.start()
    with pytest.raises(FormatError, match=r"anchors are not accepted"):
        read(ALIASES)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


DOCUMENT = "kernel:\n  - [1, 2]\n  - [3, x]\nlayers:\n  - name: a\n    paddng: 1\n"
PLACES = [
    (("kernel",), False, (2, 3)),
    (("kernel", 1, 1), False, (3, 9)),
    (("layers", 0, "paddng"), False, (6, 13)),
    (("layers", 0, "paddng"), True, (6, 5)),
    (("layers", 0, "missing"), False, (5, 5)),
    (("kernel", 5), False, (2, 3)),
    (("kernel", 0, 0, 0), False, (2, 6)),
    (("nothing",), False, (1, 1)),
    ((), False, (1, 1)),
]


@pytest.mark.parametrize(("path", "key", "expected"), PLACES)
def test_positions_are_found_by_path(path, key, expected):
    """A path leads to its value or key, and a path that ends early to its deepest parent."""
    assert locate(DOCUMENT, path, key=key) == expected


def test_a_place_shows_its_line():
    """The excerpt is the line of the file."""
    assert place("f", DOCUMENT, ("kernel", 1, 1)).excerpt == "  - [3, x]"
    assert str(place("f", DOCUMENT, ("kernel", 1, 1))) == "f:3:9"


def test_a_text_that_cannot_be_read_has_no_positions():
    """A broken text gives a place without line."""
    assert locate("[", (0,)) is None
    assert place("f", "[", (0,)).line is None


def as_text(value):
    if isinstance(value, dict):
        return {key: as_text(item) for key, item in value.items()}
    return [as_text(item) for item in value] if isinstance(value, list) else value


JSON = st.recursive(
    st.text(st.characters(blacklist_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="ascii"), max_size=9), inner)
    ),
    max_leaves=20,
)


@given(JSON.filter(bool), st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_json_is_read_as_json(value, ascii_only, indent):
    """Any JSON of texts, lists and objects, escaped or not, indented or not, comes back."""
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    if any(character in text for character in "\x7f\ufeff\ufffe\uffff") or any("\x7f" <= c <= "\x9f" for c in text):
        return  # not printable: refused as text, accepted when escaped
    assert read(text) == as_text(value)


@pytest.mark.slow
def test_reading_a_large_matrix_is_faster_than_the_library():
    """IndexMap and converting 250,000 numbers takes less time than the C loader needs to construct them."""
    text = "".join(f"- [{', '.join(f'{(row * column) % 1000 / 8}' for column in range(500))}]\n" for row in range(500))
    started = time.process_time()
    values = array(parse(text, "f", LIMITS), LIMITS)
    ours = time.process_time() - started
    started = time.process_time()
    theirs = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    assert ours < time.process_time() - started
    assert values.tolist() == theirs


DECODED = [
    (b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "a: 1\nb: 2\n"),
    (b"1,2\r3,4\r", "1,2\n3,4\n"),
    ("a: é".encode("utf-16"), "a: é"),
    (b"\xfe\xff" + "a: é".encode("utf-16-be"), "a: é"),
    (b"", ""),
]


@pytest.mark.parametrize(("data", "expected"), DECODED)
def test_text_is_decoded_whatever_system_wrote_it(data, expected):
    """Byte order marks, UTF-16 and the line ends of three systems are accepted."""
    assert decode(data, "f") == expected


UNDECODED = [
    (b"a: 1\nb: caf\xe9\n", 2, 7, "not UTF-8: byte 0xe9 at offset 11"),
    (b"\xef\xbb\xbf\r\na\xff", 2, 2, "not UTF-8: byte 0xff at offset 6"),
    (b"a: 1\nb: \x00", 2, 4, r"control character '\x00' in a text file"),
    (b"a: \x1b[2J", 1, 4, r"control character '\x1b' in a text file"),
    ("a: \x9b".encode(), 1, 4, r"control character '\x9b' in a text file"),
    (b"\xff\xfea", None, None, "not UTF-16: offset 2"),
]


@pytest.mark.parametrize(("data", "line", "column", "message"), UNDECODED)
def test_bytes_that_are_no_text_are_refused_where_they_stand(data, line, column, message):
    """The first byte or control character that is no text is named, with line and column."""
    with pytest.raises(FormatError) as caught:
        decode(data, "f")
    assert (caught.value.message, caught.value.place.line, caught.value.place.column) == (message, line, column)


def test_a_file_is_read_up_to_the_cap(tmp_path):
    """As many bytes as the cap are read, one more is refused with the flag that raises the cap."""
    path = tmp_path / "f"
    path.write_bytes(b"x" * 2048)
    assert read_bytes(str(path), 2048) == b"x" * 2048
    with pytest.raises(LimitError) as caught:
        read_bytes(str(path), 2047)
    assert caught.value.hint == "raise it with --limit file=8KiB"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("absent", "no such file: "),
        ("a\0b", "no such file, since its name holds a NUL: "),
        ("x" * 300, "no such file, since none has so long a name: "),
    ],
)
def test_a_file_that_cannot_be_opened_is_named(tmp_path, name, reason):
    """What is missing or has an impossible name is an ordinary error."""
    with pytest.raises(DataError, match=f"^{reason}"):
        read_bytes(f"{tmp_path}/{name}", 10)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX")
def test_only_regular_files_are_read(tmp_path):
    """A folder, a pipe that nobody writes to and an endless device are refused at once."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", "/dev/zero", "/dev/null"):
        with pytest.raises(FormatError, match=r"^not a regular file"):
            read_bytes(str(path), 10)


def test_a_file_without_permission_is_refused(bound_folder):
    """The reason is said."""
    path = bound_folder / "f"
    path.write_bytes(b"x")
    path.chmod(0)
    with pytest.raises(DataError, match=r"^no permission to read"):
        read_bytes(str(path), 10)


def test_standard_input_is_capped_too(monkeypatch):
    """Standard input has its own name in messages and the same cap."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"x" * 5000)))
    with pytest.raises(LimitError, match=r"^standard input holds more than 4.0 KiB"):
        read_bytes("-", 4096)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"x" * 5000)))
    assert len(read_bytes("-", 5000)) == 5000


@given(st.text(alphabet="[]{}:,-?&*!|>'\"%@`#<~ \t\nab01.\\u", max_size=40))
def test_no_text_raises_anything_but_our_errors(text):
    """Random YAML either reads or is refused in our words; where it reads, positions are found."""
    try:
        document = read(text)
    except ConvcalcError as error:
        assert "object at" not in str(error)
        return
    assert document is not None
    assert locate(text, ()) is not None
