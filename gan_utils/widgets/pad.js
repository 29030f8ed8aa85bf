// A square of pixels to draw on, with the mouse, a finger or the keyboard. `changed` is called when
// a stroke has ended; `text` gives the pixels row by row, 1 where something is drawn and 0 elsewhere.

const SHOWN = 224; // pixels of the screen for a side of the square

function drawingPad({ label, size, brush, ink, paper }, changed) {
  const drawn = new Uint8Array(size * size);
  const canvas = make("canvas", { width: SHOWN, height: SHOWN, tabIndex: 0 });
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", `${label}: arrow keys move, the space bar draws, Delete rubs out`);
  const status = make("div", { className: "unseen" });
  status.setAttribute("role", "status");
  const clear = make("button", { type: "button", textContent: "Clear" });
  const pen = canvas.getContext("2d"), side = SHOWN / size;
  let cursor = [Math.floor(size / 2), Math.floor(size / 2)], last = null, picture = null;

  function paint() {
    pen.imageSmoothingEnabled = false;
    pen.fillStyle = paper;
    pen.fillRect(0, 0, SHOWN, SHOWN);
    if (picture) pen.drawImage(picture, 0, 0, SHOWN, SHOWN);
    pen.fillStyle = ink;
    drawn.forEach((on, i) => {
      if (on) pen.fillRect((i % size) * side, Math.floor(i / size) * side, side, side);
    });
    if (document.activeElement === canvas) {
      pen.strokeStyle = "#0072b2";
      pen.lineWidth = 2;
      pen.strokeRect(cursor[0] * side, cursor[1] * side, side, side);
    }
  }
  function put([x, y], on) {
    const from = -Math.floor((brush - 1) / 2);
    for (let dy = from; dy < from + brush; dy++) {
      for (let dx = from; dx < from + brush; dx++) {
        const [column, row] = [x + dx, y + dy];
        if (column >= 0 && row >= 0 && column < size && row < size) drawn[row * size + column] = on;
      }
    }
  }
  function line(from, to, on) { // every pixel on the way, however fast the hand is
    const steps = Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]), 1);
    for (let i = 0; i <= steps; i++) {
      put([0, 1].map((axis) => Math.round(from[axis] + ((to[axis] - from[axis]) * i) / steps)), on);
    }
  }
  function place(event) {
    const box = canvas.getBoundingClientRect();
    const within = (at, length) => Math.min(size - 1, Math.max(0, Math.floor((at / length) * size)));
    return [within(event.clientX - box.left, box.width), within(event.clientY - box.top, box.height)];
  }
  const tool = (event) => (event.shiftKey || event.buttons === 2 ? 0 : 1);

  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    cursor = last = place(event);
    put(last, tool(event));
    paint();
  };
  canvas.onpointermove = (event) => {
    if (!last) return;
    const next = place(event);
    line(last, next, tool(event));
    cursor = last = next;
    paint();
  };
  canvas.onpointerup = canvas.onpointercancel = () => {
    if (last) changed();
    last = null;
  };
  canvas.oncontextmenu = (event) => event.preventDefault(); // the second button rubs out
  canvas.onkeydown = (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (move) cursor = cursor.map((at, axis) => Math.min(size - 1, Math.max(0, at + move[axis])));
    else if (event.key === " " || event.key === "Delete") {
      put(cursor, event.key === " " ? 1 : 0);
      changed();
    } else return;
    event.preventDefault();
    status.textContent = `column ${cursor[0] + 1}, row ${cursor[1] + 1}, ${drawn[cursor[1] * size + cursor[0]] ? "drawn" : "empty"}`;
    paint();
  };
  canvas.onfocus = canvas.onblur = paint;
  clear.onclick = () => {
    drawn.fill(0);
    paint();
    changed();
  };
  paint();
  return {
    element: make("div", { className: "pad" }, make("span", { textContent: label }), canvas, clear, status),
    text: () => drawn.join(""),
    async lay(bytes) { // a picture below what is drawn
      picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      paint();
    },
  };
}
