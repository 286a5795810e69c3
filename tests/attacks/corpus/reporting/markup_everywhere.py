# /// attack
# tries = "puts markup, terminal commands and formulas wherever a report has text"
# question = "relu_forward"
# variants = [
#     "raise Odd(MARK)",
#     "raise named(ValueError, MARK)(MARK)",
#     "return named(object, MARK)()",
#     "return MARK",
#     "return {MARK: [MARK], 'x': named(dict, MARK)()}",
#     "exec(compile('raise ValueError', f'<cell {MARK}>', 'exec'))",
#     "raise Warning('\\n' * 10**5 + MARK)",
#     "raise ImportError(MARK, name=MARK, path=MARK)",
#     "raise SyntaxError(MARK, (MARK, 1, 1, MARK))",
#     "raise UnicodeDecodeError('\\ud800', bytes(9), 1, 2, MARK)",
# ]
# ///
# %% question="relu_forward"
MARK = (
    "</pre></td>]]><script>pwned()</script><img src=x onerror='pwned()'>"
    "<svg onload=pwned()><a href='javascript:pwned()'>{{ 7 * 7 }}[red]"
    "\x1b[2J\x1b]0;pwned\x07\x1b]8;;http://pwned\x1b\\\x9b31m\x00\x08\r=cmd|' /C calc'!A0"
    "\u202epwned\u2066\u200b\ud800\ufeff\U000e0041"
)


class Odd(Exception):
    def __str__(self):
        return MARK

    __repr__ = __str__


def named(base, name):
    return type(name, (base,), {"__qualname__": name, "__module__": name})


def relu_forward(x):
    VARIANT
