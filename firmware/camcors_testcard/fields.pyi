FRAME_SIZES: tuple[tuple[str, tuple[int, int]], ...]
FIELDS: dict[str, tuple[str, object]]
