"""How the tables came to be what they are, step by step; run whenever a store is opened."""
