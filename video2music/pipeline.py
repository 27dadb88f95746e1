"""The whole way from a clip to a piece, readable top to bottom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from video2music.direction import direct
from video2music.engines import Engine, find_engine
from video2music.features.video_features import VideoFeatures
from video2music.listening import Hearing, Listener
from video2music.matching import PICTURE, WISH
from video2music.music.score import Score
from video2music.piece import Piece
from video2music.progress import Progress, StageTimer
from video2music.rendering import SAMPLE_RATE, chosen_ensemble, render
from video2music.steering import Steering, steer, unsteered
from video2music.variations import numbered, variation_seeds
from video2music.video.part import Part
from video2music.wishes import Wishes

if TYPE_CHECKING:
    from video2music.features.image_encoder import ImageEncoder
    from video2music.models.amt import AffectiveMultimodalTransformer
    from video2music.models.dynamics import DynamicsNetwork
    from video2music.models.melody import MelodyNetwork
    from video2music.music.synthesis import Synthesizer

__all__ = ["SAMPLE_RATE", "Composer", "load"]

IMPORT_FIRST = "Download the authors' checkpoint and run: python -m video2music import-weights FILE"


@dataclass(frozen=True)
class Composer:
    """Everything that is loaded once and composes for many clips.

    Attributes:
        engine: which networks these are.
        encoder: turns frames into emotion, valence, arousal and semantics.
        amt: writes the chords.
        dynamics: writes note density and loudness.
        melody: writes tunes.
        synthesizer: plays notes.
        weights: SHA-256 of the weight files, by name.
        listener: recognises the emotion of the finished music.
    """

    engine: Engine
    encoder: "ImageEncoder"
    amt: "AffectiveMultimodalTransformer"
    dynamics: "DynamicsNetwork"
    melody: "MelodyNetwork"
    synthesizer: "Synthesizer"
    weights: dict[str, str]
    listener: Listener = field(default_factory=Listener)

    def analyze(self, clip: Path | str, *, part: Part | None = None, progress: Progress | None = None) -> VideoFeatures:
        """Read the four kinds of features from a clip in one decoding pass.

        Args:
            clip: a video file.
            part: what of it to watch, as if it were a clip of its own; None is all of it.
            progress: told how far the reading is.

        Raises:
            VideoReadError: the file is not a video that can be read.
        """
        from video2music.features.extraction import extract_features

        return extract_features(Path(clip), self.encoder, part=part, progress=progress)

    def compose(
        self,
        clip: Path | str,
        *,
        progress: Progress | None = None,
        **wishes: Any,  # noqa: ANN401 - the fields of Wishes
    ) -> Piece:
        """Compose music for a clip.

        Args:
            clip: a video file of 0.1 s or more.
            progress: told stage and fraction.
            **wishes: the fields of Wishes, such as key, seed, tempo_bpm, ensemble or direction.

        Returns:
            The piece, not yet written anywhere. Its music is listened to while the caller goes on; whoever asks for the
            match waits for it.

        Raises:
            RefusalError: the clip or a wish cannot be used; the message says why.
        """
        asked, timer = Wishes(**wishes), StageTimer(progress)
        return self.compose_seen(clip, self._watch(clip, asked, timer), asked, timer)

    def compose_variations(
        self,
        clip: Path | str,
        count: int,
        *,
        progress: Progress | None = None,
        **wishes: Any,  # noqa: ANN401 - the fields of Wishes
    ) -> Iterator[Piece]:
        """Compose several pieces for a clip, which is watched once; only the piece at hand is in memory.

        Args:
            clip: a video file of 0.1 s or more.
            count: 1 to MOST_VARIATIONS.
            progress: told stage and fraction.
            **wishes: see Wishes; the first piece has the wished seed, the others have seeds that follow from it.

        Returns:
            The pieces in the order of their seeds, made one after another as they are asked for; save_variations in
            `variations` ranks them by their match.

        Raises:
            RefusalError: the clip, the count or a wish cannot be used; the message says why.
        """
        asked = Wishes(**wishes)
        return self._vary(clip, variation_seeds(asked.seed, count), asked, progress)

    def _vary(
        self, clip: Path | str, seeds: Sequence[int], wishes: Wishes, progress: Progress | None
    ) -> Iterator[Piece]:
        watching = StageTimer(progress)
        features = self._watch(clip, wishes, watching)
        for number, seed in enumerate(seeds, start=1):
            timer = StageTimer(progress and numbered(progress, number, len(seeds)), seconds=watching.seconds)
            yield self.compose_seen(clip, features, replace(wishes, seed=seed), timer)

    def write_score(
        self, features: VideoFeatures, wishes: Wishes | None = None, timer: StageTimer | None = None
    ) -> Score:
        """Compose chords, note density, loudness and a tune for a video that was already seen.

        Args:
            features: what was seen, or what the composer shall see instead.
            wishes: key, primer, seed, tempo and how chords are drawn; the video decides what is left open.
            timer: collects the seconds of the stages.
        """
        from video2music.composition import Networks, write_score

        wishes = wishes or Wishes()
        networks = Networks(self.amt, self.dynamics, self.melody)
        return write_score(networks, features, self.steering(features, wishes), wishes, timer or StageTimer())

    def steering(self, features: VideoFeatures, wishes: Wishes | None = None) -> Steering:
        """Return how the picture shapes the music; a wish goes before it.

        Args:
            features: what was seen.
            wishes: a tempo of one's own, or nothing steered at all, as published.
        """
        wishes = wishes or Wishes()
        steering = unsteered(features) if wishes.as_published else steer(features, engine=self.engine.name)
        return steering if wishes.tempo_bpm is None else replace(steering, tempo_bpm=wishes.tempo_bpm)

    def _watch(self, clip: Path | str, wishes: Wishes, timer: StageTimer) -> VideoFeatures:
        with timer.stage("analyze", "Watching the video") as tell:
            return self.analyze(clip, part=wishes.part, progress=tell)

    def compose_seen(
        self,
        clip: Path | str,
        features: VideoFeatures,
        wishes: Wishes | None = None,
        timer: StageTimer | None = None,
    ) -> Piece:
        """Compose, play and judge one piece for a video that was already seen.

        Args:
            clip: the video file, read again only when the piece is saved.
            features: what was seen in it, or in the part of it that is wished for.
            wishes: what is left open is decided by the video.
            timer: collects the seconds of the stages.
        """
        from video2music.music.rendition import Rendition

        wishes, timer = wishes or Wishes(), timer or StageTimer()
        wishes.marks.check_within(features.duration_s)
        wanted = direct(features, wishes.direction, engine=self.engine.name)
        composed = self.write_score(wanted, wishes, timer)
        ensemble = chosen_ensemble(wishes.sounding_ensemble, wanted.emotion, wanted.motion, engine=self.engine.name)
        rendition = Rendition(
            ensemble=ensemble,
            melody=wishes.sings,
            transpose=wishes.transpose,
            density=wishes.density,
            loudness=wishes.loudness,
        )
        rendered = render(composed, rendition, self.synthesizer, timer, lufs=wishes.lufs)
        return Piece(
            **rendered.as_piece(),
            source=Path(clip),
            features=features,
            sample_rate=SAMPLE_RATE,
            engine=self.engine.name,
            primer=wishes.primer,
            original=wishes.original,
            music_level_lu=wishes.music_level_lu,
            lufs=wishes.lufs,
            part=wishes.part,
            direction=wishes.direction,
            marks=wishes.marks,
            steering=None
            if wishes.as_published
            else replace(self.steering(wanted, wishes), tempo_bpm=rendered.score.tempo_bpm),
            hearing=self._listen(wanted, rendered.mastered.audio, wishes),
            timings_s=timer.seconds,
            weights=self.weights,
            rendition=rendition,
            synthesizer=self.synthesizer,
        )

    def listen(self, piece: Piece, progress: Progress | None = None) -> Piece:
        """Return a piece that was changed together with how far it is now from what was wanted.

        Args:
            piece: with its sound.
            progress: told stage and fraction.
        """
        wanted = direct(piece.features, piece.direction, engine=piece.engine)
        against = WISH if piece.direction.wanted else PICTURE
        with StageTimer(progress).stage("listen", "Listening to the result") as tell:
            hearing = self.listener.hear(
                wanted, piece.audio, piece.sample_rate, engine=piece.engine, against=against, progress=tell
            )
        return replace(piece, hearing=hearing)

    def _listen(self, features: VideoFeatures, audio: NDArray[np.float32], wishes: Wishes) -> Hearing:
        if not wishes.match:
            return Hearing()
        against = WISH if wishes.direction.wanted else PICTURE
        return self.listener.begin(features, audio, SAMPLE_RATE, engine=self.engine.name, against=against)


def load(
    engine: str = "embedded",
    *,
    sound_font: Path | str | None = None,
    device: str | None = None,
) -> Composer:
    """Load an engine; the result composes for any number of clips.

    Args:
        engine: "embedded" (no network, the default), "clip" or "paper".
        sound_font: an .sf2 or .sf3 file; None searches the usual places.
        device: where the image encoder runs, for example "cpu" or "cuda"; None picks a GPU if there is one.

    Raises:
        UnknownEngineError: there is no such engine.
        WeightsNotFoundError: its weights are nowhere to be found; the message lists where.
        SoundFontNotFoundError: there is no sound font.
    """
    from emotion.weights import file_sha256, find_weights
    from video2music.features.image_encoder import load_encoder
    from video2music.models.loading import load_amt, load_dynamics
    from video2music.models.melody import load_melody
    from video2music.music.synthesis import Synthesizer, find_sound_font

    chosen = find_engine(engine)
    synthesizer = Synthesizer(find_sound_font(None if sound_font is None else Path(sound_font)))
    remedy = IMPORT_FIRST if chosen.published else None
    amt = find_weights(chosen.amt_weights, remedy=remedy)
    dynamics = find_weights(chosen.dynamics_weights, remedy=remedy)
    melody = find_weights("melody")
    return Composer(
        engine=chosen,
        encoder=load_encoder(chosen.name, device=device),
        amt=load_amt(amt),
        dynamics=load_dynamics(dynamics),
        melody=load_melody(melody),
        synthesizer=synthesizer,
        weights={path.stem: file_sha256(path) for path in (amt, dynamics, melody)},
    )
