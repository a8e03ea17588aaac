"""A table that grows by a line at a time."""


def row(cells, widths):
    """A line: the first cell to the left, the others to the right; the last takes what it needs."""
    first, *rest = (str(cell).rjust(width) for cell, width in zip(cells, widths, strict=True))
    return '  '.join([first.strip().ljust(widths[0]), *rest])
