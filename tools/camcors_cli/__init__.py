"""The `camcors` command: edits the policy of a camera, and tells why a browser is blocked."""

from . import tree as tree
