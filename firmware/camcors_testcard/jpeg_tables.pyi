LUMA_QUANTISERS: bytes
CHROMA_QUANTISERS: bytes
LUMA_DC: bytes
CHROMA_DC: bytes
LUMA_AC: bytes
CHROMA_AC: bytes
ZIGZAG: bytes

def scaled_quantisers(table: bytes, quality: int) -> bytes: ...
