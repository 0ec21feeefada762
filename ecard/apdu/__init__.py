"""Bytes to and from a card: commands, TLV, transports, sessions and the PIV card application."""
