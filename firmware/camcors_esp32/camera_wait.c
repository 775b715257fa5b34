// The camera's wait for a picture, without the GIL. esp_camera_fb_get() waits up to 4 s (FB_GET_TIMEOUT in
// driver/esp_camera.c of esp32-camera), and the module `camera` calls it with the GIL held: the REPL and all
// other threads would stand still. The linker puts these functions around the driver's and the port's.
//
// Only mp_camera_hal_capture() (src/modcamera.c of micropython-camera-API v0.6.2) calls it, for Camera() and
// capture(), with the GIL held and its own buffer given back: during the wait no other method finds one to
// return. What could pull the driver away, esp_camera_deinit() of deinit(), reconfigure() and Camera(), is refused.

#include <stdbool.h>
#include <stddef.h>

#include "py/mpstate.h"
#include "py/mpthread.h"

#include "esp_camera.h"
#include "repl.h"

camera_fb_t *__real_esp_camera_fb_get(void);
camera_fb_t *__wrap_esp_camera_fb_get(void);
esp_err_t __real_esp_camera_deinit(void);
esp_err_t __wrap_esp_camera_deinit(void);

static bool is_waiting; // guarded by the GIL

camera_fb_t *__wrap_esp_camera_fb_get(void) {
    if (is_waiting) {
        return NULL; // two would wait for one picture, and the module keeps track of one buffer
    }
    is_waiting = true;
    MP_THREAD_GIL_EXIT();
    camera_fb_t *picture = __real_esp_camera_fb_get();
    MP_THREAD_GIL_ENTER();
    is_waiting = false;
    return picture;
}

// The module raises OSError, and the camera goes on as before.
esp_err_t __wrap_esp_camera_deinit(void) {
    return is_waiting ? ESP_ERR_INVALID_STATE : __real_esp_camera_deinit();
}

// A soft reset deletes the threads, in the middle of a wait, too (ports/esp32/mpthreadport.c of MicroPython); the
// driver stays.
void repl_threads_ended(void) {
    is_waiting = false;
}
