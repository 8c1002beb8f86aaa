"""The browser's part of the mask canvas: drags become boxes and strokes, in shares of the picture."""

from __future__ import annotations

from typing import Final

from components.image_events import OUTBOX_SCRIPT

HTML: Final = """
<div class="editor">
  <div class="bar" role="toolbar" aria-label="Tools">
    <div class="tools" role="radiogroup" aria-label="Tool">
      <label title="Drag a box around the product"><input type="radio" name="tool" value="box" checked>
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 4h4V2H2v6h2zm12-2v2h4v4h2V2zM4 16H2v6h6v-2H4zm16
          4h-4v2h6v-6h-2zM11 2h2v2h-2zm0 18h2v2h-2zM2 11h2v2H2zm18 0h2v2h-2z"/></svg>Box</label>
      <label title="Paint over what belongs to the product"><input type="radio" name="tool" value="keep">
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z"/></svg>Keep</label>
      <label title="Paint over what does not belong to the product"><input type="radio" name="tool" value="drop">
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M5 11h14v2H5z"/></svg>Drop</label>
      <label class="move" title="Move the picture in its frame">
        <input type="radio" name="tool" value="move" aria-label="Move">
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="m12 2 4 4h-3v5h5V8l4 4-4 4v-3h-5v5h3l-4
          4-4-4h3v-5H6v3l-4-4 4-4v3h5V6H8z"/></svg></label>
    </div>
    <div class="zoom">
      <button type="button" class="out" aria-label="Smaller">−</button>
      <output aria-label="Zoom">100%</output>
      <button type="button" class="in" aria-label="Larger">+</button>
    </div>
    <label class="brush" title="Brush size">
      <svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="6" cy="12" r="3"/><circle cx="17" cy="12" r="6"/></svg>
      <input type="range" min="0.5" max="15" step="0.5" value="4" aria-label="Brush size"></label>
  </div>
  <div class="frame" tabindex="0" role="group">
    <div class="stage">
      <img class="picture" alt="" draggable="false">
      <img class="mask" alt="" draggable="false">
      <canvas></canvas>
    </div>
  </div>
  <div class="below">
    <p role="status"></p>
    <label class="shown"><input type="checkbox" checked> Show mask</label>
  </div>
</div>
"""

CSS: Final = """
.editor { font-family: var(--st-font); font-size: 0.875rem; color: var(--st-text-color); }
.bar, .below { display: flex; flex-wrap: wrap; gap: 0.5rem 0.75rem; align-items: center; }
.bar { margin-bottom: 0.5rem; }
.below { margin-top: 0.4rem; flex-wrap: nowrap; align-items: flex-start; justify-content: space-between; }
.tools { display: inline-flex; border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius);
  overflow: hidden; }
.tools label { display: inline-flex; align-items: center; gap: 0.35rem; padding: 0.4rem 0.55rem; cursor: pointer;
  border-left: 1px solid var(--st-border-color); }
.tools label:first-child { border-left: 0; }
.tools input { position: absolute; opacity: 0; width: 1px; height: 1px; }
.tools label:has(:checked) { background: var(--st-primary-color); color: #ffffff; }
.tools label:has(:focus-visible) { outline: 3px solid var(--st-primary-color); outline-offset: -3px;
  box-shadow: inset 0 0 0 4px #ffffff; }
.tools svg { width: 1rem; height: 1rem; fill: currentColor; }
.tools .move:has(:disabled) { cursor: default; }
.tools .move:has(:disabled) svg { opacity: 0.35; }
/* What a tool does not need keeps its place, or the picture would jump below the pointer. */
.editor[data-tool="box"] .brush, .editor[data-tool="move"] .brush { visibility: hidden; }
.brush, .shown { flex: none; display: inline-flex; align-items: center; gap: 0.4rem; }
.brush svg { width: 1rem; height: 1rem; fill: currentColor; }
.brush input { width: 6rem; accent-color: var(--st-primary-color); }
.shown input { accent-color: var(--st-primary-color); width: 1rem; height: 1rem; margin: 0; }
.zoom { display: inline-flex; align-items: center; gap: 0.25rem; }
.zoom output { min-width: 2.75rem; text-align: center; font-variant-numeric: tabular-nums; }
.zoom button { width: 2rem; height: 2rem; font: inherit; font-size: 1.1rem; line-height: 1; cursor: pointer;
  color: inherit; background: var(--st-background-color); border: 1px solid var(--st-border-color);
  border-radius: var(--st-button-radius); }
.zoom button:disabled { opacity: 0.4; cursor: default; }
.zoom button:focus-visible, .frame:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 1px; }
.frame { overflow: auto; max-height: 34rem; border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius); background: var(--st-secondary-background-color); }
.stage { position: relative; margin: 0 auto; user-select: none; -webkit-user-select: none;
  -webkit-touch-callout: none; }
.stage img, .stage canvas { position: absolute; inset: 0; width: 100%; height: 100%; display: block; }
.stage img { pointer-events: none; }
.stage[data-masked="false"] .mask { visibility: hidden; }
canvas { touch-action: none; cursor: crosshair; }
.stage[data-tool="move"] canvas { touch-action: pan-x pan-y; cursor: grab; }
.stage[data-tool="keep"] canvas, .stage[data-tool="drop"] canvas { cursor: none; }
p { margin: 0; min-height: 1.3rem; color: color-mix(in srgb, var(--st-text-color) 75%, transparent); }
@media (pointer: coarse) { .tools label { padding: 0.6rem 0.75rem; } .zoom button { width: 2.5rem; height: 2.5rem; } }
"""

