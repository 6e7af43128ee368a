// SPDX-License-Identifier: Apache-2.0
// The photos of this visit: what each is, how far it is, and a queue that reads them.

import { readPhoto, viewOf } from "./server.js";

const AT_ONCE = 2; // other people want their photos read, too

/** A photo is `{id, file, url, state, view, reply, kind, said, ms}`; `state` is one of waiting,
 * reading, busy, done, failed. */
export class Photos {
  constructor(settings, changed) {
    this.all = [];
    this.settings = settings;
    this.changed = changed;
    this.running = 0;
    this.next = 1;
  }

  add(files) {
    const added = files.map((file) => ({ id: this.next++, file, url: URL.createObjectURL(file), state: "waiting" }));
    this.all.push(...added);
    this.go();
    return added;
  }

  /** Read a photo again. */
  again(photo) {
    photo.stop?.abort();
    Object.assign(photo, { state: "waiting", view: null, reply: null, kind: null, said: "" });
    this.changed(photo);
    this.go();
  }

  stop(photo) {
    photo.stop?.abort();
    if (photo.state === "waiting") this.fail(photo, { kind: "stopped", said: "" });
  }

  clear() {
    for (const photo of this.all) {
      photo.gone = true;
      photo.stop?.abort();
      URL.revokeObjectURL(photo.url);
    }
    this.all = [];
  }

  go() {
    while (this.running < AT_ONCE) {
      const photo = this.all.find((each) => each.state === "waiting");
      if (!photo) return;
      this.read(photo);
    }
  }

  async read(photo) {
    const stop = photo.stop = new AbortController();
    const current = () => photo.stop === stop && !photo.gone;
    this.running += 1;
    photo.state = "reading";
    this.changed(photo);
    const begin = performance.now();
    try {
      const busy = () => { if (current()) { photo.state = "busy"; this.changed(photo); } };
      const reply = await readPhoto(photo.file, this.settings(), stop.signal, busy);
      if (current()) Object.assign(photo, { state: "done", reply, view: viewOf(reply), ms: performance.now() - begin });
    } catch (error) {
      if (current()) this.fail(photo, error);
    } finally {
      this.running -= 1;
      if (current()) this.changed(photo);
      this.go();
    }
  }

  fail(photo, error) {
    Object.assign(photo, { state: "failed", kind: error.kind ?? "strange", said: error.said ?? String(error) });
    this.changed(photo);
  }
}
