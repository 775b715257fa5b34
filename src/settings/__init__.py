"""/camera.json as data: one table of its fields, and the reader that checks a file by it. Pure."""
