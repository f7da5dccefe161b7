/** The Camera tab: reads frames one at a time while the camera is running. */

import { isAbort } from "./api.js";
import { Boxes } from "./boxes.js";
import { $, el, say, toBlob } from "./dom.js";
import { Shots } from "./shots.js";
import { ReadingView } from "./view.js";

const LONGEST = 960; // pixels of the longer side of a frame sent to the reader
const REST = 80; // milliseconds between a response and the next frame
const AFTER_PROBLEM = 1500;

const WORDS = {
  NotAllowedError:
    "Camera access was denied. Allow it for this page in the browser’s address bar, and start again.",
  NotFoundError: "No camera was found. Connect one and start again, or upload a picture.",
  NotReadableError:
    "The camera is in use by another program or not responding. Close the program and start again.",
  OverconstrainedError: "This camera cannot be used. Choose another one.",
};

const INSECURE =
  "Browsers allow camera access only for pages from HTTPS or from this computer (http://localhost). "
  + "You can still photograph digits and upload the picture.";

function canUseCamera() {
  return isSecureContext && Boolean(navigator.mediaDevices?.getUserMedia);
}

/** Returns the message for an unavailable camera. */
export function wordsFor(error) {
  return WORDS[error?.name] ?? "The camera could not be started. Try again, or upload a picture.";
}

export class CameraTab {
  #stream = null;
  #run = 0;
  #controller = null;
  #frozen = false;

  constructor({ api, corrections, options, alphabet, model, add }) {
    Object.assign(this, { api, corrections, model });
    this.shots = new Shots({ read: (file) => this.#readShot(file), add });
    this.view = new ReadingView($("camera-reading"), {
      options,
      corrections,
      alphabet,
      invitation: () => "The camera is off.",
    });
    this.boxes = new Boxes($("camera-boxes"), {
      live: true,
      select: (place) => this.view.select(place),
      key: (event, place) => this.view.key(event, place),
    });
    this.view.link(this.boxes);
    $("camera-start").addEventListener("click", () => this.start());
    $("camera-stop").addEventListener("click", () => {
      this.stop();
      $("camera-start").focus();
    });
    $("camera-freeze").addEventListener("click", () => this.#freeze(!this.#frozen));
    $("camera-capture").addEventListener("click", () => this.#capture());
    $("camera-device").addEventListener("change", () => this.start($("camera-device").value));
    document.addEventListener("visibilitychange", () => document.hidden && this.stop());
    if (!canUseCamera()) this.#explain();
  }

  async start(device = null) {
    this.stop();
    if (!canUseCamera()) {
      this.#explain();
      return;
    }
    const run = this.#run;
    $("camera-start").disabled = true;
    const size = { width: { ideal: 1280 }, height: { ideal: 720 } };
    const which = device ? { deviceId: { exact: device } } : { facingMode: { ideal: "environment" } };
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { ...which, ...size },
      });
      if (run !== this.#run) return stream.getTracks().forEach((track) => track.stop());
      await this.#play(stream);
    } catch (error) {
      this.stop();
      say($("camera-words"), wordsFor(error));
    } finally {
      $("camera-start").disabled = false;
    }
    return undefined;
  }

  #explain() {
    say($("camera-words"), INSECURE);
    $("camera-https").hidden = false;
  }

  stop() {
    this.#run += 1;
    this.#controller?.abort();
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = null;
    this.#frozen = false;
    const video = $("video");
    video.srcObject = null;
    video.hidden = $("frozen").hidden = $("camera-actions").hidden = true;
    $("camera-placeholder").hidden = false;
    this.boxes.live = true;
    this.view.clear();
    this.#button();
  }

  async #play(stream) {
    this.#stream = stream;
    const run = this.#run;
    const video = $("video");
    video.srcObject = stream;
    stream.getVideoTracks()[0].addEventListener("ended", () => run === this.#run && this.stop());
    await video.play();
    if (run !== this.#run) return;
    video.hidden = $("camera-actions").hidden = false;
    $("camera-placeholder").hidden = true;
    this.view.clear("");
    this.view.busy();
    this.#devices(stream);
    this.#loop(run);
    $("camera-freeze").focus({ preventScroll: true });
  }

  async #devices(stream) {
    const cameras = (await navigator.mediaDevices.enumerateDevices()).filter(
      ({ kind }) => kind === "videoinput",
    );
    const current = stream.getVideoTracks()[0].getSettings().deviceId;
    $("camera-choose").hidden = cameras.length < 2;
    const options = cameras.map(({ deviceId, label }, index) => (
      el("option", { value: deviceId, selected: deviceId === current }, label || `Camera ${index + 1}`)
    ));
    $("camera-device").replaceChildren(...options);
  }

  /** Reads frame after frame until the camera is stopped or frozen. */
  async #loop(run) {
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    while (run === this.#run && !this.#frozen) {
      let rest = REST;
      try {
        const frame = this.#grab();
        const picture = await toBlob(frame, "image/jpeg", 0.85);
        const model = this.model();
        const reading = await this.api.read(picture, {
          name: "camera.jpg",
          model,
          detail: true,
          keep: this.corrections.passing(),
          signal,
        });
        if (signal.aborted) return;
        this.frame = frame;
        $("camera-stage").style.setProperty("--ratio", reading.width / reading.height);
        this.view.show({ reading, picture, name: "camera.jpg", model });
      } catch (error) {
        if (isAbort(error) || signal.aborted) return;
        this.view.problem(error);
        rest = AFTER_PROBLEM;
      }
      await new Promise((resolve) => { setTimeout(resolve, rest); });
    }
  }

  #grab(longest = LONGEST) {
    const video = $("video");
    const scale = Math.min(1, longest / Math.max(video.videoWidth, video.videoHeight));
    const canvas = el("canvas", {
      width: Math.round(video.videoWidth * scale),
      height: Math.round(video.videoHeight * scale),
    });
    canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
    return canvas;
  }

  /** Freezes the last frame that was read, so that the boxes match it. */
  #freeze(frozen) {
    if (frozen && !this.view.item) return;
    this.#frozen = frozen;
    this.#controller?.abort();
    this.boxes.live = !frozen;
    $("frozen").hidden = !frozen;
    $("video").hidden = frozen;
    if (frozen) {
      Object.assign($("frozen"), { width: this.frame.width, height: this.frame.height });
      $("frozen").getContext("2d").drawImage(this.frame, 0, 0);
      this.view.show(this.view.item);
    } else this.#loop(this.#run);
    this.#button();
  }

  #button() {
    $("camera-freeze").textContent = this.#frozen ? "Resume" : "Freeze";
  }

  async #capture() {
    const canvas = this.#frozen ? this.frame : this.#grab(Infinity);
    const picture = await toBlob(canvas, "image/jpeg", 0.92);
    const time = new Date().toTimeString().slice(0, 8).replaceAll(":", ".");
    this.shots.add(new File([picture], `camera ${time}.jpg`, { type: "image/jpeg" }));
  }

  #readShot(file) {
    return this.api.read(file, {
      name: file.name,
      model: this.model(),
      keep: this.corrections.passing(),
      patient: true,
    });
  }
}
