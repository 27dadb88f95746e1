"""Training of the recogniser: data sets, splits, features, losses, the loop.

With the data sets unpacked as published into folders named as in datasets.toml:

    python -m emotion train features --data DIR
    python -m emotion train teacher --data DIR --set deam -o OUT/teachers/deam        (one per data set)
    python -m emotion train student --data DIR --teachers OUT/teachers -o OUT/student
    python -m emotion evaluate --data DIR --network OUT/student/affect.safetensors
    python -m emotion predict SONG --students OUT/student
"""
