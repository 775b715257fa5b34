"""One module a command of `camcors`."""
