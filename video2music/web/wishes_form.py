"""The settings of the first tab: what can be chosen, and the checks that are made before a run begins."""

from emotion.errors import RefusalError
from video2music.web.composer import Original
from video2music.web.studio import Wishes

AUTO_KEY = "Auto (from the video's mood)"

TONICS = {
    "major": ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"),
    "minor": ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"),
}
"""The usual spelling of each key, the one with fewer accidentals."""

KEYS = tuple(f"{tonic} {mode}" for mode in ("major", "minor") for tonic in TONICS[mode])

ORIGINAL_SOUND: tuple[tuple[str, Original], ...] = (("Replace it", "replace"), ("Keep it under the music", "mix"))

LARGEST_SEED = 2**31 - 1

CHORD_HELP = """
<details class="help"><summary>Which chords can I use?</summary>
<p>A root from A to G with ♯ (<code>#</code>) or ♭ (<code>b</code>), then one of:</p>
<ul>
  <li><code>C</code> major</li><li><code>Cm</code> minor</li><li><code>C7</code> seventh</li>
  <li><code>Cmaj7</code> major seventh</li><li><code>Cm7</code> minor seventh</li><li><code>C6</code> sixth</li>
  <li><code>Cm6</code> minor sixth</li><li><code>Cdim</code> diminished</li>
  <li><code>Cdim7</code> diminished seventh</li>
  <li><code>Cm7b5</code> half-diminished</li><li><code>Caug</code> augmented</li><li><code>Csus2</code></li>
  <li><code>Csus4</code></li>
</ul>
<p>Write them with spaces, one for each second of the beginning, in the key chosen above.</p></details>
"""


def key_choices() -> list[tuple[str, str]]:
    """Return the entries of the key list as (what is read, value)."""
    return [(AUTO_KEY, ""), *((key.replace("b ", "♭ ").replace("# ", "♯ "), key) for key in KEYS)]


def read_wishes(key: str | None, primer: str | None, seed: str | float | None, original: str | None) -> Wishes:
    """Turn what the form holds into wishes, and refuse what cannot be played before anyone waits for it.

    Args:
        key: a name out of KEYS; empty leaves it to the video's mood.
        primer: chords to begin with; empty for none.
        seed: whole number from 0 to LARGEST_SEED, as typed or as a number; empty or None draws one.
        original: "replace" or "mix".

    Returns:
        The wishes.

    Raises:
        RefusalError: one of them cannot be used; the sentence says what can.
    """
    from video2music.harmony.key import parse_key
    from video2music.harmony.parsing import parse_primer

    named = (key or "").strip() or None
    chosen = parse_key(named or "C major")
    chords = (primer or "").strip() or None
    if chords is not None:
        parse_primer(chords, chosen)
    return Wishes(named, chords, read_seed(seed), "mix" if original == "mix" else "replace")


def read_seed(seed: str | float | None) -> int | None:
    """Return the seed as a whole number, or None when the field is empty.

    Args:
        seed: as typed or as a number.

    Raises:
        RefusalError: it is not a whole number from 0 to LARGEST_SEED.
    """
    text = "" if seed is None else str(seed).strip().removesuffix(".0")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= LARGEST_SEED):
        raise RefusalError(
            "The seed is not a whole number in range", where=text[:20], remedy=f"Choose one from 0 to {LARGEST_SEED}"
        )
    return int(text)
