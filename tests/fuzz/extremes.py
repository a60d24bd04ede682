"""Numbers and words that something, somewhere, has failed on."""

NUMBERS = (
    *("0", "-0", "1", "-1", "2", "3", "7", "64", "65", "99", "255", "256", "1000", "65535", "65536", "16777217"),
    *(str(sign * (2**power + step)) for power in (31, 32, 53, 63, 64, 127) for step in (-1, 0, 1) for sign in (1, -1)),
    *("9" * digits for digits in (20, 39, 309, 310, 400, 1000, 4300, 4301)),
    *("0.5", "-.5", "1.5", "1.", "0.1", "1e-3", "1e3", "-1e+3", "3.4e38", "3.5e38", "65504.5", "1e-46"),
    *("1.7976931348623157e308", "-1.8e308", "1e309", "1e400", "5e-324", "1e-400", "1e99999999", "-1e-99999999"),
    *("1/3", "-2/7", "1/0", "0/0", f"1/{'9' * 310}", f"{'9' * 310}/7", f"1/{2**64}", "sqrt(2)/2", "sqrt(-1)", "2*pi"),
    *("nan", "inf", "-inf", ".nan", ".inf", "-.inf", "1e", "e1", ".", "+", "--1", "010", "0x10", "0b1", "0o17"),
    *("1_000", "1:30", "1,5", "2,590", "50%", "1 000", "1 -1", "½", "１２", "−1", "٣", "1e５", "1j", "3L", "1f", "$1"),
    *("1e+", "²"),
    *("true", "no", "null", "~", "2024-01-01", "9**9**9", "((((1))))", "1" + "+1" * 99, "(" * 31 + "1" + ")" * 31),
)
"""As texts, as they stand in files and on command lines."""

FIELDS = (
    *(0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 63, 64, 100, 127, 128, 255, 256, 257, 1000, 4095, 32767, 32768, 65535),
    *(2**power + step for power in (16, 20, 24, 30, 31, 32, 40, 62, 63, 64) for step in (-1, 0, 1)),
)
"""As fields of binary files, cut to their widths."""

WORDS = (
    *("", " ", "x", "a b", "x" * 199, "x" * 201, "x" * 3000, "é", "畳み込み", "🙂", "a\nb", "a\tb", "a\rb", "\ufeffa"),
    *("\x1b[31mred", "\x1b]0;title\x07", "\x9b2J", "\x00", "a\x00b", "\x7f", "\x85", "\u202eabc", "\u2066x"),
    *("\u2028", "\ud800", "\udcff", "\U0010ffff", "[/red]", "[bold]x", ":smile:"),
    *("</script><img src=x onerror=alert(1)>", "=1+1", "+1", "-1+1", "@x", "=cmd|'/c calc'!A1", "a|b", "\\input{x}"),
    *("$x$", "`x`", "%s", "{0}", "{x!r}", "#", "&a", "*a", "!!set", "!!binary", "<<", "---", "...", "- ", "? ", ": "),
    *("'", '"', "\\", "/", "..", "../..", "/dev/zero", "/dev/stdin", "/proc/self/mem", "~", "-", "--", "con", "."),
    *("x.npz:y", "x.safetensors:y", ":", "a:b:c", "None", "{"),
)
"""As titles, names, paths and whatever else is a text."""

BYTES = (
    *(b"\0", b"\0\0\0\0", b"\xff", b"\xff\xff\xff\xff", b"\x80", b"\x1b[2J", b"\x9b", b"\r", b"\r\n", b"\n\n", b"\t"),
    *(b" ", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xc3\x28", b"\xe2\x80\xae", b"\xed\xa0\x80"),
    *(b"\xf4\x90\x80\x80", b"[", b"]", b"{", b"}", b",", b":", b";", b'"', b"'", b"#", b"-", b"&a ", b"*a ", b"!!x "),
    *(b"%", b"|", b">", b"?"),
)
"""As parts of any file."""
