// From the text of the page to meshes: positions are 16-bit steps inside one box, corners are point numbers.
import { BufferAttribute, BufferGeometry, DoubleSide, FrontSide, Mesh, MeshStandardMaterial } from "three";
import { toCreasedNormals } from "three/addons/utils/BufferGeometryUtils.js";

const SHARP_EDGE_RAD = 0.9; // the rim of a cut stays an edge, the organ stays smooth

function bytes(base64) {
  const text = atob(base64);
  const array = new Uint8Array(text.length);
  for (let n = 0; n < text.length; n += 1) array[n] = text.charCodeAt(n);
  return array.buffer;
}

function geometryOf(part, box) {
  const steps = new Uint16Array(bytes(part.positions));
  const positions = new Float32Array(steps.length);
  for (let n = 0; n < steps.length; n += 1) positions[n] = box.low[n % 3] + steps[n] * box.step;
  const corners = part.wide ? new Uint32Array(bytes(part.corners)) : new Uint16Array(bytes(part.corners));
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(positions, 3));
  geometry.setIndex(new BufferAttribute(corners, 1));
  if (part.sharp) return toCreasedNormals(geometry, SHARP_EDGE_RAD);
  geometry.computeVertexNormals();
  return geometry;
}

function materialOf(part) {
  const isClear = part.opacity < 1;
  return new MeshStandardMaterial({
    color: part.colour,
    roughness: 0.62,
    metalness: 0,
    opacity: part.opacity,
    transparent: isClear,
    depthWrite: !isClear,
    side: isClear ? DoubleSide : FrontSide,
  });
}

export function readParts(data) {
  return data.parts.map((part) => {
    const mesh = new Mesh(geometryOf(part, data.box), materialOf(part));
    mesh.name = part.id;
    mesh.visible = part.shown;
    return mesh;
  });
}
