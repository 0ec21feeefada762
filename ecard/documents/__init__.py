"""What a signature is, per format, and one report for all of them."""