JS: Final = (
    OUTBOX_SCRIPT
    + """
const ZOOMS = [1, 1.5, 2, 3, 4];
const KEEP = "#1fa971";
const DROP = "#e0485a";
const LEAST_DRAG = 0.01;
const MOST_POINTS = 1500;
const HINTS = {
  box: "Drag a box around the product.",
  keep: "Paint over what belongs to the product.",
  drop: "Paint over what does not belong to the product.",
  move: "Drag to move the picture.",
};
const editors = new WeakMap();
// What a person works with stays the same from photo to photo.
const chosen = { tool: "box", brush: 4, masked: true };

class Editor {
  constructor(root) {
    this.root = root;
    this.find = (selector) => root.querySelector(selector);
    this.frame = this.find(".frame");
    this.stage = this.find(".stage");
    this.canvas = this.find("canvas");
    this.pen = this.canvas.getContext("2d");
    this.zoom = 1;
    this.tool = chosen.tool;
    this.drag = null;
    this.pointer = null;
    this.radio(this.tool).checked = true;
    this.find(".brush input").value = chosen.brush;
    this.find(".shown input").checked = this.stage.dataset.masked = chosen.masked;
    this.find(".tools").onchange = (event) => this.choose(event.target.value);
    this.find(".brush input").oninput = (event) => { chosen.brush = event.target.value; this.draw(); };
    this.find(".shown input").onchange = (event) => {
      this.stage.dataset.masked = chosen.masked = event.target.checked;
    };
    this.find(".zoom .in").onclick = () => this.step(1);
    this.find(".zoom .out").onclick = () => this.step(-1);
    this.canvas.onpointerdown = (event) => this.press(event);
    this.canvas.onpointermove = (event) => this.move(event);
    this.canvas.onpointerup = (event) => this.release(event);
    this.canvas.onpointercancel = () => this.cancel();
    this.canvas.onpointerleave = () => { this.pointer = null; this.draw(); };
    root.addEventListener("keydown", (event) => { if (event.key === "Escape") this.cancel(); });
    this.watcher = new ResizeObserver(() => this.fit());
    this.watcher.observe(this.frame);
  }

  show(data, sent) {
    if (this.data?.picture !== data.picture) {
      this.zoom = 1;
      this.drag = null;
    }
    this.data = data;
    this.sent = sent;
    for (const [name, url] of [["picture", data.picture], ["mask", data.mask]]) {
      const image = this.find("." + name);
      if (image.getAttribute("src") !== url) {
        if (url) image.src = url; else image.removeAttribute("src");
      }
    }
    this.find(".picture").alt = data.name;
    this.frame.setAttribute("aria-label", data.name + ". With a keyboard, set the box by its numbers below.");
    this.fit();
  }

  radio(tool) {
    return this.find(`[value="${tool}"]`);
  }

  choose(tool) {
    this.tool = tool;
    if (tool !== "move") chosen.tool = tool;
    this.draw();
  }

  step(by) {
    const at = ZOOMS.indexOf(this.zoom) + by;
    if (at < 0 || at >= ZOOMS.length) return;
    const center = [
      (this.frame.scrollLeft + this.frame.clientWidth / 2) / this.stage.clientWidth,
      (this.frame.scrollTop + this.frame.clientHeight / 2) / this.stage.clientHeight,
    ];
    this.zoom = ZOOMS[at];
    this.fit();
    this.frame.scrollLeft = center[0] * this.stage.clientWidth - this.frame.clientWidth / 2;
    this.frame.scrollTop = center[1] * this.stage.clientHeight - this.frame.clientHeight / 2;
  }

  fit() {
    if (!this.data) return;
    const { width, height } = this.data;
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const scale = Math.min(this.frame.clientWidth / width, (33 * rem) / height) * this.zoom;
    this.stage.style.width = Math.floor(width * scale) + "px";
    this.stage.style.height = Math.floor(height * scale) + "px";
    const density = Math.min(window.devicePixelRatio || 1, 2);
    this.canvas.width = Math.round(this.stage.clientWidth * density);
    this.canvas.height = Math.round(this.stage.clientHeight * density);
    this.radio("move").disabled = this.zoom === 1;
    if (this.zoom === 1 && this.tool === "move") this.radio(chosen.tool).click();
    this.find(".zoom output").textContent = Math.round(this.zoom * 100) + "%";
    this.find(".zoom .out").disabled = this.zoom === ZOOMS[0];
    this.find(".zoom .in").disabled = this.zoom === ZOOMS[ZOOMS.length - 1];
    this.draw();
  }

  share(event) {
    // The canvas's place on the screen already holds every zoom and scroll there is.
    const place = this.canvas.getBoundingClientRect();
    const clip = (value) => Math.round(Math.min(Math.max(value, 0), 1) * 10000) / 10000;
    return [clip((event.clientX - place.left) / place.width), clip((event.clientY - place.top) / place.height)];
  }

  radius() {
    return Number(this.find(".brush input").value) / 200;
  }

  press(event) {
    if (event.button !== 0 || !event.isPrimary) return;
    if (this.tool === "move") {
      if (event.pointerType !== "mouse") return;  // fingers scroll by themselves
      const at = [this.frame.scrollLeft, this.frame.scrollTop];
      this.drag = { tool: "move", from: [event.clientX, event.clientY], at };
    } else {
      event.preventDefault();
      this.drag = { tool: this.tool, points: [this.share(event)], radius: this.radius() };
    }
    this.canvas.setPointerCapture(event.pointerId);
    this.draw();
  }

  move(event) {
    this.pointer = this.share(event);
    if (this.drag?.tool === "move") {
      this.frame.scrollLeft = this.drag.at[0] - event.clientX + this.drag.from[0];
      this.frame.scrollTop = this.drag.at[1] - event.clientY + this.drag.from[1];
      return;
    }
    if (this.drag) {
      for (const one of event.getCoalescedEvents?.() ?? [event]) this.extend(this.share(one));
      this.extend(this.pointer);
    }
    this.draw();
  }

  extend(point) {
    const points = this.drag.points;
    if (this.drag.tool === "box") {
      this.drag.points = [points[0], point];
      return;
    }
    const last = points[points.length - 1];
    if (Math.hypot(point[0] - last[0], point[1] - last[1]) >= 0.003 && points.length < MOST_POINTS) points.push(point);
  }

  release(event) {
    const drag = this.drag;
    this.drag = null;
    if (drag?.tool === "box") {
      const box = boxOf([drag.points[0], this.share(event)]);
      if (box.width >= LEAST_DRAG && box.height >= LEAST_DRAG) this.sent.send({ kind: "box", box });
    } else if (drag && drag.tool !== "move") {
      this.sent.send({ kind: "stroke", keeps: drag.tool === "keep", points: drag.points, radius: drag.radius });
    }
    this.draw();
  }

  cancel() {
    this.drag = null;
    this.draw();
  }

  draw() {
    const { pen, canvas } = this;
    this.stage.dataset.tool = this.find(".editor").dataset.tool = this.tool;
    pen.clearRect(0, 0, canvas.width, canvas.height);
    const waiting = this.sent.events;
    const boxes = waiting.filter((event) => event.kind === "box");
    const box = boxes.length ? boxes[boxes.length - 1].box : this.data.box;
    if (this.drag?.tool === "box") this.outline(boxOf(this.drag.points));
    else if (box) this.outline(box);
    for (const event of waiting) if (event.kind === "stroke") this.stroke(event);
    if (this.drag?.points && this.drag.tool !== "box") this.stroke({ ...this.drag, keeps: this.drag.tool === "keep" });
    if (this.pointer && (this.tool === "keep" || this.tool === "drop")) this.ring();
    const status = this.find("p");
    const words = waiting.length ? "The mask is being updated …" : HINTS[this.tool];
    if (status.textContent !== words) status.textContent = words;
  }

  pixels(share) {
    return share * Math.max(this.canvas.width, this.canvas.height);
  }

  outline(box) {
    const { pen, canvas } = this;
    const [across, down] = [canvas.width, canvas.height];
    const place = [box.left * across, box.top * down, box.width * across, box.height * down];
    const width = across / this.stage.clientWidth;
    pen.setLineDash([]);
    pen.lineWidth = 3.5 * width;
    pen.strokeStyle = "rgba(0, 0, 0, 0.65)";
    pen.strokeRect(...place);
    pen.setLineDash([7 * width, 5 * width]);
    pen.lineWidth = 2 * width;
    pen.strokeStyle = "#ffffff";
    pen.strokeRect(...place);
    pen.setLineDash([]);
  }

  stroke({ points, radius, keeps }) {
    const { pen, canvas } = this;
    pen.globalAlpha = 0.55;
    pen.lineCap = pen.lineJoin = "round";
    pen.lineWidth = 2 * this.pixels(radius);
    pen.strokeStyle = keeps ? KEEP : DROP;
    pen.beginPath();
    pen.moveTo(points[0][0] * canvas.width, points[0][1] * canvas.height);
    for (const [x, y] of points.length > 1 ? points.slice(1) : points) pen.lineTo(x * canvas.width, y * canvas.height);
    pen.stroke();
    pen.globalAlpha = 1;
  }

  ring() {
    const { pen, canvas } = this;
    const at = [this.pointer[0] * canvas.width, this.pointer[1] * canvas.height];
    for (const [width, color] of [[4, "rgba(0, 0, 0, 0.6)"], [2, this.tool === "keep" ? KEEP : DROP]]) {
      pen.lineWidth = width;
      pen.strokeStyle = color;
      pen.beginPath();
      pen.arc(...at, Math.max(this.pixels(this.radius()), 2), 0, 2 * Math.PI);
      pen.stroke();
    }
  }
}

function boxOf([from, to]) {
  const [left, right] = [Math.min(from[0], (to ?? from)[0]), Math.max(from[0], (to ?? from)[0])];
  const [top, bottom] = [Math.min(from[1], (to ?? from)[1]), Math.max(from[1], (to ?? from)[1])];
  return { left, top, width: right - left, height: bottom - top };
}

export default function ({ data, parentElement, setStateValue }) {
  const editor = editors.get(parentElement) ?? new Editor(parentElement);
  editors.set(parentElement, editor);
  editor.show(data, outbox(parentElement, data.heard, setStateValue));
}
"""
)
