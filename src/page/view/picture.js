// Draws a person's picture.

import { hueOf, patternOf, PICTURE_SIZE } from '../avatar.js';
import { svgElement } from './dom.js';

export function picture(seed) {
  const { base, top } = patternOf(seed);
  const drawing = svgElement(
    'svg',
    { class: 'picture', viewBox: `0 0 ${PICTURE_SIZE} ${PICTURE_SIZE}`, 'aria-hidden': 'true' },
    svgElement('path', { class: 'picture-base', d: base }),
    svgElement('path', { class: 'picture-top', d: top }),
  );
  return tinted(drawing, seed);
}

/** Gives an element a person's colour. */
export function tinted(target, seed) {
  target.style.setProperty('--hue', hueOf(seed));
  return target;
}
