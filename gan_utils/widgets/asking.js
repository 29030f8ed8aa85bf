// Questions to the kernel, one at a time: the kernel is never behind, and a page that is closed
// asks no more. `heard` gets each answer, and whether it is the last one that was asked for;
// `complain` gets a sentence when none comes, or when the kernel is busy; when nothing else is
// waiting, `idle` may give the next question. A busy kernel is asked the same question again, if
// it is still `wanted`.

const PATIENCE = 10000; // milliseconds until a missing answer is told
const AGAIN = 500; // milliseconds after which a busy kernel is asked again

function asking(model, { heard, complain, idle = () => null, wanted = () => true }) {
  const name = Math.random().toString(36).slice(2); // other views of the same widget have others
  let asked = 0, waiting = null, late = false, queue = [], patience = null, open = true, question = null;

  function send(again = false) {
    waiting = `${name}-${asked++}`;
    late = false;
    patience = setTimeout(() => {
      complain("The kernel does not answer. It may be busy with another cell; if it was restarted, run this cell again.");
      late = true; // it may still come; if it was lost, another question may be asked
      if (queue.length) next();
    }, PATIENCE);
    model.send({ ...question, again, id: waiting });
  }
  function next() {
    if (!open || (waiting !== null && !late)) return;
    question = queue.shift() ?? idle();
    if (question) send();
  }
  function receive(message, buffers) {
    if (message.id !== waiting) return;
    clearTimeout(patience);
    if (message.busy) {
      complain(message.busy);
      patience = setTimeout(() => {
        if (open && wanted(question)) send(true);
        else { waiting = null; next(); }
      }, AGAIN);
      return;
    }
    waiting = null;
    try {
      heard(message, buffers, queue.length === 0);
    } catch (fault) {
      complain(`The answer cannot be shown: ${fault.message}`);
      console.error(fault);
      return;
    }
    next(); // the kernel works while the browser draws
  }
  model.on("msg:custom", receive);
  return {
    ask(what, { instead = false } = {}) {
      if (instead) queue = [];
      queue.push(what);
      next();
    },
    next,
    close() {
      open = false;
      clearTimeout(patience);
      model.off("msg:custom", receive);
    },
  };
}

function make(tag, options = {}, ...children) {
  const element = Object.assign(document.createElement(tag), options);
  element.append(...children);
  return element;
}

// JupyterLab would take the arrow keys for itself.
function keepKeys(root) {
  for (const control of root.querySelectorAll("button, canvas, input, select, summary")) {
    control.dataset.lmSuppressShortcuts = "true";
  }
}
