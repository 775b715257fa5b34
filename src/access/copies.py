"""The copies of an access file; see access/store.py. On a camera this module is there only while a file is
judged or saved, see strict/late.py.
"""

from flash import copies, files


class Copies(copies.Copies):
    """As flash.copies.Copies, of what must not count again once it was removed."""

    def keep(self, text, found, said=None):
        try:
            super().keep(text, found, said)
        except OSError:
            if files.reading(self.good) != found:
                files.remove(self.good)
            raise

    def miss(self):
        try:
            super().miss()
        finally:
            self.forget()
