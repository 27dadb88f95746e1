"""What the page says about an engine, as HTML with every outside word escaped."""

from html import escape

from video2music.engine_speed import Speed
from video2music.engine_weights import BRING_THEM, Need
from video2music.engines import ENGINES
from video2music.web.engine_registry import EngineFacts
from video2music.web.words import clock

NOT_MEASURED = "Not measured here yet"

SHIPPED_LICENCE = "MIT, the small image network Apache-2.0"


def megabytes(size: int | None) -> str:
    """Return a number of bytes as a person reads it.

    Args:
        size: bytes; None where it is not known.
    """
    if size is None:
        return "size not known"
    return f"{size / 1e9:.1f} GB" if size >= 999_500_000 else f"{size / 1e6:.0f} MB"


def speed_words(speed: Speed | None) -> str:
    """Say how long an engine takes on this machine, and over what that was measured.

    Args:
        speed: None before there is a measurement.
    """
    if speed is None:
        return NOT_MEASURED
    rate = speed.seconds_per_second
    pieces = "1 piece" if speed.pieces == 1 else f"{speed.pieces} pieces"
    return (
        f"{rate:.{1 if rate >= 1 else 2}f} s for each second of video (measured here: {pieces}, {clock(speed.video_s)})"
    )


def state_words(facts: EngineFacts) -> tuple[str, str]:
    """Say in a sentence whether an engine can be used now, and return the kind of that sentence for the style sheet.

    Args:
        facts: of the engine.
    """
    missing = facts.missing
    if not missing:
        return "ready", "Ready to compose."
    sentences = [_download_words(need) for need in missing if need.hub is not None]
    brought = [need for need in missing if need.hub is None]
    if brought:
        sentences.append(
            "The networks that the authors released have to be fetched by hand: get the files from their repository, "
            f"AMAAI-Lab/Video2Music, and run {BRING_THEM} for each."
        )
    return "missing", " ".join(sentences)


def _download_words(need: Need) -> str:
    if need.arrived:
        return f"{megabytes(need.arrived)} of {megabytes(need.size)} are here: the download continues from there."
    return "Not downloaded yet."


def engine_card(facts: EngineFacts) -> str:
    """Show what an engine is, what it needs, and how long it takes.

    Args:
        facts: of the engine.
    """
    kind, state = state_words(facts)
    downloads = [need for need in facts.needs if need.hub is not None]
    licences = "; ".join(dict.fromkeys(need.licence for need in facts.needs))
    rows = [
        ("Download", ", ".join(f"{need.title}, {megabytes(need.size)}, once" for need in downloads) or "None"),
        ("Licence", f"{licences or SHIPPED_LICENCE}. More in docs/licences.md"),
        ("Time", speed_words(facts.speed)),
    ]
    listed = "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in rows)
    return f"""
<div class="engine">
  <p class="about">{escape(ENGINES[facts.name].about)}</p>
  <dl>{listed}</dl>
  <p class="state {kind}">{escape(state).replace(BRING_THEM, f"<code>{BRING_THEM}</code>")}</p>
</div>"""


def transfer_card(title: str, here: int, whole: int | None) -> str:
    """Show how far a download is.

    Args:
        title: of the file.
        here: bytes that have arrived.
        whole: bytes that it has; None where the hub does not say.
    """
    percent = 0 if not whole else round(100 * here / whole)
    doing = f"{'Checking' if here == whole else 'Downloading'} {escape(title, quote=True)}"
    arrived = f"{megabytes(here)} of {megabytes(whole)}" if whole else megabytes(here)
    return f"""
<div class="card working transfer">
  <div class="now"><span class="stage" role="status">{doing}</span></div>
  <div class="track" role="progressbar" aria-label="{doing}"
       aria-valuemin="0" aria-valuemax="100" aria-valuenow="{percent}">
    <div class="fill{"" if percent else " unknown"}" style="width:{percent}%"></div>
  </div>
  <p class="note bytes">{escape(arrived)}{f", {percent} %" if percent else ""}</p>
</div>"""
