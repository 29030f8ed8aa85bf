// Faults of the slide that is shown: text that is small, pale, clipped or outside the slide,
// broken formulas, pictures without content or words. The text of a figure has at least `printed`
// pixels in its file, and is drawn as much larger as the figure.
([smallest, contrast, width, height, printed]) => {
  const slide = Reveal.getCurrentSlide(), faults = [];
  const light = (colour) => {
    const parts = colour.match(/[\d.]+/g).slice(0, 3).map((v) => v / 255);
    const [r, g, b] = parts.map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (!/^rgba\(.*, 0\)$|transparent/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const faint = (element) => {
    const alpha = getComputedStyle(element).color.match(/[\d.]+/g)[3] ?? 1;
    let opacity = Number(alpha);
    for (let e = element; e; e = e.parentElement) opacity *= getComputedStyle(e).opacity;
    return opacity < 0.99;
  };
  const hidden = (element) =>
    element.closest("aside, .katex-mathml, figcaption, .fragment:not(.visible)");
  const inside = (box, what) => {
    const over = Math.max(-box.left, -box.top, box.right - width, box.bottom - height);
    if (box.width && box.height && over > 1) faults.push(`${what} is ${Math.round(over)} px outside`);
  };
  const walker = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement, words = node.textContent.replace(/[\s\u200b]/g, "");
    if (!words || hidden(element)) continue;
    const style = getComputedStyle(element), range = document.createRange();
    range.selectNodeContents(node);
    const box = range.getBoundingClientRect();
    if (!box.width || style.visibility === "hidden") continue;
    inside(box, `text "${words.slice(0, 30)}"`);
    const size = parseFloat(style.fontSize) * Reveal.getScale();
    if (size < smallest - 0.01) faults.push(`text "${words.slice(0, 30)}" has ${size.toFixed(1)} px`);
    if (faint(element)) faults.push(`text "${words.slice(0, 30)}" is faint`);
    const [a, b] = [light(style.color), light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < contrast) faults.push(`text "${words.slice(0, 30)}" has contrast ${ratio.toFixed(1)}`);
    for (let e = element; e !== slide; e = e.parentElement) {
      const how = getComputedStyle(e);
      const cut = e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1;
      if (/hidden|auto|scroll|clip/.test(how.overflowX + how.overflowY) && cut && e.clientHeight)
        faults.push(`"${words.slice(0, 30)}" is clipped`);
    }
  }
  for (const image of slide.querySelectorAll("img")) {
    if (hidden(image)) continue;
    inside(image.getBoundingClientRect(), "a picture");
    if (!image.complete || !image.naturalWidth) faults.push("a picture has no content");
    const larger = Math.min(
      image.clientWidth / image.naturalWidth, image.clientHeight / image.naturalHeight);
    const size = printed * larger * Reveal.getScale();
    if (size < smallest) faults.push(`the text of a picture has ${size.toFixed(1)} px`);
    if (!image.alt.trim()) faults.push("a picture has no alternative text");
  }
  for (const formula of slide.querySelectorAll(".math")) {
    if (!formula.querySelector(".katex")) faults.push(`formula ${formula.textContent} is not set`);
    if (formula.querySelector(".katex-error")) faults.push(`formula ${formula.textContent} is broken`);
  }
  return faults;
}
