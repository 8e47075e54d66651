// The video grid: one tile for each member and one for ourselves.

export class Tiles {
  constructor(grid, template) {
    Object.assign(this, { grid, template, tiles: new Map() });
  }

  get(id) {
    return this.tiles.get(id);
  }

  // The tile of a member, made if it is new.
  open(id, name) {
    if (this.tiles.has(id)) return this.tiles.get(id);
    const root = this.template.content.firstElementChild.cloneNode(true);
    root.dataset.id = id;
    this.grid.append(root);
    const tile = new Tile(root, name);
    this.tiles.set(id, tile);
    this.arrange();
    return tile;
  }

  close(id) {
    this.tiles.get(id)?.root.remove();
    this.tiles.delete(id);
    this.arrange();
  }

  clear() {
    for (const id of [...this.tiles.keys()]) this.close(id);
  }

  arrange() {
    const count = this.tiles.size;
    this.grid.style.setProperty("--columns", Math.ceil(Math.sqrt(count)) || 1);
    this.grid.style.setProperty("--columns-narrow", count > 2 ? 2 : 1);
  }
}

class Tile {
  constructor(root, name) {
    const find = (selector) => root.querySelector(selector);
    Object.assign(this, { root, video: find("video"), badge: find(".badge"), muted: find(".muted") });
    this.rename(name);
    this.shows(false);
    const [mute, volume] = [find(".volume button"), find(".volume input")];
    volume.oninput = () => { this.video.volume = Number(volume.value); };
    mute.onclick = () => {
      this.video.muted = !this.video.muted;
      mute.setAttribute("aria-pressed", String(this.video.muted));
    };
  }

  rename(name) {
    this.name = name;
    this.root.querySelector("b").textContent = name;
    this.root.querySelector(".avatar").textContent = (Array.from(name)[0] ?? "?").toUpperCase();
  }

  // Our own picture: mirrored, and silent.
  own(stream) {
    this.root.classList.add("own");
    this.badge.hidden = true;
    this.video.muted = true;
    this.video.srcObject = stream;
  }

  attach(stream) {
    if (this.video.srcObject !== stream) this.video.srcObject = stream;
    // Autoplay with sound needs a gesture, which was the click on "join"; a refusal is no error of ours.
    this.video.play().catch(() => {});
  }

  shows(hasVideo, isScreen = false) {
    this.root.classList.toggle("dark", !hasVideo);
    this.root.classList.toggle("screen", isScreen);
  }

  hears(hasAudio) {
    this.muted.toggleAttribute("hidden", hasAudio);
  }

  state(state) {
    this.badge.dataset.state = state;
    this.badge.textContent = state;
    this.badge.hidden = state === "connected" && !this.details;
  }

  // What getStats says, on the badge.
  stats(text) {
    this.details = text;
    this.badge.title = text;
    this.badge.hidden = false;
    this.badge.textContent = text;
  }
}
