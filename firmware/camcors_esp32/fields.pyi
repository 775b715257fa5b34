FRAME_SIZES: tuple[str, ...]
FIELDS: dict[str, tuple[str, object]]
