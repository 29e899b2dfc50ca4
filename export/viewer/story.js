// A story: scenes one after the other, each with its words and with what the stage shows.
// Without WebGL nothing is switched on: all scenes stand below each other with their pictures.
import { createStage } from "./stage.js";
import { readParts } from "./parts.js";
import { connectControls } from "./controls.js";
import { FrontSide } from "three";

const GLIDE_MS = 900;
const ORDER = { torso: 3, scar: 4, liver: 2, pancreas: 2, remnant: 2, specimen: 2 };

const data = JSON.parse(document.getElementById("story-data").textContent);
const frame = document.getElementById("stage");
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

function hasWebGL() {
  const context = document.createElement("canvas").getContext("webgl2");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return Boolean(context);
}

function storyMeshes() {
  const meshes = readParts(data);
  for (const mesh of meshes) {
    mesh.renderOrder = ORDER[mesh.name] ?? 1; // what lies inside is drawn first
    if (mesh.name === "torso") mesh.material.side = FrontSide;
  }
  return meshes;
}

// Opacities and the place of the eye go from one scene to the next; at once where the reader wants no motion.
function createGlide(stage, names) {
  const opacity = Object.fromEntries(names.map((name) => [name, 0]));
  let running = 0;
  function set(aim, looks) {
    stage.take(aim);
    for (const name of names) {
      opacity[name] = looks[name] ?? 0;
      stage.fade(name, opacity[name]);
    }
  }
  return function glide(aim, looks, isAtOnce) {
    running += 1;
    const mine = running;
    if (isAtOnce || calm.matches) {
      set(aim, looks);
      return;
    }
    const [from, before, started] = [stage.aim(), { ...opacity }, performance.now()];
    const between = (a, b, t) => a + (b - a) * t;
    function step(now) {
      if (mine !== running) return;
      const linear = Math.min((now - started) / GLIDE_MS, 1);
      const t = linear * linear * (3 - 2 * linear);
      set(
        {
          center: aim.center.map((value, n) => between(from.center[n], value, t)),
          radius: between(from.radius, aim.radius, t),
          azimuth: between(from.azimuth, aim.azimuth, t),
          elevation: between(from.elevation, aim.elevation, t),
          distance: between(from.distance, aim.distance, t),
        },
        Object.fromEntries(names.map((name) => [name, between(before[name], looks[name] ?? 0, t)])),
      );
      if (linear < 1) requestAnimationFrame(step);
    }
    requestAnimationFrame(step);
  };
}

function connectScenes(stage) {
  const glide = createGlide(stage, data.parts.map((part) => part.id));
  const sections = data.scenes.map((scene) => document.getElementById(`scene-${scene.id}`));
  const tabs = [...document.querySelectorAll("button[data-scene]")];
  const toggles = [...document.querySelectorAll("button[data-part]")];
  const aimOf = (scene) => stage.aimAt(scene.focus, scene.azimuth, scene.elevation, scene.zoom);
  const [previous, next] = ["previous", "next"].map((id) => document.getElementById(id));
  let current = -1;

  function show(index, isAtOnce) {
    current = index;
    const scene = data.scenes[index];
    sections.forEach((section, n) => section.classList.toggle("current", n === index));
    tabs.forEach((tab, n) => (n === index ? tab.setAttribute("aria-current", "step") : tab.removeAttribute("aria-current")));
    for (const toggle of toggles) {
      toggle.parentElement.hidden = !toggle.dataset.parts.split(" ").some((name) => name in scene.looks);
      toggle.setAttribute("aria-pressed", "true");
    }
    previous.disabled = index === 0;
    next.disabled = index === data.scenes.length - 1;
    frame.setAttribute("aria-label", scene.alternative);
    if (!isAtOnce) document.getElementById("said").textContent = sections[index].querySelector("h2").innerText;
    window.speechSynthesis?.cancel();
    glide(aimOf(scene), scene.looks, isAtOnce);
  }

  tabs.forEach((tab, n) => tab.addEventListener("click", () => show(n, false)));
  previous.addEventListener("click", () => show(current - 1, false));
  next.addEventListener("click", () => show(current + 1, false));
  for (const toggle of toggles) {
    toggle.addEventListener("click", () => {
      const isShown = toggle.getAttribute("aria-pressed") !== "true";
      toggle.setAttribute("aria-pressed", String(isShown));
      const { looks } = data.scenes[current];
      for (const name of toggle.dataset.parts.split(" ")) stage.fade(name, isShown ? (looks[name] ?? 0) : 0);
    });
  }
  document.getElementById("recentre").addEventListener("click", () => {
    stage.take(aimOf(data.scenes[current]));
  });
  show(0, true);
  return () => sections[current];
}

// Only a voice of this device: others would send the text over a network.
function connectReading(section) {
  const button = document.getElementById("read-aloud");
  const speech = window.speechSynthesis;
  const language = () => document.documentElement.lang;
  const voice = () => speech?.getVoices().find((one) => one.localService && one.lang.startsWith(language()));
  const offer = () => {
    button.hidden = !voice();
  };
  // Of two languages side by side only the one of the voice is read.
  const words = () => {
    const told = [...section().querySelectorAll("[data-told]")].filter((one) => one.lang === language());
    return told.length ? told.map((one) => one.innerText).join("\n") : section().innerText;
  };
  offer();
  speech?.addEventListener?.("voiceschanged", offer);
  document.addEventListener("tongue", offer);
  button.addEventListener("click", () => {
    if (speech.speaking) {
      speech.cancel();
      return;
    }
    const spoken = new SpeechSynthesisUtterance(words());
    Object.assign(spoken, { voice: voice(), lang: language(), rate: 0.9 });
    speech.speak(spoken);
  });
}

// A sealed story carries its leaflets inside.
function connectLeaflets() {
  for (const button of document.querySelectorAll("button.save-leaflet")) {
    button.addEventListener("click", () => {
      const { name } = button.dataset;
      const text = atob(document.querySelector(`script[data-leaflet="${name}"]`).textContent.trim());
      const content = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([content], { type: "application/pdf" }));
      link.download = name;
      link.click();
      URL.revokeObjectURL(link.href);
    });
  }
}

// One language, the other, or both side by side; without this script both are there.
function connectLanguages() {
  const buttons = [...document.querySelectorAll("button[data-tongue]")];
  const first = document.documentElement.lang;
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const { tongue } = button.dataset;
      document.documentElement.lang = tongue === "both" ? first : tongue;
      for (const one of document.querySelectorAll("[data-told]")) one.hidden = tongue !== "both" && one.lang !== tongue;
      for (const one of document.querySelectorAll(".between")) one.hidden = tongue !== "both";
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      window.speechSynthesis?.cancel();
      document.dispatchEvent(new Event("tongue"));
    });
  }
}

connectLeaflets();
connectLanguages();
if (hasWebGL()) {
  document.documentElement.dataset.viewer = "live"; // first: the view takes its size from what is shown
  const stage = createStage(frame, storyMeshes(), data);
  connectReading(connectScenes(stage));
  connectControls(stage, frame);
}
