// Writes figures for people.

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const BYTES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export const UNKNOWN = '–';

export function count(number) {
  return number === null || number === undefined ? UNKNOWN : whole.format(number);
}

export function rate(perSecond) {
  if (perSecond === null || perSecond === undefined) return UNKNOWN;
  return perSecond < 100 ? short.format(perSecond) : whole.format(perSecond);
}

export function bytes(number) {
  let unit = 0;
  let scaled = number;
  while (scaled >= 1024 && unit < BYTES.length - 1) {
    scaled /= 1024;
    unit += 1;
  }
  return `${(unit === 0 || scaled >= 1000 ? whole : short).format(scaled)} ${BYTES[unit]}`;
}

export function micros(number) {
  if (number < 1_000) return `${whole.format(number)} µs`;
  if (number < 1_000_000) return `${short.format(number / 1_000)} ms`;
  return `${short.format(number / 1_000_000)} s`;
}

export function millis(number) {
  return micros(number * 1_000);
}

/** "3 h 5 min": the two largest units. */
export function age(seconds) {
  const units = [['d', 86_400], ['h', 3_600], ['min', 60], ['s', 1]];
  const first = units.findIndex(([, length]) => seconds >= length);
  if (first < 0) return '0 s';
  let rest = seconds;
  return units.slice(first, first + 2).flatMap(([unit, length]) => {
    const times = Math.floor(rest / length);
    rest -= times * length;
    return times > 0 ? [`${times} ${unit}`] : [];
  }).join(' ');
}

export function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}
