"""Many clips at once: composing for a folder, or making a data set of it, on the cores of a machine or of a cluster.

One bad file never stops the others, and what was interrupted is continued.
"""
