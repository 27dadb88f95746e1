"""Music2Emo: Kang and Herremans, "Towards Unified Music Emotion Recognition", arXiv 2502.03979.

The published program has errors that change its answers. They are corrected; `as_published=True` brings these back:

* the mode is always read as major; the training read it rightly;
* minor chords with a major seventh have no token and end the program;
* only the first hundred chord changes count;
* a rest of a fraction of a second counts as much as thirty seconds;
* a sound without a key is in C major;
* 0.5 for a tag means "as likely as always" and is called a probability;
* one checkpoint, chosen by its tags, answers for valence and arousal too.

In training, `--as-published` and `--split published` bring back DEAM's exchanged labels, the leaking splits, the
softmax over valence and arousal in the distillation, small data sets met only at the start of an epoch, and padding
that looks like chords. Errors that only broke or endangered something (folders deleted, fixed names of temporary
files, missing modules, silent partial loads) are never reproduced.
"""
