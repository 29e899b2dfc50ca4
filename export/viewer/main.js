// The twin on an offline page: reads the parts from the page itself, draws them, answers buttons and keys.
// Frame of the scene: x = left, y = towards the head, z = towards the front of the patient, millimetres.
import { createStage } from "./stage.js";
import { readParts } from "./parts.js";
import { connectControls } from "./controls.js";

const data = JSON.parse(document.getElementById("twin-data").textContent);
const frame = document.getElementById("stage");

function hasWebGL() {
  const context = document.createElement("canvas").getContext("webgl2");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return Boolean(context);
}

// Without WebGL the still pictures stay, the page says so, and the tables need nothing.
if (hasWebGL()) {
  document.documentElement.dataset.viewer = "live"; // first: the view takes its size from what is shown
  connectControls(createStage(frame, readParts(data), data), frame);
}
