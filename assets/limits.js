/* Looks at a chosen or dropped file before it is sent: one that is too large or too long is refused with a sentence under
   the field, and whatever was there stays. Without this script the server says the same after the upload. */
((mostSeconds, mostBytes) => {
  const looked = new WeakSet();
  const FIELDS = "#clip, #sound", PATIENCE_MS = 3000;

  const clock = (seconds) => {
    const whole = Math.floor(seconds), hours = Math.floor(whole / 3600), rest = String(whole % 60).padStart(2, "0");
    const minutes = Math.floor(whole / 60) % 60;
    return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
  };

  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

  const secondsOf = (file) => new Promise((tell) => { /* nothing for what this browser cannot play: the server looks then */
    const video = document.createElement("video"), source = URL.createObjectURL(file);
    const end = () => { tell(Number.isFinite(video.duration) ? video.duration : 0); URL.revokeObjectURL(source); };
    Object.assign(video, { preload: "metadata", onloadedmetadata: end, onerror: end, src: source });
    setTimeout(end, PATIENCE_MS);
  });

  const tooLarge = (file) => file.size > mostBytes
    && `It has ${megabytes(file.size)}, and ${megabytes(mostBytes)} is the most here. Choose a smaller one.`;

  const tooLong = (seconds) => seconds > mostSeconds
    && `It lasts ${clock(seconds)}, and ${clock(mostSeconds)} is the most here. Choose a shorter one, or cut it.`;

  const say = (field, file, sentence) => {
    field.parentElement.querySelector(".too-much")?.remove();
    if (!sentence) return;
    const card = Object.assign(document.createElement("div"), { className: "card notice refused too-much" });
    const title = Object.assign(document.createElement("strong"), { textContent: "This file was not sent" });
    const words = Object.assign(document.createElement("p"), { textContent: `${file.name}: ${sentence}` });
    card.setAttribute("role", "alert");
    field.after(card);
    card.append(title, words);
  };

  const look = async (field, input, files) => {
    const file = files[0];
    const sentence = tooLarge(file) || (field.id === "clip" && tooLong(await secondsOf(file)));
    say(field, file, sentence);
    if (sentence) { input.value = ""; return; }
    input.files = files;
    const go = new Event("change", { bubbles: true });
    looked.add(go);
    input.dispatchEvent(go);
  };

  const hold = (event, target, files) => {
    const field = target.closest?.(FIELDS), input = field?.querySelector("input[type=file]");
    if (!input || !files?.length || looked.has(event)) return false;
    event.stopImmediatePropagation();
    look(field, input, files);
    return true;
  };

  document.addEventListener("change", (event) => hold(event, event.target, event.target.files), true);
  document.addEventListener("drop", (event) => {
    if (!hold(event, event.target, event.dataTransfer?.files)) return;
    event.preventDefault();
    event.target.dispatchEvent(new DragEvent("dragleave", { bubbles: true }));
  }, true);
})
