"""From a score to sound: arrangement, synthesis, mixing."""
