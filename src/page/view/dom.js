// Makes and matches elements. All text goes in as text.

const SVG = 'http://www.w3.org/2000/svg';

/** An element with properties (`className`, `onclick` …), attributes (`aria-…`, `data-…`) and children. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes('-')) made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);
  return made;
}

export function svgElement(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A name as its owner wrote it, whatever direction it or its controls take. */
export function nameElement(name, className = 'name') {
  return element('bdi', { className, title: name }, name);
}

/** A symbol of the page's own set, which is in `index.html`. */
export function icon(name) {
  return svgElement('svg', { class: 'icon', 'aria-hidden': 'true' }, svgElement('use', { href: `#icon-${name}` }));
}

/** Writes only what differs, so that nothing is laid out or announced for nothing. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

export function setAttribute(target, name, value) {
  if (value === null) target.removeAttribute(name);
  else if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}

/** Makes `list` hold one child for each item, in order; a child whose key stays is kept, with its focus. */
export function reconcile(list, items, keyOf, create, update = () => {}) {
  const known = (list.childrenByKey ??= new Map());
  const keys = new Set(items.map(keyOf));
  for (const [key, child] of known) {
    if (keys.has(key)) continue;
    child.remove();
    known.delete(key);
  }
  let next = list.firstElementChild;
  for (const item of items) {
    let child = known.get(keyOf(item));
    if (!child) {
      child = create(item);
      known.set(keyOf(item), child);
    }
    update(child, item);
    if (child === next) next = next.nextElementSibling;
    else list.insertBefore(child, next);
  }
}
