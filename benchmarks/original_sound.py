"""Whether music makes room for speech and for nothing else, whether speech can be understood, and how loud music gets.

    python -m benchmarks.original_sound --speech FILE ... --music FILE ... --clips FILE ... [--songs FILE ...]

Speech are recordings of one voice without anything else; in music nobody speaks or sings, songs have singers (music
videos for example); for the clips, music is composed (embedded engine, seed 3) and played by every ensemble. Printed:

* share of the spoken time that is found, alone and over each music and noise at several levels, and the share of the
  time of music, noise and songs that is taken for speech. What is spoken in a clean recording is what lies less than 35
  dB below its loud passages, pauses of less than half a second included;
* extended STOI (Jensen and Taal 2016; 1 is speech alone) of speech in the result, for `mix` and `duck`;
* per ensemble and target: loudness reached, true peak, reduction of the limiter, and rank correlation of the power in
  windows of 0.4 s, one every 0.1 s, before and after.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from pystoi import stoi
from scipy.stats import spearmanr

import video2music
from emotion.audio import read_audio
from video2music.music.ensemble import PAPER, ensemble_names
from video2music.music.loudness import TARGETS_LUFS
from video2music.music.mastering import integrated_loudness, master
from video2music.music.mixing import mix
from video2music.music.rendition import Rendition
from video2music.rendering import SAMPLE_RATE, render
from video2music.video.speech import passages_from, speech_passages
from video2music.wishes import Wishes

Sound = NDArray[np.float32]
RATIOS_DB = (20, 10, 5, 0, -5)
LEVELS_LU = (-12.0, -6.0, 0.0, 6.0)
QUIET_DB = 35
LONGEST_S = 120
STOI_RATE = 10_000


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("speech", "music", "songs", "clips"):
        parser.add_argument(f"--{name}", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    torch.set_num_threads(1)
    speech = [read(path) for path in options.speech]
    music = {path.name: read(path) for path in options.music} | noises()
    if speech:
        detection(speech, music)
        alarms({"music and noise": music, "songs": {path.name: read(path) for path in options.songs}})
    played = {(clip.name, name): sound for clip in options.clips for name, sound in ensembles(clip)}
    if speech and played:
        intelligibility(speech, played)
    loudness(played)


def read(path: Path) -> Sound:
    """Return the sound of a file in stereo."""
    samples = read_audio(path, sample_rate=SAMPLE_RATE, mono=True).samples[: LONGEST_S * SAMPLE_RATE]
    return np.repeat(samples, 2, axis=1)


def noises() -> dict[str, Sound]:
    """Return twenty seconds of white and of pink noise."""
    white = np.random.default_rng(0).normal(0, 0.1, 20 * SAMPLE_RATE)
    spectrum = np.fft.rfft(white)
    pink = np.fft.irfft(spectrum / np.sqrt(np.maximum(1, np.arange(len(spectrum)))), len(white)) * 30
    return {
        name: np.repeat(noise.astype(np.float32)[:, np.newaxis], 2, axis=1)
        for name, noise in (("white noise", white), ("pink noise", pink))
    }


def spoken(sound: Sound) -> NDArray[np.bool_]:
    """Return whether each 32 ms of a clean recording are spoken."""
    frame = round(0.032 * SAMPLE_RATE)
    heights = np.square(sound[: len(sound) // frame * frame, 0]).reshape(-1, frame).mean(axis=1)
    loud = heights > np.quantile(heights, 0.95) * 10 ** (-QUIET_DB / 10)
    return marked(passages_from(loud.astype(np.float32)), len(loud))


def marked(passages: list[tuple[float, float]], count: int) -> NDArray[np.bool_]:
    """Return whether each 32 ms lie in a passage."""
    times_s = (np.arange(count) + 0.5) * 0.032
    inside = np.zeros(count, dtype=bool)
    for start_s, end_s in passages:
        inside |= (times_s >= start_s) & (times_s < end_s)
    return inside


def power_db(sound: Sound) -> float:
    """Return the mean power in decibels."""
    return float(10 * np.log10(np.square(sound.astype(float)).mean() + 1e-12))


def detection(speech: list[Sound], music: dict[str, Sound]) -> None:
    """Print what is found of speech alone and over music and noise."""
    truths = [spoken(sound) for sound in speech]
    print("\n| speech | found, mean | least |\n|---|---|---|")
    rows: list[tuple[str, list[Sound | None], int]] = [("alone", [None], 0)]
    rows += [(f"over music and noise at {ratio} dB", list(music.values()), ratio) for ratio in RATIOS_DB]
    for words, backgrounds, ratio_db in rows:
        hits = []
        for sound, truth in zip(speech, truths, strict=True):
            for background in backgrounds:
                found = marked(speech_passages(over(sound, background, ratio_db), SAMPLE_RATE), len(truth))
                hits.append(found[truth].mean())
        print(f"| {words} | {np.mean(hits):.3f} | {np.min(hits):.3f} |")


def alarms(recordings: dict[str, dict[str, Sound]]) -> None:
    """Print what is taken for speech where nobody speaks."""
    print("\n| without speech | recordings | with a passage | share of the time |\n|---|---|---|---|")
    for words, sounds in recordings.items():
        shares = {name: share_of_speech(sound) for name, sound in sounds.items()}
        if shares:
            alarmed = sum(share > 0 for share in shares.values())
            print(f"| {words} | {len(shares)} | {alarmed} | {np.mean(list(shares.values())):.3f} |")
            print("".join(f"    {name}: {share:.2f}\n" for name, share in shares.items() if share), end="")


def share_of_speech(sound: Sound) -> float:
    """Return the share of the time that is taken for speech."""
    return sum(end - start for start, end in speech_passages(sound, SAMPLE_RATE)) / (len(sound) / SAMPLE_RATE)


def over(sound: Sound, background: Sound | None, ratio_db: float) -> Sound:
    """Return speech over a background that is so many decibels softer."""
    if background is None:
        return sound
    under = np.resize(background, sound.shape)
    together: Sound = sound + under * np.float32(10 ** ((power_db(sound) - power_db(under) - ratio_db) / 20))
    return together


def ensembles(clip: Path) -> Iterator[tuple[str, Sound]]:
    """Compose for a clip once; yield how every ensemble plays it, as the synthesizer gives it."""
    model = video2music.load()
    score = model.write_score(model.analyze(clip), Wishes(seed=3, match=False))
    for name in ensemble_names():
        rendered = render(score, Rendition(ensemble=name, melody=name != PAPER), model.synthesizer)
        mastered = rendered.mastered
        limiting = 1 if mastered.limiting is None else mastered.limiting[:, np.newaxis]
        yield name, (mastered.audio / limiting).astype(np.float32)


def intelligibility(speech: list[Sound], played: dict[tuple[str, str], Sound]) -> None:
    """Print extended STOI of speech in the result."""
    print(f"\n| extended STOI, {len(speech)} voices under {len(played)} pieces | mean | least |\n|---|---|---|")
    for original in ("mix", "duck"):
        for level_lu in LEVELS_LU:
            scores = []
            for sound in speech:
                passages = speech_passages(sound, SAMPLE_RATE) if original == "duck" else []
                for music in played.values():
                    under = np.resize(music, sound.shape)
                    mixed = mix(under, sound, SAMPLE_RATE, music_level_lu=level_lu, speech=passages)
                    scores.append(understood(sound, mixed.mastered.audio))
            print(f"| {original}, music at {level_lu:+g} LU | {np.mean(scores):.3f} | {np.min(scores):.3f} |")


def understood(alone: Sound, heard: Sound) -> float:
    """Return extended STOI of what is heard."""
    ears = [soxr.resample(sound.mean(axis=1), SAMPLE_RATE, STOI_RATE) for sound in (alone, heard)]
    return float(stoi(*ears, STOI_RATE, extended=True))


def loudness(played: dict[tuple[str, str], Sound]) -> None:
    """Print what loudness every ensemble reaches."""
    print(
        "\n| ensemble | target | LUFS, least and most | true peak | limiter, mean and most | least rank correlation |"
    )
    print("|---|---|---|---|---|---|")
    for ensemble in dict.fromkeys(name for _, name in played):
        sounds = [sound for (_, name), sound in played.items() if name == ensemble]
        for target in TARGETS_LUFS:
            done = [master(sound, SAMPLE_RATE, target_lufs=target) for sound in sounds]
            reached = [integrated_loudness(piece.audio, SAMPLE_RATE) for piece in done]
            cuts = [piece.reduction_db for piece in done]
            curves = [
                spearmanr(momentary(sound), momentary(piece.audio)).statistic
                for sound, piece in zip(sounds, done, strict=True)
            ]
            print(
                f"| {ensemble} | {target} | {min(reached):.2f} to {max(reached):.2f} "
                f"| {max(piece.true_peak_dbtp for piece in done):.2f} | {np.mean(cuts):.1f}, {max(cuts):.1f} "
                f"| {min(curves):.4f} |"
            )


def momentary(sound: Sound) -> NDArray[np.float64]:
    """Return the power in windows of 0.4 s, one every 0.1 s."""
    step = SAMPLE_RATE // 10
    tenths = np.square(sound[: len(sound) // step * step].astype(float)).reshape(-1, 2 * step).mean(axis=1)
    power: NDArray[np.float64] = np.lib.stride_tricks.sliding_window_view(tenths, 4).mean(axis=1)
    return power


if __name__ == "__main__":
    main()
