"""Music2Emo: Kang and Herremans, "Towards Unified Music Emotion Recognition", arXiv 2502.03979."""
