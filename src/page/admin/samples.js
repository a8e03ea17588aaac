// What figures were in the last two minutes.

export const SPAN_MS = 120_000;
/** After a silence of so long, two samples are not of one line. */
const GAP_MS = 5_000;

export class Samples {
  #series = new Map();
  #told = null;
  /** The time of the latest, by the page's clock. */
  latest = -Infinity;

  /**
   * Notes what some figures are, `values` being them by name; what is null is not known. `told` is when the server looked, by
   * which what it tells twice is known, and `now` the time by the page's clock, which nobody sets. Says whether it is news.
   */
  add(told, now, values) {
    if (told === this.#told) return false;
    this.#told = told;
    this.latest = now;
    for (const [name, value] of Object.entries(values)) {
      if (value === null || value === undefined) continue;
      if (!this.#series.has(name)) this.#series.set(name, []);
      this.#series.get(name).push([now, value]);
    }
    for (const [name, samples] of this.#series) {
      while (samples.length > 0 && samples[0][0] < now - SPAN_MS) samples.shift();
      if (samples.length === 0) this.#series.delete(name);
    }
    return true;
  }

  of(name) {
    return this.#series.get(name) ?? [];
  }

  clear() {
    this.#series.clear();
    this.#told = null;
    this.latest = -Infinity;
  }
}

/** A top for a line that reaches up to `most`: 1, 2 or 5 times a power of ten, of a unit that is a power of `base`. */
export function roundTop(most, base = 1_000) {
  if (!(most > 0)) return 1;
  const unit = base ** Math.floor(Math.log(most) / Math.log(base));
  const power = unit * 10 ** Math.floor(Math.log10(most / unit));
  return [1, 2, 5, 10].map((step) => step * power).find((top) => top >= most);
}

/**
 * The path of a line in a box of `width` by `height`, the latest time at its right end. One that `isLogarithmic` shows what is a
 * hundred times less as well.
 */
export function pathOf(samples, { latest, top, width, height, isLogarithmic = false }) {
  const scaled = isLogarithmic ? (value) => Math.log1p(value) / Math.log1p(top) : (value) => value / top;
  const round = (number) => Math.round(number * 10) / 10;
  let before = -Infinity;
  return samples.map(([time, value]) => {
    const x = round(width - ((latest - time) / SPAN_MS) * width);
    const y = round(height - scaled(value) * height);
    const pen = time - before > GAP_MS ? 'M' : 'L';
    before = time;
    return `${pen}${x} ${y}`;
  }).join('');
}
