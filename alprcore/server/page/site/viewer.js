// SPDX-License-Identifier: Apache-2.0
// The photo: fitted, zoomed and moved by buttons, keys, pinch, wheel and drag.

import { $ } from "./dom.js";
import { drawMarks } from "./marks.js";
import { count, flat } from "./words.js";

const STEP = 1.6;
const CLOSEST = 6; // screen pixels for one of the photo
const PLATE_SHARE = 0.5; // of the width, when a plate is zoomed to

export class Viewer {
  constructor(onPick) {
    this.onPick = onPick;
    this.photo = null;
    this.size = { width: 4, height: 3 };
    this.zoom = 1;
    this.middle = { x: 2, y: 1.5 };
    this.fingers = new Map();
    this.listen();
    new ResizeObserver(() => this.draw()).observe($("stage"));
  }

  /** Show a photo; its view may come later, with `refresh`. */
  async show(photo) {
    this.photo = photo;
    const image = $("photo");
    image.src = photo.url;
    image.hidden = true;
    $("marks").replaceChildren(); // those of the photo before
    const shown = await image.decode().then(() => true, () => false);
    if (this.photo !== photo) return;
    photo.shown = shown;
    this.adopt();
    this.fit();
  }

  /** Take what has become known of the photo. */
  refresh() {
    const before = this.size;
    this.adopt();
    if (before.width !== this.size.width || before.height !== this.size.height) this.fit();
    else this.draw();
  }

  adopt() {
    const { photo } = this;
    const image = $("photo");
    const view = photo.view ?? null;
    if (photo.shown) this.size = { width: image.naturalWidth, height: image.naturalHeight };
    else if (view?.width) this.size = { width: view.width, height: view.height };
    image.hidden = !photo.shown;
    $("blind").hidden = photo.shown !== false || !view;
    $("picture").hidden = photo.shown === false && !view;
    $("stage").classList.toggle("reading", ["waiting", "reading", "busy"].includes(photo.state));
    $("stage").style.aspectRatio = `${this.size.width} / ${this.size.height}`;
    const plates = view ? view.plates.map((plate) => flat(plate.text)) : [];
    image.alt = `${photo.file.name || "Pasted photo"}${plates.length ? `, with ${count(plates.length, "plate")} marked: ${plates.join(", ")}` : ""}`;
  }

  fit() {
    this.zoom = 1;
    this.middle = { x: this.size.width / 2, y: this.size.height / 2 };
    this.draw();
  }

  /** Bring a plate close. */
  zoomTo(plate) {
    const xs = plate.corners.map((corner) => corner.x);
    const ys = plate.corners.map((corner) => corner.y);
    const width = Math.max(8, Math.max(...xs) - Math.min(...xs));
    this.middle = { x: (Math.max(...xs) + Math.min(...xs)) / 2, y: (Math.max(...ys) + Math.min(...ys)) / 2 };
    this.zoom = Math.min(this.closest(), ($("stage").clientWidth * PLATE_SHARE) / width / this.fitted());
    this.draw();
    $("picture").scrollIntoView({ block: "nearest" });
  }

  fitted() {
    const { clientWidth, clientHeight } = $("stage");
    return Math.min(clientWidth / this.size.width, clientHeight / this.size.height) || 1;
  }

  closest() {
    return Math.max(1, CLOSEST / this.fitted());
  }

  /** Zoom by a factor about a point of the stage, its middle unless given. */
  by(factor, at) {
    const stage = $("stage");
    const about = at ?? { x: stage.clientWidth / 2, y: stage.clientHeight / 2 };
    const before = this.toPhoto(about);
    this.zoom = Math.max(1, Math.min(this.closest(), this.zoom * factor));
    const after = this.toPhoto(about);
    this.middle = { x: this.middle.x + before.x - after.x, y: this.middle.y + before.y - after.y };
    this.draw();
  }

  move(dx, dy) {
    const scale = this.fitted() * this.zoom;
    this.middle = { x: this.middle.x - dx / scale, y: this.middle.y - dy / scale };
    this.draw();
  }

  toPhoto({ x, y }) {
    const stage = $("stage");
    const scale = this.fitted() * this.zoom;
    return { x: this.middle.x + (x - stage.clientWidth / 2) / scale, y: this.middle.y + (y - stage.clientHeight / 2) / scale };
  }

  draw() {
    const stage = $("stage");
    const { clientWidth: wide, clientHeight: high } = stage;
    if (!this.photo || !wide || !high) return;
    const scale = this.fitted() * this.zoom;
    for (const [axis, side, room] of [["x", "width", wide], ["y", "height", high]]) {
      const half = Math.min(this.size[side] / 2, room / scale / 2); // the photo fills the stage, or stands in its middle
      this.middle[axis] = Math.max(half, Math.min(this.size[side] - half, this.middle[axis]));
    }
    const left = wide / 2 - this.middle.x * scale;
    const top = high / 2 - this.middle.y * scale;
    const image = $("photo");
    image.style.width = `${this.size.width}px`;
    image.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
    stage.classList.toggle("zoomed", this.zoom > 1.001);
    $("zoom-out").disabled = $("zoom-fit").disabled = this.zoom <= 1.001;
    $("zoom-in").disabled = this.zoom >= this.closest() - 0.001;
    drawMarks($("marks"), this.photo.view, ({ x, y }) => ({ x: left + x * scale, y: top + y * scale }), this.onPick);
  }

  light(index) {
    for (const group of $("marks").querySelectorAll("g[data-plate], g[data-car]")) {
      const own = group.dataset.plate ?? group.dataset.car;
      group.classList.toggle("quiet", index !== null && own !== String(index));
    }
  }

  listen() {
    const stage = $("stage");
    $("zoom-in").addEventListener("click", () => this.by(STEP));
    $("zoom-out").addEventListener("click", () => this.by(1 / STEP));
    $("zoom-fit").addEventListener("click", () => this.fit());
    stage.addEventListener("dblclick", (event) => this.by(2, { x: event.offsetX, y: event.offsetY }));
    // A plain wheel scrolls the page; with Ctrl, and as a pinch on a touchpad, it zooms.
    stage.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.by(Math.exp(-event.deltaY / 200), this.within(event));
    }, { passive: false });
    stage.addEventListener("keydown", (event) => this.key(event));
    stage.addEventListener("pointerdown", (event) => this.fingers.set(event.pointerId, this.within(event)));
    stage.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel", "pointerleave"])
      stage.addEventListener(end, (event) => this.fingers.delete(event.pointerId));
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = {
      "+": () => this.by(STEP), "=": () => this.by(STEP), "-": () => this.by(1 / STEP), 0: () => this.fit(),
      ...(this.zoom > 1.001 && { ArrowLeft: () => this.move(60, 0), ArrowRight: () => this.move(-60, 0),
        ArrowUp: () => this.move(0, 60), ArrowDown: () => this.move(0, -60) }),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  within(event) {
    const box = $("stage").getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  drag(event) {
    const last = this.fingers.get(event.pointerId);
    if (!last) return;
    const now = this.within(event);
    const other = [...this.fingers].find(([id]) => id !== event.pointerId)?.[1];
    if (other) {
      const spread = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
      this.by(spread(now) / spread(last), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
    } else if (this.zoom > 1.001) this.move(now.x - last.x, now.y - last.y);
    this.fingers.set(event.pointerId, now);
  }
}
