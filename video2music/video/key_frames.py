"""Where a video has key frames: pictures that are decoded without those before them."""

from pathlib import Path

from video2music.video.probe import open_video, picture_stream


def key_frames_s(path: Path) -> list[float]:
    """Return the times of the key frames that the file's own index names, without decoding anything.

    Args:
        path: a local video file.

    Returns:
        Seconds after the first frame, ascending; incomplete or empty where the file has no full index.

    Raises:
        VideoReadError: the file is not a video that can be read.
    """
    with open_video(path) as container:
        stream = picture_stream(container, path)
        container.seek(0)  # WebM and Matroska are only asked for their index by this
        entries, clock = stream.index_entries, float(stream.time_base or 0)
        # the index counts in decoding time, which is earlier than display by the same amount for every key frame
        return [(entry.timestamp - entries[0].timestamp) * clock for entry in entries if entry.is_keyframe]
