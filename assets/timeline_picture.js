/* Saves the timeline under the video as an image: what the page shows of it is drawn once more as one SVG picture, with the
   colours that it has on the page, and painted onto a canvas. Nothing leaves the page. */
() => {
  const LEFT_OUT = "details, .cursor, .told, .readout, .sees, .group span"; /* of one moment only, folded away, or a hint */
  const SHARPNESS = 2, MARGIN = 16, SVG = "http://www.w3.org/2000/svg";
  const PAINT = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linejoin", "opacity", "vector-effect"];
  const timeline = document.querySelector("#why .timeline");
  if (!timeline) return;
  const origin = timeline.getBoundingClientRect();
  const bottom = timeline.querySelector("details").getBoundingClientRect().top;
  const size = { width: origin.width + 2 * MARGIN, height: bottom - origin.top + 2 * MARGIN };

  const make = (name, attributes, ...children) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  const frame = (element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    return { x: left - origin.left + MARGIN, y: top - origin.top + MARGIN, width, height };
  };
  const seen = (element) => element.checkVisibility() && !element.closest(LEFT_OUT);
  const painted = (colour) => !/^(transparent|rgba\(.*, 0\))$/.test(colour);

  const panel = (element) => {
    const { backgroundColor, borderTopLeftRadius } = getComputedStyle(element);
    if (!painted(backgroundColor) || !element.offsetWidth) return [];
    return [make("rect", { ...frame(element), rx: parseFloat(borderTopLeftRadius), fill: backgroundColor })];
  };
  const drawing = (element) => {
    const copy = element.cloneNode(true), originals = [...element.querySelectorAll("*")];
    for (const [index, part] of [...copy.querySelectorAll("*")].entries()) {
      const style = getComputedStyle(originals[index]);
      for (const name of PAINT) part.style.setProperty(name, style.getPropertyValue(name));
    }
    for (const [key, value] of Object.entries(frame(element))) copy.setAttribute(key, value);
    return [copy];
  };
  const image = (element) => {
    return [make("image", { ...frame(element), href: element.src, preserveAspectRatio: "xMidYMid slice" })];
  };
  const word = (node, { 0: letters, index }) => {
    const range = document.createRange(), holder = node.parentElement, clip = holder.closest(".names :is(span, button), .mood-bands button");
    range.setStart(node, index);
    range.setEnd(node, index + letters.length);
    const { x, y, width, height } = frame(range), lowest = clip && frame(clip).y + frame(clip).height;
    if (clip && y + height > lowest + 1) return [];
    const { fontSize, fontWeight, fontFamily, color } = getComputedStyle(holder);
    const place = { x, y: y + height / 2, textLength: width, lengthAdjust: "spacingAndGlyphs", "dominant-baseline": "central" };
    const text = make("text", { ...place, fill: color });
    Object.assign(text.style, { fontSize, fontWeight, fontFamily });
    text.textContent = letters;
    return [text];
  };
  const words = (node) => [...node.data.matchAll(/\S+/g)].flatMap((found) => word(node, found));

  const parts = (element) => {
    if (!seen(element)) return [];
    if (element.tagName === "svg") return drawing(element);
    if (element.tagName === "IMG") return image(element);
    const inside = [...element.childNodes].flatMap((child) =>
      child.nodeType === Node.TEXT_NODE ? words(child) : child.nodeType === Node.ELEMENT_NODE ? parts(child) : []);
    return [...panel(element), ...inside];
  };

  const card = getComputedStyle(document.querySelector("#why")).backgroundColor;
  const ground = make("rect", { ...size, fill: card });
  const whole = make("svg", { xmlns: SVG, ...size, viewBox: `0 0 ${size.width} ${size.height}` }, ground, ...parts(timeline));
  const picture = new Image();
  picture.onload = () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: SHARPNESS * size.width, height: SHARPNESS * size.height });
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const link = Object.assign(document.createElement("a"), { href: canvas.toDataURL("image/png"), download: timeline.dataset.saved });
    link.click();
  };
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(whole))}`;
}
