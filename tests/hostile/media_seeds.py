"""Small whole files of every container that is read; hostile ones are made from them."""

import subprocess
from pathlib import Path

import imageio_ffmpeg

PICTURE = ("-f", "lavfi", "-i", "testsrc=s=48x32:r=10:d=0.6")
SOUND = ("-f", "lavfi", "-i", "sine=f=440:r=44100:d=0.6")
EXACT = ("-fflags", "+bitexact", "-flags", "+bitexact", "-map_metadata", "-1", "-threads", "1")
"""Makes the same bytes in every run."""

VIDEOS: dict[str, tuple[str, ...]] = {
    "h264.mp4": ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"),
    "fragments.mp4": ("-c:v", "libx264", "-g", "3", "-c:a", "aac", "-movflags", "+frag_keyframe+empty_moov"),
    "hevc.mp4": ("-c:v", "libx265", "-x265-params", "log-level=none", "-c:a", "alac"),
    "mpeg4.mov": ("-c:v", "mpeg4", "-c:a", "pcm_s16le"),
    "prores.mov": ("-c:v", "prores", "-an"),
    "vp8.mkv": ("-c:v", "libvpx", "-c:a", "flac"),
    "ffv1.mkv": ("-c:v", "ffv1", "-c:a", "libvorbis"),
    "vp9.webm": ("-c:v", "libvpx-vp9", "-c:a", "libopus"),
    "av1.webm": ("-c:v", "libsvtav1", "-preset", "12", "-svtav1-params", "lp=1", "-an"),
    "mjpeg.avi": ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-c:a", "libmp3lame"),
    "mpeg2.ts": ("-c:v", "mpeg2video", "-r", "25", "-c:a", "mp2"),
    "h264.ts": ("-c:v", "libx264", "-bf", "2", "-c:a", "aac"),
    "mpeg1.mpeg": ("-c:v", "mpeg1video", "-r", "25", "-c:a", "mp2"),
    "gif.gif": ("-an",),
    "apng.apng": ("-an", "-f", "apng"),
    "theora.ogv": ("-c:v", "libtheora", "-pix_fmt", "yuv420p", "-c:a", "libvorbis"),
    "wmv2.wmv": ("-c:v", "wmv2", "-c:a", "wmav2"),
    "flv1.flv": ("-c:v", "flv", "-c:a", "libmp3lame"),
    "raw.y4m": ("-pix_fmt", "yuv420p", "-an"),
    "ffv1.nut": ("-c:v", "ffv1", "-c:a", "pcm_s16le"),
}
"""Name of the file, and how ffmpeg encodes it."""

SOUNDS: dict[str, tuple[str, ...]] = {
    "mp3.mp3": ("-c:a", "libmp3lame"),
    "pcm.wav": ("-c:a", "pcm_s16le"),
    "float.wav": ("-c:a", "pcm_f32le"),
    "adpcm.wav": ("-c:a", "adpcm_ms"),
    "flac.flac": ("-c:a", "flac"),
    "vorbis.ogg": ("-c:a", "libvorbis"),
    "opus.opus": ("-c:a", "libopus"),
    "aac.m4a": ("-c:a", "aac"),
    "alac.m4a": ("-c:a", "alac"),
    "aac.aac": ("-c:a", "aac"),
    "pcm.aiff": ("-c:a", "pcm_s16be"),
    "wmav2.wma": ("-c:a", "wmav2"),
    "pcm.au": ("-c:a", "pcm_s16be"),
    "pcm.caf": ("-c:a", "pcm_s16le"),
    "ac3.ac3": ("-c:a", "ac3"),
    "wavpack.wv": ("-c:a", "wavpack"),
}


def run_ffmpeg(*arguments: object) -> None:
    """Run the ffmpeg program that the product brings along.

    Args:
        arguments: everything after the program's name.
    """
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)


def make_seeds(folder: Path) -> None:
    """Write every seed into a folder that is there; those that are there already stay.

    Args:
        folder: for the files.
    """
    for name, codecs in VIDEOS.items():
        if not (folder / name).exists():
            run_ffmpeg(*PICTURE, *SOUND, *EXACT, *codecs, folder / name)
    for name, codecs in SOUNDS.items():
        if not (folder / name).exists():
            run_ffmpeg(*SOUND, *EXACT, *codecs, folder / name)
