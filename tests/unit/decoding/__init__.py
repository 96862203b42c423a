"""What opens pictures, as far as it needs no picture."""
