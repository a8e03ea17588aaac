/*
 * Lets a reader look into the plots: pointer, finger and arrow keys move a marker from stop to stop, and a line below the plot
 * tells the figures there. What there is to tell stands beside each plot, in words (readings.rs), with where that is in each of
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

  const last = tells.length - 1;
  let stop = 0;
  const isLookedAt = () => plot.classList.contains("looked-at");

  /* A slider is what assistive technology moves with the arrow keys; it reads out each new text by itself. */
  plot.tabIndex = 0;
  plot.setAttribute("role", "slider");
  plot.setAttribute("aria-valuemin", 0);
  plot.setAttribute("aria-valuemax", last);
  tell();

  function tell() {
    const [place, figures] = tells[stop];
    const named = figures.flatMap((figure, at) => figure === null ? [] : [`${names[at]} ${figure}`.trim()]);
    plot.setAttribute("aria-valuenow", stop);
    plot.setAttribute("aria-valuetext", `${place}: ${named.join(", ")}`);
    return [place, named];
  }

  function look(at) {
    stop = Math.min(Math.max(at, 0), last);
    const [place, named] = tell();
    line.replaceChildren(part("strong", place), ...named.flatMap((words) => [" ", part("span", words)]));
    markers.forEach((mark, size) => {
      mark.setAttribute("x1", drawings[size].at[stop]);
      mark.setAttribute("x2", drawings[size].at[stop]);
    });
    plot.classList.add("looked-at");
  }

  function point({ clientX }) {
    const size = sheets.findIndex((sheet) => sheet.getBoundingClientRect().width > 0);
    const { left, width } = sheets[size].getBoundingClientRect();
    const x = (clientX - left) / width * sheets[size].viewBox.baseVal.width;
    look(nearest(drawings[size].at, x));
  }

  const moves = {
    ArrowLeft: () => stop - 1,
    ArrowDown: () => stop - 1,
    ArrowRight: () => stop + 1,
    ArrowUp: () => stop + 1,
    PageDown: () => stop - PAGE,
    PageUp: () => stop + PAGE,
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

function marker(sheet, { top, bottom }) {
  const mark = document.createElementNS(sheet.namespaceURI, "line");
  mark.setAttribute("class", "marker");
  mark.setAttribute("y1", top);
  mark.setAttribute("y2", bottom);
  sheet.append(mark);
  return mark;
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
