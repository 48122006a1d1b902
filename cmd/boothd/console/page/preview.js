// What a camera sees, while it is waited for: an image that the booth keeps changing.

import { h } from './dom.js';

const RETRY = 1000; // milliseconds

// createPreview makes a place in the parent where a camera is shown. Its show(url) begins, goes
// on or, without a url, ends; an image that nobody looks at must not keep its line open.
export function createPreview(parent, label) {
  let shown = '';
  let image = null;
  let round = 0;

  function begin() {
    const node = h('img', { class: 'live', alt: label, hidden: true });
    node.onload = () => { node.hidden = false; parent.classList.add('watching'); };
    node.onerror = () => {
      hide();
      setTimeout(() => { if (image === node) node.src = `${shown}?${++round}`; }, RETRY);
    };
    image = node;
    node.src = shown;
    parent.append(node);
  }

  function hide() {
    parent.classList.remove('watching');
    if (image) image.hidden = true;
  }

  return {
    show(url) {
      if ((url ?? '') === shown) return;
      shown = url ?? '';
      hide();
      image?.removeAttribute('src'); // ends the stream
      image?.remove();
      image = null;
      if (shown) begin();
    },
  };
}

// watchable reports whether a camera of the kind is there.
export const watchable = (status, kind) => Boolean(status?.devices.some((d) => d.kind === kind && (d.state === 'ready' || d.state === 'busy')));
