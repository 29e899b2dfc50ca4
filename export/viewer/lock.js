// A sealed story: the words of the code open it here, on this device; nothing is sent.
const sealed = JSON.parse(document.getElementById("sealed-data").textContent);
const [form, field, said] = ["lock", "code", "said"].map((id) => document.getElementById(id));

const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

// Written by hand from paper: capitals, accents, spaces and hyphens make no difference.
const tidied = (code) =>
  code.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().split(/[^a-z]+/).filter(Boolean).join(" ");

async function opened(code) {
  const secret = await crypto.subtle.importKey("raw", new TextEncoder().encode(tidied(code)), "PBKDF2", false, ["deriveKey"]);
  const stretching = { name: "PBKDF2", hash: "SHA-256", salt: bytes(sealed.salt), iterations: sealed.rounds };
  const key = await crypto.subtle.deriveKey(stretching, secret, { name: "AES-GCM", length: 256 }, false, ["decrypt"]);
  return crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(sealed.nonce) }, key, bytes(sealed.content));
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!globalThis.crypto?.subtle) {
    said.textContent = said.dataset.noCrypto;
    return;
  }
  said.textContent = said.dataset.working;
  try {
    const html = new TextDecoder().decode(await opened(field.value));
    document.open();
    document.write(html);
    document.close();
  } catch {
    said.textContent = said.dataset.wrong;
    field.select();
  }
});
