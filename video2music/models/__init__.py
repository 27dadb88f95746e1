"""The networks: Affective Multimodal Transformer for chords, biGRU for note density and loudness."""
