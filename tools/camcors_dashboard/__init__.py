"""The dashboard's files: a package, so that an installed `camcors` carries them."""
