/*
 * Lets a reader look into the plots: pointer, finger and arrow keys move a marker from stop to stop, to the right or down, and a
 * line below the plot tells the figures there. What there is to tell stands beside each plot, in words (readings.rs), with where that is in each of
 * its drawings (frame.rs).
 */
"use strict";

const HINT = "Point at the plot, or move through it with the arrow keys, to read its figures.";
/* Stops that PageUp and PageDown go. */
const PAGE = 10;

for (const figure of document.querySelectorAll("figure")) {
  const data = figure.querySelector("script");
  if (data) openUp(figure, JSON.parse(data.textContent));
}

function openUp(figure, { names, tells, drawings }) {
  const plot = figure.querySelector(".plot");
  const sheets = [...plot.querySelectorAll("svg")];
  const markers = sheets.map((sheet, size) => marker(sheet, drawings[size]));
  const line = document.createElement("p");
  line.className = "told";
  line.textContent = HINT;
  plot.after(line);

  const isDown = drawings[0].down;
  const last = tells.length - 1;
  let stop = 0;
  const isLookedAt = () => plot.classList.contains("looked-at");

  /* A slider is what assistive technology moves with the arrow keys; it reads out each new text by itself. */
  plot.tabIndex = 0;
  plot.setAttribute("role", "slider");
  plot.setAttribute("aria-orientation", isDown ? "vertical" : "horizontal");
  plot.setAttribute("aria-valuemin", 0);
  plot.setAttribute("aria-valuemax", last);
  tell();

  function tell() {
    const [where, figures] = tells[stop];
    const named = figures.flatMap((figure, at) => figure === null ? [] : [`${names[at]} ${figure}`.trim()]);
    plot.setAttribute("aria-valuenow", stop);
    plot.setAttribute("aria-valuetext", `${where}: ${named.join(", ")}`);
    return [where, named];
  }

  function look(at) {
    stop = Math.min(Math.max(at, 0), last);
    const [where, named] = tell();
    line.replaceChildren(part("strong", where), ...named.flatMap((words) => [" ", part("span", words)]));
    markers.forEach((mark, size) => place(mark, isDown ? "y" : "x", drawings[size].at[stop], drawings[size].at[stop]));
    plot.classList.add("looked-at");
  }

  function point({ clientX, clientY }) {
    const size = sheets.findIndex((sheet) => sheet.getBoundingClientRect().width > 0);
    const { left, top, width } = sheets[size].getBoundingClientRect();
    const way = isDown ? clientY - top : clientX - left;
    look(nearest(drawings[size].at, way / width * sheets[size].viewBox.baseVal.width));
  }

  /* What is below comes after what is above; else up is more, as with any slider. */
  const up = isDown ? -1 : 1;
  const moves = {
    ArrowLeft: () => stop - 1,
    ArrowDown: () => stop - up,
    ArrowRight: () => stop + 1,
    ArrowUp: () => stop + up,
    PageDown: () => stop - up * PAGE,
    PageUp: () => stop + up * PAGE,
    Home: () => 0,
    End: () => last,
  };

  plot.addEventListener("pointerdown", point);
  plot.addEventListener("pointermove", point);
  plot.addEventListener("focus", () => isLookedAt() || look(stop));
  plot.addEventListener("keydown", (event) => {
    const isPlain = !event.altKey && !event.ctrlKey && !event.metaKey;
    if (!isPlain || !Object.hasOwn(moves, event.key)) return;
    event.preventDefault();
    look(moves[event.key]());
  });
}

function marker(sheet, { from, to, down }) {
  const mark = document.createElementNS(sheet.namespaceURI, "line");
  mark.setAttribute("class", down ? "marker row" : "marker");
  place(mark, down ? "x" : "y", from, to);
  /* An interval lies in its row: it stays on top. */
  if (down) sheet.prepend(mark);
  else sheet.append(mark);
  return mark;
}

/* Where a line begins and ends along one axis. */
function place(mark, axis, from, to) {
  mark.setAttribute(`${axis}1`, from);
  mark.setAttribute(`${axis}2`, to);
}

function part(name, words) {
  const element = document.createElement(name);
  element.textContent = words;
  return element;
}

/* The first of the stops that are as near as any. */
function nearest(stops, x) {
  const distances = stops.map((at) => Math.abs(at - x));
  return distances.indexOf(Math.min(...distances));
}
