// Turns a seed (the hash of an email, or an id) into a picture: its hue, and the paths of a small pattern of arcs.

const TILES = 3;
const TILE = 8;
export const PICTURE_SIZE = TILES * TILE;

/** The hue of a person's colour, in degrees. */
export function hueOf(seed) {
  return Math.floor(numbersFrom(seed)() * 24) * 15;
}

/**
 * The pattern: quarter discs in a grid that mirrors left to right, so that it reads as one figure. `base` and `top`
 * are path data within a square of `PICTURE_SIZE`.
 */
export function patternOf(seed) {
  const random = numbersFrom(seed);
  random();
  const paths = { base: '', top: '' };
  for (let row = 0; row < TILES; row += 1) {
    for (let column = 0; column < Math.ceil(TILES / 2); column += 1) {
      const corner = Math.floor(random() * 4);
      const layer = random() < 0.4 ? 'top' : 'base';
      const mirror = TILES - 1 - column;
      paths[layer] += quarter(column, row, corner);
      if (mirror === column) paths[layer] += quarter(column, row, corner ^ 1);
      else paths[layer] += quarter(mirror, row, corner ^ 1);
    }
  }
  return paths;
}

/** A quarter disc that fills its tile, round about one corner: 0 and 1 are the upper left and right, 2 and 3 the lower. */
function quarter(column, row, corner) {
  const right = corner & 1;
  const lower = corner >> 1;
  const x = (column + right) * TILE;
  const y = (row + lower) * TILE;
  const endX = right ? x - TILE : x + TILE;
  const endY = lower ? y - TILE : y + TILE;
  const sweep = right ^ lower ? 0 : 1;
  return `M${x} ${y}L${endX} ${y}A${TILE} ${TILE} 0 0 ${sweep} ${x} ${endY}Z`;
}

/** Numbers in [0, 1) that depend on the seed alone (FNV-1a feeding Mulberry32). */
function numbersFrom(seed) {
  let state = 0x811c9dc5;
  for (let index = 0; index < seed.length; index += 1) {
    state = Math.imul(state ^ seed.charCodeAt(index), 0x01000193);
  }
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
