"use strict";
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

for (const form of all(".filter")) {
  const rows = all("tr", document.getElementById(form.dataset.for));
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const [input, status] = [form.querySelector("input"), form.querySelector("[role=status]")];
  const chips = all("button", form);
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdicts = chips.filter((chip) => chip.getAttribute("aria-pressed") === "true").map((chip) => chip.dataset.v);
    let count = 0;
    rows.forEach((row, place) => {
      const matches = words.every((word) => texts[place].includes(word));
      row.hidden = !matches || (verdicts.length > 0 && !verdicts.includes(row.dataset.v));
      count += row.hidden ? 0 : 1;
    });
    status.textContent = `${count} of ${rows.length}`;
  };
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  input.addEventListener("input", show);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      input.value = "";
      show();
    }
  });
  for (const chip of chips) {
    chip.addEventListener("click", () => {
      chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
      show();
    });
  }
  show();
}

document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    document.getElementById("filter").focus();
  }
});

const reveal = () => {
  const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let one = place; one; one = one.parentElement) {
    if (one.tagName === "DETAILS") one.open = true;
  }
  if (place) place.scrollIntoView();
};
addEventListener("hashchange", reveal);
if (location.hash) reveal();

for (const place of all(".cmd")) {
  const code = place.querySelector("code");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-label", "Copy the command");
  button.addEventListener("click", async () => {
    getSelection().selectAllChildren(code);
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Press Ctrl+C";
    }
  });
  place.append(button);
}
