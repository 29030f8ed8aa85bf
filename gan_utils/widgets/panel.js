// The browser's side of a panel: it sends the sliders' values and shows the answer.

function render({ model, el }) {
  const { title, sliders, pad, open } = model.get("setup");
  const error = make("div", { className: "error" });
  error.setAttribute("role", "alert");
  const words = make("div", { className: "words" });
  words.setAttribute("role", "status");
  const pictures = make("div"), table = make("table");
  let urls = [];

  const { ask, close } = asking(model, {
    heard(message, buffers) {
      error.textContent = message.error ?? "";
      if (message.error) return;
      words.textContent = message.words;
      if (message.backdrop) board.lay(buffers.pop()); // the last one lies below the drawing
      urls.forEach((url) => URL.revokeObjectURL(url));
      urls = buffers.map((buffer) => URL.createObjectURL(new Blob([buffer], { type: "image/png" })));
      pictures.replaceChildren(...message.labels.map((label, i) => {
        const seen = make("span", { textContent: label });
        seen.setAttribute("aria-hidden", "true"); // the picture has the same words
        return make("div", { className: "row" }, seen, make("img", { src: urls[i], alt: label }));
      }));
      table.replaceChildren(...message.table.map((line, i) =>
        make("tr", {}, ...line.map((cell) => make(i ? "td" : "th", { textContent: cell, scope: "col" })))));
      root.dataset.answers = Number(root.dataset.answers ?? 0) + 1;
    },
    complain(sentence) { error.textContent = sentence; },
  });

  const values = {}, lines = [];
  for (const { name, label, low, high, step, value } of sliders) {
    const input = make("input", { type: "range", min: low, max: high, step });
    input.value = value; // after its limits, or the browser moves it
    input.dataset.slider = name;
    const output = make("output", { textContent: value });
    values[name] = value;
    input.oninput = () => {
      values[name] = Number(input.value);
      output.textContent = input.value;
      ask({ values }, { instead: true });
    };
    lines.push(make("label", { className: "slider" }, make("span", { textContent: label }), input, output));
  }
  const board = pad && drawingPad(pad, () => {
    values[pad.name] = board.text();
    ask({ values }, { instead: true });
  });
  if (board) lines.push(board.element);
  const summary = make("summary", { textContent: title });
  const root = make("details", { className: "gan-panel", open }, summary, ...lines, error, words, pictures, table);
  let begun = open;
  root.ontoggle = () => {
    if (!begun && root.open) ask({ values });
    begun ||= root.open;
  };
  keepKeys(root);
  el.append(root);
  if (open) ask({ values });
  return () => {
    close();
    urls.forEach((url) => URL.revokeObjectURL(url));
  };
}

export default { render };
