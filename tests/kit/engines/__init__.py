"""The three browser engines, each behind the few verbs that a test of all three needs."""
