"""The module that the build makes of a board's drivers; imported late, since the drivers import the fakes."""


def __getattr__(name):
    if name == "Camera":
        from camcors_esp32.camera import Camera

        return Camera
    if name == "Network":
        from camcors_esp32.network import Network

        return Network
    raise AttributeError(name)
