// Runs camera_wait.c on one thread: what another would do during the wait, the driver here does. Prints each call,
// and whether the GIL was held.
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "py/mpstate.h"
#include "py/mpthread.h"

#include "esp_camera.h"
#include "repl.h"

mp_state_ctx_t mp_state_ctx;

camera_fb_t *__real_esp_camera_fb_get(void);
camera_fb_t *__wrap_esp_camera_fb_get(void);
esp_err_t __real_esp_camera_deinit(void);
esp_err_t __wrap_esp_camera_deinit(void);

static bool is_held = true;
static const char *meanwhile = "";
static jmp_buf end_of_the_thread;

static void say(const char *what, const char *result) {
    printf("%s%s%s\n", what, result, is_held ? "" : ", without the GIL");
}

int mp_thread_mutex_lock(mp_thread_mutex_t *mutex, int wait) {
    (void)mutex;
    (void)wait;
    if (is_held) {
        printf("deadlock\n");
    }
    is_held = true;
    return 1;
}

void mp_thread_mutex_unlock(mp_thread_mutex_t *mutex) {
    (void)mutex;
    if (!is_held) {
        printf("unlocked twice\n");
    }
    is_held = false;
}

static void capture(void) {
    camera_fb_t *picture = __wrap_esp_camera_fb_get();
    say("capture: ", picture != NULL ? "a picture" : "None");
}

static void deinit(void) {
    esp_err_t err = __wrap_esp_camera_deinit();
    say("deinit: ", err == ESP_OK ? "done" : err == ESP_ERR_INVALID_STATE ? "refused" : "?");
}

camera_fb_t *__real_esp_camera_fb_get(void) {
    static camera_fb_t picture;
    say("the driver waits", "");
    const char *what = meanwhile;
    meanwhile = "";
    if (strcmp(what, "reset") == 0) {
        is_held = true; // that of the main thread
        longjmp(end_of_the_thread, 1);
    }
    if (*what != '\0') {
        is_held = true;
        strcmp(what, "capture") == 0 ? capture() : deinit();
        is_held = false;
    }
    return &picture;
}

esp_err_t __real_esp_camera_deinit(void) {
    say("the driver ends", "");
    return ESP_OK;
}

int main(int argc, char **argv) {
    meanwhile = argc > 1 ? argv[1] : "";
    if (setjmp(end_of_the_thread) == 0) {
        capture();
    } else {
        say("the threads end", "");
        repl_threads_ended();
    }
    capture();
    deinit();
    return 0;
}
