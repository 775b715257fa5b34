#!/bin/sh
# The program $CHROMIUM without the suggestions below its address bar, which nobody here sees: two pages for each
# window, whose drawing costs several times what the dashboard does. A second --disable-features would take the
# place of Playwright's, so they are added to that one.
for word; do
    case $word in --disable-features=*) word=$word,WebUIOmniboxPopup,WebUIOmniboxAimPopup ;; esac
    set -- "$@" "$word"
    shift
done
exec "$CHROMIUM" "$@"
