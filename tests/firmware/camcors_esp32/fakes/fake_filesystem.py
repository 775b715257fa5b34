"""The module filesystem of a flash that is well."""

fault = None
is_new = False
