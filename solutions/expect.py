"""Checks of what a student's function returned, said in the student's terms."""


def several(value, names, called):
    """The parts of a returned tuple, or a failure that says what was expected.

    Args:
        value: what the student's function returned.
        names: what it should return, such as ``("dx", "dw", "db")``.
        called: the function's name.
    """
    wanted = f"{called} must return ({', '.join(names)})"
    assert isinstance(value, tuple | list), (
        f"{wanted}; it returned {'nothing' if value is None else 'one value'}"
    )
    assert len(value) == len(names), f"{wanted}; it returned {len(value)} values"
    return value
