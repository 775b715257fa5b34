# What is frozen into every image; each board's manifest.py includes this file and adds its drivers.

module("_boot.py", base_path="firmware")
module("boot.py", base_path="firmware")
module("filesystem.py", base_path="firmware")
module("supply.py", base_path="firmware")
package("camcors", base_path="firmware")
package("access", base_path="src")
package("cors", base_path="src")
package("flash", base_path="src")
package("settings", base_path="src")
package("strict", base_path="src")
# Written by the build from firmware/pages.
module("camcors_pages.py", base_path="build/generated")

# microdot comes from PyPI, pinned in pyproject.toml and unpacked by the build, without its own cors.py:
# firmware/microdot/cors.py takes that name. Left out as well: what needs CPython or a library that no
# image has (asgi, wsgi, jinja, utemplate; session and login need jwt), and the test client.
package(
    "microdot",
    files=(
        "__init__.py",
        "auth.py",
        "csrf.py",
        "helpers.py",
        "microdot.py",
        "multipart.py",
        "sse.py",
        "websocket.py",
    ),
    base_path="build/pypi",
)
package("microdot", files=("cors.py",), base_path="firmware")
