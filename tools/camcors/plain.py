"""Text that is safe on a terminal."""


def plain(text: str) -> str:
    """`text` with tabs and newlines as its only control characters: no camera may steer a terminal."""
    return "".join(char if char.isprintable() or char in "\n\t" else "\ufffd" for char in text)
