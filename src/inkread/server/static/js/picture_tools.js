/** The buttons that turn and crop a picture before it is read again, and restore it. */

import { $, say } from "./dom.js";
import { cropped, turned } from "./turned.js";
import { sentence } from "./words.js";

const WORDS =
  "Part of the picture to read. Arrow keys move it; with Shift, they resize it. Enter reads it, Escape "
  + "cancels.";

export class PictureTools {
  #shown = null; // {item, image, boxes}
  #box = null;
  #cropping = false;

  /** @param {(item: Object, picture: File) => void} replace shows and reads another picture for an item. */
  constructor(replace) {
    this.replace = replace;
    $("turn").addEventListener("click", () => this.#change((picture) => turned(picture)));
    $("crop").addEventListener("click", () => (this.#cropping ? this.#stop() : this.#start()));
    $("crop-apply").addEventListener("click", () => this.#crop());
    $("original").addEventListener("click", () => this.replace(this.#shown.item, this.#shown.item.original));
  }

  /** Shows the tools for a picture. */
  show(item, image, boxes) {
    if (this.#cropping) this.#stop();
    this.#shown = { item, image, boxes };
    $("original").hidden = !item.original || item.original === item.picture;
    this.enable(!item.drawn);
  }

  /** Pictures that the browser cannot show cannot be changed here. */
  enable(possible) {
    for (const id of ["turn", "crop"]) $(id).disabled = !possible;
  }

  #start() {
    const { image, boxes } = this.#shown;
    const picture = { width: image.naturalWidth, height: image.naturalHeight };
    if (!picture.width) return;
    this.#cropping = true;
    boxes.startMark({
      picture,
      words: WORDS,
      usual: { wide: picture.width / 2, high: picture.height / 2 },
      drawn: (box) => {
        this.#box = box;
        $("crop-apply").hidden = !box;
      },
      key: (event) => {
        if (event.key === "Escape") this.#stop();
        else if (event.key === "Enter" && this.#box) this.#crop();
      },
    });
    this.#tell();
  }

  #stop() {
    this.#cropping = false;
    this.#box = null;
    this.#shown.boxes.stopMark();
    $("crop-apply").hidden = true;
    this.#tell();
  }

  #tell() {
    $("crop").setAttribute("aria-pressed", String(this.#cropping));
    say($("crop"), this.#cropping ? "Cancel" : "Crop");
    const hint = this.#cropping ? "Drag a box around the part to read." : "";
    say($("picture-hint"), hint);
  }

  #crop() {
    const box = this.#box;
    this.#stop();
    this.#change((picture) => cropped(picture, box));
  }

  async #change(work) {
    const { item } = this.#shown;
    try {
      const picture = await work(item.picture);
      item.original ??= item.picture;
      this.replace(item, picture);
    } catch (error) {
      say($("picture-hint"), sentence(error.message));
    }
  }
}
