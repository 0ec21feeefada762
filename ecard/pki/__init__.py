"""Certificates: issuing and withdrawing them, and judging one at a moment on the evidence given."""
