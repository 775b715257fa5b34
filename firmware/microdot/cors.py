"""`from microdot.cors import CORS` gives this project's class: stock scripts run unchanged."""

from cors import CORS as CORS
