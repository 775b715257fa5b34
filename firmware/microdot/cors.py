"""`from microdot.cors import CORS` gives this project's class, so a script for stock Microdot runs unchanged."""

from cors import CORS as CORS
