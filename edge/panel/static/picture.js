/** The operator's picture: one frame is asked for when the one before is drawn, so that nothing ever queues. */
import { formatAge } from "/web/ages.js";

const STALE_MS = 2_000;
const AGAIN_MS = 1_000;

export class Picture {
  constructor() {
    /** @type {WebSocket | null} */
    this._socket = null;
    this._isWanted = false;
    this._drawn_ms = 0;
    this.frames = 0;
    this._note = document.createElement("p");
    this._note.className = "picture-note";
    setInterval(() => this._judge(), 500);
  }

  get _canvas() {
    return /** @type {HTMLCanvasElement | null} */ (document.getElementById("picture"));
  }

  /** @param {boolean} isWanted somebody has answered */
  show(isWanted) {
    this._isWanted = isWanted;
    if (isWanted && !this._socket) this._open();
    if (!isWanted) {
      this._socket?.close();
      this._hide();
    }
  }

  _open() {
    const url = new URL("/picture", location.href);
    url.protocol = "ws:";
    const socket = this._socket = new WebSocket(url);
    socket.binaryType = "blob";
    socket.onmessage = (message) => void this._draw(socket, message.data);
    socket.onclose = () => {
      this._socket = null;
      this._hide();
      setTimeout(() => { if (this._isWanted && !this._socket) this._open(); }, AGAIN_MS);
    };
  }

  /** @param {WebSocket} socket @param {Blob | string} data a JPEG; a text: nobody is to be seen */
  async _draw(socket, data) {
    const canvas = this._canvas;
    if (data instanceof Blob && canvas) {
      const bitmap = await createImageBitmap(data);
      if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
        canvas.width = bitmap.width;
        canvas.height = bitmap.height;
      }
      canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
      bitmap.close();
      canvas.hidden = false;
      document.body.classList.add("has-picture");
      this._drawn_ms = performance.now();
      this.frames++;
      canvas.dataset.frames = String(this.frames);
    } else {
      this._hide();
    }
    if (socket.readyState === WebSocket.OPEN) socket.send("next");
  }

  _hide() {
    if (this._canvas) this._canvas.hidden = true;
    document.body.classList.remove("has-picture");
    this._note.remove();
  }

  /** What stands still says so: a face that does not move is not there. */
  _judge() {
    const canvas = this._canvas;
    if (!canvas || canvas.hidden) return;
    const age_ms = performance.now() - this._drawn_ms, isOld = age_ms > STALE_MS;
    canvas.classList.toggle("is-old", isOld);
    if (!isOld) return this._note.remove();
    this._note.textContent = (canvas.dataset.stands ?? "{age}").replace("{age}", formatAge(age_ms));
    if (!this._note.isConnected) canvas.after(this._note);
  }
}
