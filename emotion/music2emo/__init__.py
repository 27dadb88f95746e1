"""Music2Emo: Kang and Herremans, "Towards Unified Music Emotion Recognition across Dimensional and Categorical Models"."""
