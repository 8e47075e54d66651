// Opens a peer in a headless Chromium, and stays until it is asked to end: what `glare test-peer --process` needs of a page.
//
//   node open.mjs page URL ROOM [STRATEGY]    the reference peer's page
//   node open.mjs naive URL ROOM              the tutorial's client (naive.js)

import { join as path } from "node:path";
import { join, launch } from "./browser.mjs";

const [kind, url, room, strategy] = process.argv.slice(2);

async function openNaive(browser) {
  const page = await (await browser.newContext()).newPage();
  page.on("console", (message) => console.log(message.text()));
  await page.goto(`${url}/about`);
  await page.addScriptTag({ path: path(import.meta.dirname, "node_modules/socket.io-client/dist/socket.io.min.js") });
  await page.addScriptTag({ path: path(import.meta.dirname, "naive.js") });
  await page.evaluate((name) => window.join(name), room);
}

const browser = await launch();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => browser.close());
if (kind === "naive") await openNaive(browser);
else await join(browser, url, { room, name: "Page", wire: "sio", strategy });
