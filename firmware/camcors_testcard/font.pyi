GLYPHS: dict[str, bytes]
