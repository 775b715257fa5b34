# The user C modules of every board with a camera: micropython-camera-API.
# Its micropython.cmake puts its own manifest in the place of ours, so ours is kept over the include.
set(CAMCORS_FROZEN_MANIFEST ${MICROPY_FROZEN_MANIFEST})
include($ENV{CAMERA_API_DIR}/micropython.cmake)
set(MICROPY_FROZEN_MANIFEST ${CAMCORS_FROZEN_MANIFEST})
