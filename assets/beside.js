/* The clip with its music stays in sight: once it is scrolled away it plays on in the empty place under the form, small,
   so that a change further down is seen as well as heard. Without this script the player stays where it is. */
() => {
  const MARGIN_PX = 20;
  let asked = false;

  const settle = () => {
    asked = false;
    const piece = document.querySelector("#piece"), form = document.querySelector("#form"), video = piece?.querySelector("video");
    if (!video || !form) return;
    const place = piece.getBoundingClientRect(), column = form.getBoundingClientRect();
    const shape = video.videoHeight / video.videoWidth, most = Math.min(column.width, (innerHeight * 0.45) / shape);
    const beside = place.left > column.right; /* not where the page is one column, as on a phone */
    const away = place.height > 0 && place.bottom < MARGIN_PX;
    const room = innerHeight - column.bottom - 2 * MARGIN_PX >= most * shape;
    const floats = beside && away && room && most > 0;
    if (floats) {
      const foot = document.querySelector(".colophon")?.getBoundingClientRect().top ?? innerHeight;
      piece.style.setProperty("--under", `${Math.max(MARGIN_PX, innerHeight - foot + MARGIN_PX / 2)}px`);
      piece.style.setProperty("--kept", `${piece.offsetHeight}px`);
      piece.style.setProperty("--left", `${column.left}px`);
      piece.style.setProperty("--wide", `${most}px`);
    }
    piece.classList.toggle("beside", floats);
  };

  const ask = () => {
    if (!asked) requestAnimationFrame(settle);
    asked = true;
  };

  addEventListener("scroll", ask, { passive: true });
  addEventListener("resize", ask);
  for (const place of ["#form", "#stage"]) new ResizeObserver(ask).observe(document.querySelector(place)); /* folds open */
}
