// A figure with its lines of the last two minutes.

import { element, reconcile, setAttribute, setText, svgElement } from '../view/dom.js';
import { pathOf, roundTop } from './samples.js';
import { bytes } from './words.js';

const BOX = { width: 240, height: 56 };

export class Figure {
  #figure;
  #value = element('p', { className: 'figure-value' });
  #note = element('p', { className: 'figure-note' });
  #scale = element('span', { className: 'figure-scale' });
  #lines = svgElement('g', { class: 'figure-lines' });
  #legend = element('ul', { className: 'figure-legend' });
  #list = element('ul', { className: 'figure-legend' });
  element;

  constructor(figure) {
    this.#figure = figure;
    const drawing = svgElement('svg', { viewBox: `0 0 ${BOX.width} ${BOX.height}`, preserveAspectRatio: 'none' }, this.#lines);
    // What is drawn is told in figures too.
    const plot = element('div', { className: 'figure-plot', 'aria-hidden': 'true' }, this.#scale, drawing);
    this.element = element('li', { className: 'figure', hidden: true },
      element('h3', {}, figure.title), this.#value, this.#note, plot, this.#legend, this.#list);
  }

  /** The values by which its lines go on, each with its name. */
  values(stats) {
    return this.#isThere(stats) ? this.#figure.lines(stats).map(({ name, value }) => [this.#named(name), value]) : [];
  }

  render(stats, samples) {
    const figure = this.#figure;
    this.element.hidden = !this.#isThere(stats);
    if (this.element.hidden) return;
    setText(this.#value, figure.value(stats));
    setText(this.#note, figure.note(stats));
    const lines = figure.lines(stats).map((line, index) => ({ ...line, index, samples: samples.of(this.#named(line.name)) }));
    const write = lines[0]?.write;
    const most = Math.max(...lines.flatMap((line) => line.samples.map(([, value]) => value)), 0);
    const top = roundTop(most, write === bytes ? 1_024 : 1_000);
    setText(this.#scale, write?.(top) ?? '');
    const { isLogarithmic } = figure;
    const nameOf = ({ name }) => name;
    reconcile(this.#lines, lines, nameOf, () => svgElement('path', {}), (path, { samples: drawn, index }) => {
      setAttribute(path, 'class', `line-${index}`);
      setAttribute(path, 'd', pathOf(drawn, { ...BOX, top, latest: samples.latest, isLogarithmic }));
    });
    reconcile(this.#legend, lines, nameOf, newEntry, (entry, line) => {
      setAttribute(entry, 'class', `line-${line.index}`);
      fillEntry(entry, line);
    });
    this.#legend.hidden = figure.isAlone;
    reconcile(this.#list, figure.list?.(stats) ?? [], nameOf, newEntry, fillEntry);
  }

  #isThere(stats) {
    return this.#figure.is?.(stats) ?? true;
  }

  #named(name) {
    return `${this.#figure.key} ${name}`;
  }
}

function newEntry() {
  return element('li', {}, element('bdi', { className: 'name' }), element('b', {}));
}

function fillEntry(entry, { label, text }) {
  setText(entry.firstChild, label);
  setText(entry.lastChild, text);
}
