"""Music to emotion, and what both packages share: errors, weights, decoding of audio."""
