"""What leaves the program: code, curves, weights, in the formats of others."""
