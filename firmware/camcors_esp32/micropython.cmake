# Around the wait for a picture; the symbols are those of camera_wait.c.
add_library(usermod_camera_wait INTERFACE)
target_sources(usermod_camera_wait INTERFACE ${CMAKE_CURRENT_LIST_DIR}/camera_wait.c)
target_link_options(usermod_camera_wait INTERFACE
    -Wl,--wrap=esp_camera_fb_get
    -Wl,--wrap=esp_camera_deinit
)
target_link_libraries(usermod INTERFACE usermod_camera_wait)
