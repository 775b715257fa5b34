"""Certificates for cameras: a private authority on this computer, and what it signs."""
