// The 3D view: camera on a sphere around the twin, drawn only when something changed.
import {
  AmbientLight,
  Box3,
  Color,
  DirectionalLight,
  HemisphereLight,
  PerspectiveCamera,
  Scene,
  Sphere,
  Vector3,
  WebGLRenderer,
} from "three";

const FIELD_OF_VIEW_DEG = 28;
const STEEPEST_DEG = 89.5;
const STEP_BACK = 0.25; // share of the distance added when the parts are fully apart
const AXES = [
  ["left", new Vector3(1, 0, 0)],
  ["right", new Vector3(-1, 0, 0)],
  ["up", new Vector3(0, 1, 0)],
  ["down", new Vector3(0, -1, 0)],
  ["front", new Vector3(0, 0, 1)],
  ["back", new Vector3(0, 0, -1)],
];
// azimuth 0 looks at the patient from the front; positive azimuth shows the patient's left side.
export const VIEWS = {
  front: [0, 0],
  back: [180, 0],
  right: [-90, 0],
  left: [90, 0],
  above: [0, STEEPEST_DEG],
  below: [0, -STEEPEST_DEG],
};

// The middle of the box around what is shown, and the farthest point from there: nothing leaves the view in a turn.
function sphereAround(shown) {
  const box = new Box3();
  shown.forEach((mesh) => box.expandByObject(mesh));
  const sphere = new Sphere(box.getCenter(new Vector3()), 1);
  const point = new Vector3();
  for (const { geometry } of shown) {
    const positions = geometry.getAttribute("position");
    for (let n = 0; n < positions.count; n += 1) {
      const far = point.fromBufferAttribute(positions, n).distanceTo(sphere.center);
      if (far > sphere.radius) sphere.radius = far;
    }
  }
  return sphere;
}

export function createStage(frame, meshes, data) {
  const renderer = new WebGLRenderer({ antialias: true, preserveDrawingBuffer: true });
  renderer.setPixelRatio(Math.min(window.devicePixelRatio || 1, 2));
  renderer.domElement.setAttribute("aria-hidden", "true");
  frame.prepend(renderer.domElement);

  const scene = new Scene();
  scene.background = new Color(data.background);
  scene.add(...meshes, new AmbientLight(0xffffff, 0.9), new HemisphereLight(0xffffff, 0x9aa7a8, 1.1));
  const camera = new PerspectiveCamera(FIELD_OF_VIEW_DEG, 1, 1, 5000);
  const lamp = new DirectionalLight(0xffffff, 1.9);
  lamp.position.set(0.35, 0.6, 1);
  camera.add(lamp);
  scene.add(camera);

  const sphere = sphereAround(meshes.filter((mesh) => mesh.visible));
  const pose = { azimuth: 0, elevation: 0, distance: 1 };
  const letters = [...frame.querySelectorAll("[data-edge]")];
  let isAsked = false;
  let apart = 0;

  function fitting() {
    const half = (FIELD_OF_VIEW_DEG * Math.PI) / 360;
    const narrow = Math.min(1, camera.aspect);
    return sphere.radius / Math.sin(Math.atan(Math.tan(half) * narrow));
  }

  function place() {
    const [azimuth, elevation] = [pose.azimuth, pose.elevation].map((angle) => (angle * Math.PI) / 180);
    camera.position.set(
      sphere.center.x + pose.distance * Math.sin(azimuth) * Math.cos(elevation),
      sphere.center.y + pose.distance * Math.sin(elevation),
      sphere.center.z + pose.distance * Math.cos(azimuth) * Math.cos(elevation),
    );
    camera.near = Math.max(pose.distance - 4 * sphere.radius, 1);
    camera.far = pose.distance + 4 * sphere.radius;
    camera.lookAt(sphere.center);
    camera.updateProjectionMatrix();
    camera.updateMatrixWorld();
  }

  // Letter of each edge: the axes that point there by more than a quarter, the strongest first.
  function label() {
    const right = new Vector3().setFromMatrixColumn(camera.matrixWorld, 0);
    const up = new Vector3().setFromMatrixColumn(camera.matrixWorld, 1);
    const towards = { right, left: right.clone().negate(), top: up, bottom: up.clone().negate() };
    for (const letter of letters) {
      const share = ([, axis]) => axis.dot(towards[letter.dataset.edge]);
      const named = AXES.filter((axis) => share(axis) > 0.26).sort((a, b) => share(b) - share(a));
      letter.textContent = named.slice(0, 2).map(([name]) => data.letters[name]).join("");
    }
  }

  function draw() {
    isAsked = false;
    place();
    label();
    renderer.render(scene, camera);
  }

  function redraw() {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(draw);
  }

  function resize() {
    const { clientWidth: width, clientHeight: height } = frame;
    if (!width || !height) return;
    const shown = pose.distance / fitting();
    renderer.setSize(width, height, false);
    camera.aspect = width / height;
    pose.distance = fitting() * shown;
    redraw();
  }

  renderer.setSize(frame.clientWidth, frame.clientHeight, false);
  camera.aspect = frame.clientWidth / frame.clientHeight;
  pose.distance = fitting();
  new ResizeObserver(resize).observe(frame);
  draw();

  return {
    turn(azimuth, elevation) {
      pose.azimuth = (pose.azimuth + azimuth + 540) % 360 - 180;
      pose.elevation = Math.min(Math.max(pose.elevation + elevation, -STEEPEST_DEG), STEEPEST_DEG);
      redraw();
    },
    zoom(factor) {
      const fit = fitting();
      pose.distance = Math.min(Math.max(pose.distance / factor, fit * 0.2), fit * 3);
      redraw();
    },
    look(name) {
      [pose.azimuth, pose.elevation] = VIEWS[name];
      pose.distance = fitting() * (1 + STEP_BACK * apart);
      redraw();
    },
    show(id, isShown) {
      meshes.filter((mesh) => mesh.name === id).forEach((mesh) => {
        mesh.visible = isShown;
      });
      redraw();
    },
    pullApart(fraction) {
      pose.distance *= (1 + STEP_BACK * fraction) / (1 + STEP_BACK * apart); // step back, so that both stay in view
      apart = fraction;
      for (const { id, towards } of data.apart) {
        const mesh = meshes.find((candidate) => candidate.name === id);
        mesh.position.fromArray(towards).multiplyScalar(fraction);
      }
      redraw();
    },
    pose: () => ({ ...pose }),
    // Where the eye is and what it looks at, as plain numbers, so that a scene can glide to the next one.
    aim: () => ({ center: sphere.center.toArray(), radius: sphere.radius, ...pose }),
    aimAt(names, azimuth, elevation, zoom = 1) {
      const around = sphereAround(meshes.filter((mesh) => names.includes(mesh.name)));
      const before = sphere.radius;
      sphere.radius = around.radius;
      const distance = fitting() / zoom;
      sphere.radius = before;
      return { center: around.center.toArray(), radius: around.radius, azimuth, elevation, distance };
    },
    take({ center, radius, azimuth, elevation, distance }) {
      sphere.center.fromArray(center);
      sphere.radius = radius;
      Object.assign(pose, { azimuth, elevation, distance });
      redraw();
    },
    fade(id, opacity) {
      meshes.filter((mesh) => mesh.name === id).forEach((mesh) => {
        const isClear = opacity < 0.995;
        mesh.visible = opacity > 0.01;
        mesh.material.opacity = opacity;
        mesh.material.depthWrite = !isClear;
        if (mesh.material.transparent === isClear) return;
        mesh.material.transparent = isClear;
        mesh.material.needsUpdate = true;
      });
      redraw();
    },
  };
}
