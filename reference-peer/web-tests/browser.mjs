// Chromium with fake devices, on the loopback interface.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const PLACES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export async function launch(options = {}) {
  const executablePath = PLACES.find((place) => place && existsSync(place));
  if (!executablePath) throw new Error("no Chromium: install Debian's package chromium, or name one in CHROMIUM");
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream",
      "--allow-loopback-in-peer-connection", "--autoplay-policy=no-user-gesture-required",
      ...(options.denyMedia ? ["--deny-permission-prompts"] : ["--use-fake-ui-for-media-stream"]),
      ...(options.args ?? []),
    ],
  });
}

// Opens the page and joins a room.
export async function join(browser, origin, { room, name, how = "join", wire = "json", strategy, withMedia = true, viewport, server }) {
  const context = await browser.newContext({ viewport: viewport ?? { width: 1280, height: 800 } });
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => { if (message.type() === "error") problems.push(message.text()); });
  const query = new URLSearchParams({ name, wire, ...(strategy ? { strategy } : {}), ...(server ? { server } : {}) });
  await page.goto(`${origin}/?${query}#${encodeURIComponent(room)}`);
  if (!withMedia) await page.locator("label.switch").click();
  await page.locator(`button[value=${how}]`).click();
  await page.locator("#call").waitFor({ state: "visible" });
  return Object.assign(page, { problems });
}

// Remotes of a page whose connection, channel and video work.
export async function connected(page, count, timeout = 30_000) {
  await page.waitForFunction((wanted) => {
    const remotes = [...window.glare.session.remotes.values()];
    const works = (remote) => remote.connection?.connectionState === "connected" && remote.isOpen;
    return remotes.filter(works).length === wanted;
  }, count, { timeout });
}

// Video of so many remotes is decoded: frames come, and they have a size.
export async function sees(page, count, timeout = 30_000) {
  await page.waitForFunction((wanted) => {
    const tiles = [...document.querySelectorAll(".tile:not(.own) video")];
    const plays = (video) => video.videoWidth > 0 && video.getVideoPlaybackQuality().totalVideoFrames > 2;
    return tiles.filter(plays).length === wanted;
  }, count, { timeout });
}

// The ICE generation of each remote.
export async function generations(page) {
  return page.evaluate(() => [...window.glare.session.remotes.values()].map((remote) => remote.state.localIce));
}

// ICE was restarted with every remote, and works again.
export async function restarted(page, before, timeout = 30_000) {
  await page.waitForFunction((old) => {
    const remotes = [...window.glare.session.remotes.values()];
    const works = ({ state }, index) => state.localIce > old[index] && state.ice === "connected" && !state.restart;
    return remotes.every(works) && remotes.every((remote) => remote.connection.signalingState === "stable");
  }, before, { timeout });
}
