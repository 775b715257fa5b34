# The user C modules of every board with a camera: ours, and micropython-camera-API.
include(${CMAKE_CURRENT_LIST_DIR}/../../firmware/native/micropython.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/../../firmware/camcors_esp32/micropython.cmake)

# Its micropython.cmake puts its own manifest in the place of ours, so ours is kept over the include.
set(CAMCORS_FROZEN_MANIFEST ${MICROPY_FROZEN_MANIFEST})
include($ENV{CAMERA_API_DIR}/micropython.cmake)
set(MICROPY_FROZEN_MANIFEST ${CAMCORS_FROZEN_MANIFEST})
