"""Why a value in a policy, an access file or the settings is wrong, in words for people.

A reason of a fault.Fault is one of the constants below and of nothing else; a program compares with the
constant, a person reads its text. On a camera this module is there only while a file is read: see late.py.
"""

# Origins and hosts. The order is that in which one origin's reasons are printed.
WHITESPACE = "white space"
NO_SCHEME = "no scheme"
BAD_SCHEME = "not a scheme that a page can have"
APP_SCHEME = "scheme of an app or extension"
UPPER_CASE = "upper case"
NOT_ASCII = "not ASCII"
USERINFO = "user name or password"
NO_HOST = "no host"
BAD_HOST = "not a host name"
BAD_CHARACTER = "character that a host cannot have"
TRAILING_DOT = "trailing dot"
BAD_IPV4 = "not an IPv4 address as a browser writes it"
BAD_IPV6 = "not an IPv6 address as a browser writes it"
LONG_IPV6 = "IPv6 address not in brackets and short form"
TOO_LONG = "too long"
BAD_WILDCARD = "wildcard in the wrong place"
BAD_PORT = "not a port"
DEFAULT_PORT = "default port"
TRAILING_SLASH = "trailing slash"
PATH = "path, query or fragment"

# Lists of origins.
NOT_ALONE = "not alone in the list"
STAR_CREDENTIALS = "any origin with credentials"
NULL_CREDENTIALS = "null with credentials"
NULL_ORIGIN = "any sandboxed page can have this origin"
HTTP_CREDENTIALS = "credentials over plain http"
PUBLIC_SUFFIX = "wildcard on a public suffix"

# Methods and header names.
NOT_A_TOKEN = "not a name that HTTP allows"
FORBIDDEN_METHOD = "method that a page cannot use"
METHOD_CASE = "lower case"
FORBIDDEN_HEADER = "header that a page cannot set"
HIDDEN_HEADER = "header that a page cannot read"

# Any field.
UNKNOWN_KEY = "unknown key"
MISSING = "missing"
WRONG_TYPE = "wrong type"
NOT_A_LIST = "not a list"
OUT_OF_RANGE = "out of range"
NOT_A_CHOICE = "not one of the choices"
DUPLICATE = "listed twice"
CONTROL = "control character"

# The settings.
BAD_NAME = "not a name for a host"
BAD_SSID = "not the name of a network"
BAD_PASSWORD = "not a Wi-Fi password"

# Who may look, who may set.
BAD_TOKEN_NAME = "not a name for a token"
BAD_HASH = "not a SHA-256 in hexadecimal"
NOT_THE_SENTENCE = "not the sentence that opens the camera"
NOT_BOTH = "one excludes the other"
TOO_MANY = "too many"

# The file.
TOO_LARGE = "file too large"
NOT_UTF8 = "not UTF-8"
NOT_JSON = "not JSON"
TOO_DEEP = "nested too deeply"
DUPLICATE_KEY = "key given twice"

REASONS = (
    WHITESPACE, NO_SCHEME, BAD_SCHEME, APP_SCHEME, UPPER_CASE, NOT_ASCII, USERINFO, NO_HOST,
    BAD_HOST, BAD_CHARACTER, TRAILING_DOT, BAD_IPV4, BAD_IPV6, LONG_IPV6, TOO_LONG, BAD_WILDCARD,
    BAD_PORT, DEFAULT_PORT, TRAILING_SLASH, PATH, NOT_ALONE, STAR_CREDENTIALS, NULL_CREDENTIALS,
    NULL_ORIGIN, HTTP_CREDENTIALS, PUBLIC_SUFFIX, NOT_A_TOKEN, FORBIDDEN_METHOD, METHOD_CASE,
    FORBIDDEN_HEADER, HIDDEN_HEADER, UNKNOWN_KEY, MISSING, WRONG_TYPE, NOT_A_LIST, OUT_OF_RANGE,
    NOT_A_CHOICE, DUPLICATE, TOO_LARGE, NOT_UTF8, NOT_JSON, TOO_DEEP, DUPLICATE_KEY, CONTROL,
    BAD_NAME, BAD_SSID, BAD_PASSWORD, BAD_TOKEN_NAME, BAD_HASH, NOT_THE_SENTENCE, NOT_BOTH, TOO_MANY,
)  # fmt: skip
