"""What the README shows, to be run as it stands there."""

import re
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "README.md"


def block(language, mark=""):
    """The code of this language in the README, the one with the mark in it."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE)
    found = [code for code in blocks if mark in code]
    assert len(found) == 1, f"the README has {len(found)} of what is looked for in {language}"
    return found[0]


def placed(code, places):
    """Code with other paths and ports, each of which must be in it."""
    for old, new in places.items():
        assert old in code, f"{old!r} is not in the README"
        code = code.replace(old, new)
    return code
