#!/bin/sh
# What must be on the machine before anything else; with "test", "clients" or "host32", what those tests or that
# camera need as well, which root gets by apt. With "builds32" it says nothing: its status is whether gcc has libraries
# for 32 bits.

has_any() {
    for name in "$@"; do
        command -v "$name" >/dev/null && return
    done
    return 1
}
# Debian leaves out of a person's PATH where servers are.
has_server() { has_any "$1" "${SBIN:-/usr/sbin}/$1"; }
has_element() { gst-inspect-1.0 "$1"; }
has_python_headers() { python3 -c 'import os, sysconfig; os.stat(sysconfig.get_path("include") + "/Python.h")'; }
has_headers() { echo '#include <stdio.h>' | gcc "$@" -E -; }
# The package gcc-multilib would have apt remove a person's cross compilers; this one, which it stands for, does not.
multilib() { echo "gcc-$(gcc -dumpversion 2>/dev/null)-multilib"; }
builds32() { has_headers -m32 >/dev/null 2>&1; }
# Ubuntu, whose Chromium is a snap, has no package of its shell.
is_debian() { (. "${OS_RELEASE:-/etc/os-release}" && [ "$ID" = debian ]) 2>/dev/null; }
is_x86_64() { case $(gcc -dumpmachine 2>/dev/null) in x86_64-*) ;; *) return 1 ;; esac; }

# Add a package to what is missing, and its name in words, unless the command succeeds.
need() {
    words=$1 package=$2
    shift 2
    "$@" >/dev/null 2>&1 && return
    missing="${missing:+$missing, }$words"
    packages="${packages:+$packages }$package"
}

# The same for what only some tests need, which are skipped without it, or take longer: root gets it, nobody is
# asked for it.
want() {
    package=$1
    shift
    "$@" >/dev/null 2>&1 || wanted="${wanted:+$wanted }$package"
}

look() {
    missing="" packages="" wanted=""
    need git git has_any git
    need gcc gcc has_any gcc
    need "the C library's headers" libc6-dev has_headers
    need "Python 3.10 or later" python3 python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'
    need "Python's venv module" python3-venv python3 -c 'import ensurepip, venv'
    [ -n "$1" ] || return 0
    if [ "$1" = host32 ]; then
        need "gcc's libraries for 32 bits" "$(multilib)" builds32
        return 0
    fi
    need tmux tmux has_any tmux
    need Chromium chromium has_any chromium chromium-browser google-chrome
    need Firefox firefox-esr has_any firefox-esr firefox
    need "WebKit's driver" webkit2gtk-driver has_any WebKitWebDriver
    need Xvfb xvfb has_any Xvfb
    need ffmpeg ffmpeg has_any ffmpeg
    need nginx nginx has_server nginx
    need openssl openssl has_any openssl
    need curl curl has_any curl
    need certutil libnss3-tools has_any certutil
    is_debian && want chromium-headless-shell has_any chromium-headless-shell
    want zsh has_any zsh
    want fish has_any fish
    want gcc-xtensa-lx106 has_any xtensa-lx106-elf-gcc
    is_x86_64 && want "$(multilib)" builds32
    [ "$1" = clients ] || return 0
    need "Python's headers" python3-dev has_python_headers
    need mpv mpv has_any mpv
    need VLC "vlc-bin vlc-plugin-base" has_any vlc
    need motion motion has_any motion
    need Caddy caddy has_any caddy
    need GStreamer gstreamer1.0-tools has_any gst-launch-1.0
    need "GStreamer's elements for HTTP and JPEG" gstreamer1.0-plugins-good has_element souphttpsrc
    need "GStreamer's element for colours" gstreamer1.0-plugins-base has_element videoconvert
}

# apt-get waits up to five minutes for the locks of another apt. That of the lists it does not wait for by itself.
update() {
    tries=60
    until apt-get -qq update; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] && fuser -s /var/lib/apt/lists/lock 2>/dev/null || return
        sleep 5
    done
}
install() {
    packages="$packages${packages:+${wanted:+ }}$wanted"
    echo "camcors: installing with apt: $packages (a minute or two)" >&2
    log=$(mktemp) || return
    # shellcheck disable=SC2086 # a package is a word
    { update && DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
        install --yes --no-install-recommends $packages </dev/null; } >"$log" 2>&1 || cat "$log" >&2
    rm -f "$log"
}

if [ "${1-}" = builds32 ]; then
    builds32
    exit
fi
if [ "${1-}" = host32 ] && has_any gcc && ! is_x86_64; then
    echo "camcors: the camera of 32 bits is only for computers with x86-64" >&2
    exit 1
fi
look "${1-}"
if [ -n "$packages$wanted" ] && [ -n "${1-}" ] && has_any apt-get && [ "$(id -u)" = 0 ]; then
    install
    look "$1"
fi
[ -n "$packages" ] || exit 0
echo "camcors: missing: $missing; install with: sudo apt install $packages" >&2
exit 1
