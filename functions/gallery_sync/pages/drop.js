// Uploads: names are judged before anything is sent, then each file goes straight into the bucket, in pieces that can be taken up again.
"use strict";
(() => {
  const root = document.getElementById("drop");
  const say = root.dataset;
  const PIECE = 8 * 1024 * 1024;
  const AT_ONCE = 4;
  const TRIES = 6;
  const list = document.getElementById("files");
  const status = document.getElementById("status");
  const send = document.getElementById("send");
  const picked = new Map();
  const batch = crypto.randomUUID();
  let sending = false;

  const table = new Uint32Array(256);
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
    table[n] = c >>> 0;
  }

  async function crc32c(file) {
    let crc = 0xffffffff;
    const reader = file.stream().getReader();
    for (let read = await reader.read(); !read.done; read = await reader.read())
      for (const byte of read.value) crc = table[(crc ^ byte) & 0xff] ^ (crc >>> 8);
    crc = (crc ^ 0xffffffff) >>> 0;
    return btoa(String.fromCharCode(crc >>> 24, (crc >>> 16) & 255, (crc >>> 8) & 255, crc & 255));
  }

  async function ask(path, body) {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Form-Token": say.token },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

  function filled(text, values) {
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  function row(path) {
    const item = document.createElement("li");
    const name = document.createElement("strong");
    name.className = "name";
    name.textContent = path;
    const text = document.createElement("p");
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.hidden = true;
    bar.setAttribute("aria-label", path);
    item.append(name, text, bar);
    return { item, text, bar };
  }

  async function add(files) {
    const fresh = files.filter(({ path }) => !picked.has(path));
    for (let at = 0; at < fresh.length; at += 100) {
      const some = fresh.slice(at, at + 100);
      const asked = some.map(({ path, file }) => ({ path, size: file.size }));
      const answers = await ask("/drop/names", { files: asked, into: say.into });
      answers.forEach((answer, n) => show(some[n], answer));
    }
    count();
  }

  function show({ path, file }, answer) {
    const made = row(path);
    picked.set(path, { file, ...made, name: answer.name, state: answer.why ? "refused" : "ready" });
    if (answer.why) {
      made.item.className = "failed";
      made.text.textContent = answer.why;
      // What needs the person stands first.
      list.prepend(made.item);
      return;
    }
    made.text.textContent = answer.product ? filled(say.for, { product: answer.product, code: answer.code }) : "";
    list.append(made.item);
  }

  function count() {
    const states = [...picked.values()].map((one) => one.state);
    const of = (state) => states.filter((one) => one === state).length;
    const total = { ready: of("ready"), refused: of("refused"), sent: of("sent") + of("same"), failed: of("failed") };
    status.textContent = filled(say.count, total);
    send.hidden = total.ready + total.failed === 0;
    send.disabled = sending;
  }

  async function upload(one) {
    one.bar.hidden = false;
    one.state = "sending";
    const sum = await crc32c(one.file);
    const kept = `upload ${one.name} ${one.file.size} ${sum}`;
    let address = localStorage.getItem(kept);
    let at = address ? await reached(address, one.file.size) : null;
    if (at === null) {
      const answer = await ask("/drop/start", { name: one.name, size: one.file.size, crc32c: sum, batch });
      if (answer.same) return "same";
      address = answer.address;
      localStorage.setItem(kept, address);
      at = 0;
    }
    for (let tries = 0; at < one.file.size || (one.file.size === 0 && tries === 0); ) {
      const end = Math.min(at + PIECE, one.file.size);
      let next = null;
      try {
        next = await put(address, one.file.slice(at, end), at, end, one.file.size);
      } catch {
        // The connection broke: what has arrived the storage tells.
      }
      if (next === null) {
        if (++tries > TRIES) throw new Error("lost");
        await pause(Math.min(1000 * 2 ** tries, 30000) * (0.5 + Math.random() / 2));
        next = await reached(address, one.file.size).catch(() => at);
        if (next === null) {
          localStorage.removeItem(kept);
          throw new Error("gone");
        }
      } else {
        tries = 0;
      }
      at = next;
      one.bar.value = one.file.size ? at / one.file.size : 1;
      if (one.file.size === 0) break;
    }
    localStorage.removeItem(kept);
    return "sent";
  }

  async function put(address, body, at, end, size) {
    const range = size === 0 ? "bytes */0" : `bytes ${at}-${end - 1}/${size}`;
    const answer = await fetch(address, { method: "PUT", headers: { "Content-Range": range }, body });
    return progress(answer, size);
  }

  // How far an upload came; null where it is not there any more.
  async function reached(address, size) {
    const answer = await fetch(address, { method: "PUT", headers: { "Content-Range": `bytes */${size}` } });
    if (answer.status === 404 || answer.status === 410) return null;
    return progress(answer, size);
  }

  function progress(answer, size) {
    if (answer.ok) return size;
    if (answer.status !== 308) throw new Error(String(answer.status));
    const range = /bytes=0-(\d+)/.exec(answer.headers.get("Range") || "");
    return range ? Number(range[1]) + 1 : 0;
  }

  async function worker(waiting) {
    for (let one = waiting.shift(); one; one = waiting.shift()) {
      try {
        one.state = await upload(one);
        one.bar.value = 1;
        one.text.textContent = one.state === "same" ? say.same : say.sent;
        one.item.className = "live";
      } catch (error) {
        one.state = "failed";
        one.item.className = "failed";
        one.text.textContent = error.message === "429" ? say.slow : say.failed;
      }
      count();
    }
  }

  send.addEventListener("click", async () => {
    sending = true;
    count();
    const waiting = [...picked.values()].filter((one) => one.state === "ready" || one.state === "failed");
    await Promise.all(Array.from({ length: AT_ONCE }, () => worker(waiting)));
    sending = false;
    count();
  });

  addEventListener("beforeunload", (event) => {
    if (sending) event.preventDefault();
  });

  for (const input of root.querySelectorAll("input[type=file]"))
    input.addEventListener("change", () => {
      take([...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
      input.value = "";
    });

  root.addEventListener("dragover", (event) => event.preventDefault());
  root.addEventListener("drop", async (event) => {
    event.preventDefault();
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
    const found = [];
    for (const entry of entries) await walk(entry, found);
    take(found);
  });

  async function walk(entry, found) {
    if (entry.isFile) {
      const file = await new Promise((done, failed) => entry.file(done, failed));
      found.push({ path: entry.fullPath.replace(/^\//, ""), file });
      return;
    }
    const reader = entry.createReader();
    for (;;) {
      const some = await new Promise((done, failed) => reader.readEntries(done, failed));
      if (!some.length) return;
      for (const one of some) await walk(one, found);
    }
  }

  function take(files) {
    add(files).catch(() => {
      status.textContent = say.unasked;
    });
  }
})();
