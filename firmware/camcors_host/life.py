"""The camera on your desk after its power-on, whose module nobody needs any more: boot, and then the REPL."""

import _host

from strict import late

late.forget(("camcors_host.power_on",))
_host.run()
