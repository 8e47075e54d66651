// Microphone, camera and screen of this page.

// What goes wrong with devices, by the name of the error (W3C Media Capture), in words that say what to do.
export const DEVICE_ERRORS = {
  NotAllowedError: "Camera and microphone are blocked. Allow them in the address bar, or join without them.",
  NotFoundError: "No camera or microphone was found. Plug one in, or join without them.",
  NotReadableError: "The camera or microphone is in use by another program. Close it, or join without them.",
  OverconstrainedError: "No camera fits what was asked for.",
  SecurityError: "This page may not use cameras or microphones.",
};

export function deviceError(error) {
  return DEVICE_ERRORS[error.name] ?? `Camera and microphone do not work: ${error.message || error.name}`;
}

export class Media {
  constructor() {
    this.stream = new MediaStream();
    this.screen = null;
    this.onscreenend = () => {};
  }

  // Asks for a camera and a microphone; for one of them if there is no other. Throws what the browser says.
  async open() {
    const devices = navigator.mediaDevices;
    if (!devices) throw new DOMException("this page is not served over HTTPS or from localhost", "SecurityError");
    let stream;
    try {
      stream = await devices.getUserMedia({ audio: true, video: { width: { ideal: 640 }, height: { ideal: 480 } } });
    } catch (error) {
      if (error.name !== "NotFoundError") throw error;
      stream = await devices.getUserMedia({ audio: true }).catch(() => devices.getUserMedia({ video: true }));
    }
    for (const track of stream.getTracks()) this.stream.addTrack(track);
  }

  track(kind) {
    return this.stream.getTracks().find((track) => track.kind === kind);
  }

  // What a new connection sends.
  tracks() {
    const video = this.videoTrack();
    return [this.track("audio"), video].filter(Boolean);
  }

  videoTrack() {
    return this.screen?.getVideoTracks()[0] ?? this.track("video") ?? null;
  }

  switches() {
    const isOn = (track) => Boolean(track?.enabled);
    return { audio: isOn(this.track("audio")), video: this.screen !== null || isOn(this.track("video")) };
  }

  toggle(kind) {
    const track = this.track(kind);
    if (track) track.enabled = !track.enabled;
    return Boolean(track?.enabled);
  }

  // The next camera, if there are several. Returns whether the track is another one now.
  async nextCamera() {
    const devices = await navigator.mediaDevices.enumerateDevices();
    const cameras = devices.filter((device) => device.kind === "videoinput");
    const current = this.track("video");
    if (!current || cameras.length < 2) return false;
    const at = cameras.findIndex((camera) => camera.deviceId === current.getSettings().deviceId);
    const { deviceId } = cameras[(at + 1) % cameras.length];
    const stream = await navigator.mediaDevices.getUserMedia({ video: { deviceId: { exact: deviceId } } });
    const [next] = stream.getVideoTracks();
    next.enabled = current.enabled;
    current.stop();
    this.stream.removeTrack(current);
    this.stream.addTrack(next);
    return true;
  }

  async shareScreen() {
    this.screen = await navigator.mediaDevices.getDisplayMedia({ video: true });
    // The browser's own button ends it, too.
    this.screen.getVideoTracks()[0].onended = () => {
      this.endScreen();
      this.onscreenend();
    };
  }

  endScreen() {
    this.screen?.getTracks().forEach((track) => track.stop());
    this.screen = null;
  }

  close() {
    this.endScreen();
    for (const track of this.stream.getTracks()) {
      track.stop();
      this.stream.removeTrack(track);
    }
  }
}
