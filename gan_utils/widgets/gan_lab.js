// The browser's side of the GAN lab: it asks for a frame, draws it, and asks for the next.

const SIZE = 440; // pixels of the plane's canvas
const CHART = 260; // half pixels of the chart's height
const WORDS = {
  data: "Data", loss: "Loss", penalty: "Penalty on D", weight: "Penalty weight",
  d_steps: "D's updates a round", d_rate: "D's learning rate", g_rate: "G's learning rate",
  beta_1: "Momentum β₁", samples: "Samples of", average: "G's running average", newest: "G after its newest move",
  ring: "ring of 8", grid: "grid of 25", line: "line", moons: "two moons", drawn: "drawn by hand",
  minimax: "minimax", non_saturating: "non-saturating", wasserstein: "Wasserstein",
  relativistic: "relativistic", none: "none", r1: "R1", gradient_penalty: "gradient penalty",
};
const LOGARITHMIC = ["weight", "d_rate", "g_rate"];

const short = (value) => (Math.abs(value) >= 0.01 ? value.toPrecision(3) : value.toExponential(1));

function render({ model, el }) {
  const { choices, ranges, edge, colours, shade, presets } = model.get("setup");
  let playing = false, begins = false, alive = true, frames = [], shown = null, past = [], spoken = 0;
  let strokes = [], cursor = null, drawing = false, soon = null;
  const name = Math.random().toString(36).slice(2); // other views of this widget have others

  // --- what one sees -----------------------------------------------------------------------
  // All is drawn in half pixels of the page; the canvas has as many as the screen can show.
  const full = 2 * SIZE, ratio = Math.min(2, window.devicePixelRatio || 1) / 2;
  const plane = make("canvas", { width: full * ratio, height: full * ratio });
  plane.style.width = `${SIZE}px`;
  plane.setAttribute("role", "img");
  const chart = make("canvas", { width: full * ratio, height: CHART * ratio });
  chart.style.width = `${SIZE}px`;
  chart.setAttribute("role", "img");
  chart.setAttribute("aria-label", "Losses of both players, and the share of modes and of high quality, over the rounds");
  const status = make("div", { className: "unseen" });
  status.setAttribute("role", "status");
  const error = make("div", { className: "error" });
  error.setAttribute("role", "alert");
  const hint = make("p", { className: "hint" });
  const numbers = make("div", { className: "numbers" });
  const values = {};
  for (const [key, words] of Object.entries({
    rounds: "rounds", modes: "captured", quality: "high quality", d_loss: "loss of D",
    g_loss: "loss of G", mean_pull: "mean pull on a sample", speed: "frames a second",
  })) {
    values[key] = make("b", { textContent: "–" });
    values[key].dataset.value = key;
    numbers.append(make("span", {}, `${words} `, values[key]));
  }

  const play = make("button", { className: "main", textContent: "Play" });
  play.onclick = () => (playing ? pause() : start());
  const buttons = make("div", { className: "buttons" }, play);
  for (const [what, words] of [["d", "Move D"], ["g", "Move G"], ["reset", "Reset"]]) {
    const button = make("button", { textContent: words });
    button.onclick = () => { pause(); endDrawing(); ask({ do: what }); };
    buttons.append(button);
  }
  const draws = make("button", { textContent: "Draw data" });
  draws.onclick = () => beginDrawing();
  buttons.append(draws);

  const controls = {};
  const panel = make("div", { className: "panel" }, buttons);
  const labelled = (key, words, ...inputs) => {
    inputs[0].id = `${name}-${key}`;
    inputs[0].dataset.rule = key;
    const label = make("label", { htmlFor: inputs[0].id, textContent: words });
    panel.append(make("div", { className: "rule" }, label, ...inputs));
  };
  const games = make("select");
  for (const [value, words] of presets) games.append(make("option", { value, textContent: words }));
  games.append(make("option", { value: "", textContent: "rules of your own", disabled: true }));
  games.onchange = () => { endDrawing(); ask({ do: "preset", name: games.value }); };
  labelled("preset", "Game", games);
  const watch = make("p", { className: "watch" });
  panel.append(watch);
  for (const [key, options] of Object.entries(choices)) {
    const select = make("select");
    // "drawn" is where the button leads; it cannot be chosen here.
    for (const value of options) {
      select.append(make("option", { value, textContent: WORDS[value] ?? value, disabled: value === "drawn" }));
    }
    select.onchange = () => {
      endDrawing();
      ask({ do: "change", rules: { [key]: select.value } });
    };
    controls[key] = select;
    labelled(key, WORDS[key], select);
  }
  for (const [key, [low, high]] of Object.entries(ranges)) {
    const log = LOGARITHMIC.includes(key);
    const slider = make("input", {
      type: "range", min: log ? Math.log10(low) : low, max: log ? Math.log10(high) : high,
      step: log || high < 1 ? 0.05 : 1,
    });
    const output = make("output", { htmlFor: `${name}-${key}` });
    const value = () => (log ? Math.min(high, Math.max(low, 10 ** Number(slider.value))) : Number(slider.value));
    slider.set = (number) => { slider.value = log ? Math.log10(number) : number; slider.say(); };
    slider.say = () => {
      output.textContent = log ? short(value()) : value();
      slider.setAttribute("aria-valuetext", output.textContent);
    };
    slider.oninput = slider.say;
    slider.onchange = () => { endDrawing(); ask({ do: "change", rules: { [key]: value() } }); };
    controls[key] = slider;
    labelled(key, WORDS[key], slider, output);
  }
  const pace = make("input", { type: "range", min: 1, max: 50, step: 1, value: 20 });
  const paceSaid = make("output", { textContent: pace.value });
  pace.oninput = () => { paceSaid.textContent = pace.value; };
  labelled("pace", "Rounds a frame", pace, paceSaid);
  panel.append(error, numbers, hint, status);
  const root = make("div", { className: "gan-lab" }, make("div", {}, plane, chart), panel);
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "GAN lab");
  keepKeys(root);
  el.append(root);

  // --- asking and hearing ------------------------------------------------------------------
  const { ask, next, close } = asking(model, {
    heard,
    complain: (sentence) => { error.textContent = sentence; },
    idle: () => {
      if (!playing || document.hidden) return null; // nobody looks
      const question = { do: "play", rounds: Number(pace.value), begins };
      begins = false;
      return question;
    },
    wanted: (question) => question.do !== "play" || playing, // it may have been paused since
  });
  function heard(message, buffers, last) {
    error.textContent = message.error ?? "";
    if (message.rules && last) follow(message); // or a choice under way would jump back
    if (message.error) {
      pause();
      return;
    }
    const floats = (view) => new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
    const [surface, ...rest] = buffers;
    const [real, fake, pull, mesh] = rest.map(floats);
    shown = { ...message, surface: new Uint8Array(surface.buffer, surface.byteOffset, surface.byteLength), real, fake, pull, mesh };
    if (message.rounds < past.at(-1)?.[0] || message.rules.data !== past.data) past = [];
    past.data = message.rules.data;
    past.push([message.rounds, message.d_loss, message.g_loss, message.modes / message.of, message.quality]);
    if (past.length > 1200) past = Object.assign(past.filter((_, i) => i % 2 === 0), { data: past.data });
    tick();
    soon ??= requestAnimationFrame(draw); // at most once a picture of the screen
  }

  function start() {
    endDrawing();
    playing = begins = true;
    frames = [];
    play.textContent = "Pause";
    next();
  }
  function pause() {
    playing = false;
    play.textContent = "Play";
    drawChart(); // up to the last frame
  }
  function follow({ rules, preset }) {
    games.value = preset ?? "";
    watch.textContent = presets.find(([key]) => key === preset)?.[2] ?? "";
    for (const [key, control] of Object.entries(controls)) {
      if (control === document.activeElement && control.type === "range") continue;
      if (control.set) control.set(rules[key]);
      else control.value = rules[key];
    }
    controls.weight.disabled = rules.penalty === "none";
  }

  function tick() {
    const now = performance.now();
    frames.push(now);
    while (frames[0] < now - 1000) frames.shift();
    values.speed.textContent = playing ? frames.length : "–";
    values.rounds.textContent = shown.rounds.toLocaleString("en");
    values.modes.textContent = `${shown.modes} of ${shown.of} ${shown.piece}`;
    values.quality.textContent = `${Math.round(100 * shown.quality)} %`;
    for (const key of ["d_loss", "g_loss", "mean_pull"]) values[key].textContent = short(shown[key]);
    if (drawing) return; // plane and status speak of that
    const words = `After ${shown.rounds} rounds: ${shown.modes} of ${shown.of} ${shown.piece} captured, ${Math.round(100 * shown.quality)} % of the samples of high quality.`;
    plane.setAttribute("aria-label", `The plane with real points, samples and the answers of the discriminator. ${words}`);
    if (!playing || now - spoken > 5000) { status.textContent = words; spoken = now; }
  }

  // --- drawing -----------------------------------------------------------------------------
  const small = document.createElement("canvas");
  const mix = (hex, share) => [1, 3, 5].map((i) => 255 + share * (parseInt(hex.slice(i, i + 2), 16) - 255));
  // The colour of each of D's 256 answers, made once: every frame has 1,600 of them.
  const palette = Array.from({ length: 256 }, (_, level) => {
    const answer = level / 127.5 - 1; // −1 generated, 1 real
    return [...mix(answer > 0 ? colours.real : colours.generated, shade * Math.abs(answer)), 255];
  });
  const place = (x, y) => [((x + edge) / (2 * edge)) * full, ((edge - y) / (2 * edge)) * full];

  function draw() {
    soon = null;
    if (!alive) return;
    const pen = plane.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, full, full);
    if (drawing) { drawStrokes(pen); return; }
    if (!shown) return;
    const { side, surface, real, fake, pull, mesh } = shown;
    small.width = small.height = side;
    const image = new ImageData(side, side);
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        image.data.set(palette[surface[(side - 1 - row) * side + column]], 4 * (row * side + column));
      }
    }
    small.getContext("2d").putImageData(image, 0, 0);
    pen.drawImage(small, 0, 0, full, full);

    pen.strokeStyle = "rgba(0, 0, 0, 0.3)";
    pen.lineWidth = 1;
    pen.beginPath();
    for (let i = 0; i < shown.mesh_side; i++) {
      for (const [across, along] of [[shown.mesh_side, 1], [1, shown.mesh_side]]) {
        for (let j = 0; j < shown.mesh_side; j++) {
          const at = 2 * (i * across + j * along);
          const [x, y] = place(mesh[at], mesh[at + 1]);
          if (j) pen.lineTo(x, y); else pen.moveTo(x, y);
        }
      }
    }
    pen.stroke();

    dots(pen, real, colours.real, false);
    pen.strokeStyle = colours.generated;
    pen.lineWidth = 2;
    pen.beginPath();
    for (let i = 0; i < fake.length; i += 2) {
      pen.moveTo(...place(fake[i], fake[i + 1]));
      pen.lineTo(...place(fake[i] + pull[i], fake[i + 1] + pull[i + 1]));
    }
    pen.stroke();
    dots(pen, fake, colours.generated, true);
    const answers = Number(root.dataset.answers ?? 0) + 1;
    if (!playing || answers % 2) drawChart(); // often enough for the eye
    root.dataset.answers = answers;
  }
  // Real points are crosses and samples are discs, so that colour is not all that tells them apart.
  function dots(pen, points, colour, discs) {
    pen.fillStyle = pen.strokeStyle = colour;
    pen.lineWidth = 2;
    pen.beginPath();
    for (let i = 0; i < points.length; i += 2) {
      const [x, y] = place(points[i], points[i + 1]);
      if (discs) { pen.moveTo(x + 5, y); pen.arc(x, y, 5, 0, 2 * Math.PI); continue; }
      pen.moveTo(x - 4, y - 4); pen.lineTo(x + 4, y + 4);
      pen.moveTo(x - 4, y + 4); pen.lineTo(x + 4, y - 4);
    }
    if (discs) pen.fill(); else pen.stroke();
  }
  function drawChart() {
    const pen = chart.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, full, CHART);
    if (past.length < 2) return;
    const half = full / 2, bottom = CHART - 34, top = 44;
    const from = past[0][0], to = Math.max(past.at(-1)[0], from + 1);
    const highest = Math.max(0.1, ...past.flatMap((row) => [row[1], row[2]]));
    const lowest = Math.min(0, ...past.flatMap((row) => [row[1], row[2]]));
    pen.font = "24px system-ui, sans-serif";
    const panel = (left, low, high, title, lines) => {
      pen.fillStyle = "#111";
      pen.textAlign = "left";
      pen.fillText(title, left + 70, 26);
      pen.textAlign = "right";
      pen.fillText(short(high), left + 62, top + 18);
      pen.fillText(low === 0 ? "0" : short(low), left + 62, bottom);
      pen.fillText(`${to.toLocaleString("en")} rounds`, left + half - 12, CHART - 6);
      pen.strokeStyle = "#767676";
      pen.lineWidth = 1;
      pen.setLineDash([]);
      pen.strokeRect(left + 68, top, half - 82, bottom - top);
      let key = left + 70 + pen.measureText(title).width + 14;
      for (const [column, colour, dash, words] of lines) {
        pen.strokeStyle = colour;
        pen.lineWidth = 3;
        pen.setLineDash(dash);
        pen.beginPath();
        for (const row of past) {
          const x = left + 68 + ((row[0] - from) / (to - from)) * (half - 82);
          const y = bottom - ((row[column] - low) / (high - low)) * (bottom - top);
          if (row === past[0]) pen.moveTo(x, y); else pen.lineTo(x, y);
        }
        pen.stroke();
        pen.beginPath();
        pen.moveTo(key, 18); pen.lineTo(key + 26, 18);
        pen.stroke();
        pen.fillStyle = "#111";
        pen.textAlign = "left";
        pen.fillText(words, key + 30, 26);
        key += 44 + pen.measureText(words).width;
      }
    };
    panel(0, lowest, highest, "loss", [[1, colours.theory, [], "D"], [2, colours.generated, [8, 6], "G"]]);
    panel(half, 0, 1, "share", [[3, colours.theory, [], shown.piece], [4, colours.generated, [8, 6], "quality"]]);
  }

  // --- drawing by hand ---------------------------------------------------------------------
  function beginDrawing() {
    pause();
    drawing = true;
    strokes = [];
    cursor = [0, 0];
    plane.setAttribute("role", "application"); // it takes keys now
    plane.setAttribute("aria-label", "Drawing");
    plane.tabIndex = 0;
    plane.style.touchAction = "none";
    tell();
    status.textContent = hint.textContent;
    draw();
    plane.focus();
  }
  function endDrawing() {
    if (!drawing) return;
    drawing = false;
    strokes = [];
    if (document.activeElement === plane) draws.focus();
    plane.setAttribute("role", "img");
    plane.removeAttribute("tabindex");
    plane.style.touchAction = "";
    tell();
    if (shown) tick();
    draw();
  }
  function tell() {
    hint.textContent = drawing
      ? "Draw with the mouse or a finger; training can begin when you let go. With the keyboard: the arrow keys move the cross, the space bar sets points, Enter ends, Escape forgets them."
      : "Blue crosses are real, orange discs are samples, and the line at each shows where the loss pulls it. The longest line always has the same length; the mean pull tells the true size. The background is D's answer: blue for real. The grid is where G takes a square grid of latent vectors.";
  }
  function drawStrokes(pen) {
    dots(pen, strokes.flat(), colours.real, false);
    if (cursor) {
      const [x, y] = place(...cursor);
      pen.strokeStyle = "#111";
      pen.lineWidth = 2;
      pen.strokeRect(x - 10, y - 10, 20, 20);
    }
  }
  function add(x, y) {
    const inside = (value) => Math.max(-edge + 0.1, Math.min(edge - 0.1, value));
    strokes.push([inside(x), inside(y)]);
    draw();
  }
  function finishDrawing() {
    const points = strokes;
    endDrawing();
    ask({ do: "draw", points });
  }
  const position = (event) => {
    const box = plane.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * 2 * edge - edge, edge - ((event.clientY - box.top) / box.height) * 2 * edge];
  };
  plane.onpointerdown = (event) => {
    if (!drawing) return;
    plane.setPointerCapture(event.pointerId);
    cursor = null;
    add(...position(event));
  };
  plane.onpointermove = (event) => {
    if (drawing && event.buttons) for (const one of event.getCoalescedEvents?.() ?? [event]) add(...position(one));
  };
  plane.onpointerup = () => { if (drawing && strokes.length) finishDrawing(); };
  plane.onkeydown = (event) => {
    const step = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] }[event.key];
    if (!drawing || !(step || [" ", "Enter", "Escape"].includes(event.key))) return;
    event.preventDefault();
    if (event.key === "Escape") { endDrawing(); return; }
    cursor ??= [0, 0];
    if (step) {
      cursor = cursor.map((value, i) => Math.max(-edge, Math.min(edge, value + step[i])));
      draw();
    } else if (event.key === " ") {
      for (let i = 0; i < 5; i++) add(cursor[0] + 0.02 * (i - 2), cursor[1]);
    } else {
      finishDrawing();
      return;
    }
    status.textContent = `x ${cursor[0].toFixed(1)}, y ${cursor[1].toFixed(1)}, ${strokes.length} points`;
  };

  const look = () => next(); // play goes on when the page is seen again
  document.addEventListener("visibilitychange", look);
  follow(model.get("setup"));
  tell();
  ask({ do: "look" });
  return () => {
    alive = false;
    document.removeEventListener("visibilitychange", look);
    close();
  };
}

export default { render };
