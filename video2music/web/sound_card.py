"""What is said of a sound as soon as it has arrived: a few facts, before anyone listens to it."""

from html import escape
from pathlib import Path

import av

from emotion.errors import AudioReadError
from emotion.listening import listen
from emotion.media import open_media
from video2music.web.another import another_button
from video2music.web.words import length_words

SOUND_TYPES = ("audio", "video", ".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".mp4", ".mov", ".webm", ".mkv")
"""What the file dialogue offers; the endings stand there for systems that do not know them as sound."""

CHANNELS = {1: "mono", 2: "stereo"}


def sound_card(sound: Path) -> str:
    """Look at an upload without decoding it.

    Args:
        sound: the uploaded file.

    Returns:
        HTML: length, channels and sample rate, and the way to another sound.

    Raises:
        AudioReadError: the file is not a sound that can be read.
    """
    with listen(sound):
        pass  # refuses what is no sound, in the words in which the analysis would
    with open_media(sound, AudioReadError, "an audio file") as container:
        stream = container.streams.audio[0]
        length = length_words(container.duration / av.time_base) if container.duration else "length unknown"
        channels = CHANNELS.get(stream.channels, f"{stream.channels} channels")
        facts = f"{length} · {channels} · {stream.rate / 1000:g} kHz"
    return f'<p class="sound-card"><span>{escape(facts)}</span> {another_button("sound", SOUND_TYPES)}</p>'
