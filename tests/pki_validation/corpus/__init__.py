"""A corpus of chains in the manner of x509-limbo: each has one thing that is odd, and a verdict from RFC 5280."""
