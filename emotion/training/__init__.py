"""Training of the recogniser: data sets, splits, features, losses, the loop."""
