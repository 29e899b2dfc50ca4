// Buttons, keys, pointer and slider; every action of the pointer has a button and a key.
const STEP_DEG = 15;
const ZOOM = 1.2;
const TURN_DEG_PER_SECOND = 12;

// The twin follows the word, as it follows the finger: turned to the left, its front moves to the left.
const ACTIONS = {
  "turn-left": (stage) => stage.turn(STEP_DEG, 0),
  "turn-right": (stage) => stage.turn(-STEP_DEG, 0),
  "turn-up": (stage) => stage.turn(0, -STEP_DEG),
  "turn-down": (stage) => stage.turn(0, STEP_DEG),
  "zoom-in": (stage) => stage.zoom(ZOOM),
  "zoom-out": (stage) => stage.zoom(1 / ZOOM),
};
const KEYS = {
  ArrowLeft: "turn-left",
  ArrowRight: "turn-right",
  ArrowUp: "turn-up",
  ArrowDown: "turn-down",
  "+": "zoom-in",
  "=": "zoom-in",
  "-": "zoom-out",
};

function connectButtons(stage) {
  for (const button of document.querySelectorAll("button[data-action]")) {
    button.addEventListener("click", () => ACTIONS[button.dataset.action](stage));
  }
  for (const button of document.querySelectorAll("button[data-view]")) {
    button.addEventListener("click", () => stage.look(button.dataset.view));
  }
  for (const button of document.querySelectorAll(".legend button[data-part]")) {
    button.addEventListener("click", () => {
      const isShown = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(isShown));
      stage.show(button.dataset.part, isShown);
    });
  }
}

function connectKeys(stage, frame) {
  frame.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = KEYS[event.key];
    if (action) ACTIONS[action](stage);
    else if (event.key === "Home") stage.look("front");
    else return;
    event.preventDefault();
  });
}

function connectPointer(stage, frame) {
  const pointers = new Map();
  let spread = 0;
  const spreadNow = () => {
    const [a, b] = [...pointers.values()];
    return Math.hypot(a.x - b.x, a.y - b.y);
  };
  frame.addEventListener("pointerdown", (event) => {
    frame.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (pointers.size === 2) spread = spreadNow();
  });
  frame.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (pointers.size === 1) stage.turn((before.x - event.clientX) * 0.4, (event.clientY - before.y) * 0.4);
    else if (pointers.size === 2) {
      const wider = spreadNow();
      if (spread > 0 && wider > 0) stage.zoom(wider / spread);
      spread = wider;
    }
  });
  for (const name of ["pointerup", "pointercancel"]) {
    frame.addEventListener(name, (event) => pointers.delete(event.pointerId));
  }
  // Only with Ctrl or while the view has the focus: the page must stay scrollable over the picture.
  frame.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && document.activeElement !== frame) return;
      event.preventDefault();
      stage.zoom(Math.exp(-event.deltaY * 0.0015));
    },
    { passive: false },
  );
}

function connectTurning(stage) {
  const button = document.getElementById("turning");
  if (!button) return;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  let last = null;
  const isOn = () => button.getAttribute("aria-pressed") === "true";
  function step(now) {
    if (!isOn()) {
      last = null;
      return;
    }
    if (last !== null) stage.turn(((now - last) / 1000) * TURN_DEG_PER_SECOND, 0);
    last = now;
    requestAnimationFrame(step);
  }
  function set(on) {
    button.setAttribute("aria-pressed", String(on));
    if (on) requestAnimationFrame(step);
  }
  button.addEventListener("click", () => set(!isOn()));
  const obey = () => {
    button.hidden = calm.matches;
    if (calm.matches) set(false);
  };
  calm.addEventListener("change", obey);
  obey();
}

export function connectControls(stage, frame) {
  connectButtons(stage);
  connectKeys(stage, frame);
  connectPointer(stage, frame);
  connectTurning(stage);
  const slider = document.getElementById("apart");
  if (slider) slider.addEventListener("input", () => stage.pullApart(Number(slider.value) / 100));
}
