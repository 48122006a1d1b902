// Building and keeping page elements. Data reaches the page as text only, never as HTML.

const SVG = 'http://www.w3.org/2000/svg';

// h makes an element. Props are attributes; onclick and the like are listeners; a value
// that is false, null or undefined leaves the attribute out.
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  return node;
}

// icon draws one of the signs of index.html.
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#i-${name}`);
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(use);
  return svg;
}

// fill replaces what an element holds, unless it would look the same, so that scroll
// positions, selections and screen readers are left alone.
export function fill(node, ...children) {
  const fresh = document.createElement('div');
  fresh.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined && c !== false));
  if (fresh.innerHTML !== node.innerHTML) node.replaceChildren(...fresh.childNodes);
}

export function keycap(key) {
  return h('kbd', {}, key);
}

// say has a screen reader speak; urgent interrupts it.
export function say(text, urgent = false) {
  const region = document.getElementById(urgent ? 'urgent' : 'polite');
  region.textContent = '';
  requestAnimationFrame(() => { region.textContent = text; });
}
