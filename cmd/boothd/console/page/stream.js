// The line to the booth: its event stream, and the knowledge whether it still lives.

import { api } from './api.js';

const SILENCE = 12000; // milliseconds; the booth beats every five seconds
const RETRY = 1000;

// Stream calls on.view, on.status and on.beat with what the booth sends, on.live when the
// line is up and has brought a view, on.lost when it is cut, on.signedOut when nobody is
// signed in any more.
export class Stream {
  constructor(on) {
    this.on = on;
    this.source = null;
    this.timer = 0;
    this.round = 0; // counts closings, so that what was begun before one comes to nothing
  }

  open() {
    this.close();
    const source = api.events();
    this.source = source;
    const take = (name, deed) => source.addEventListener(name, (event) => {
      if (source !== this.source) return;
      this.watch();
      deed(JSON.parse(event.data));
    });
    take('beat', (beat) => this.on.beat(beat));
    take('status', (status) => this.on.status(status));
    take('view', (view) => {
      this.on.live();
      this.on.view(view);
    });
    source.onerror = () => { if (source === this.source) this.cut(); };
    this.watch();
  }

  close() {
    this.round++;
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  // watch takes the line as cut when the booth has been silent for too long.
  watch() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.cut(), SILENCE);
  }

  async cut() {
    this.close();
    const round = this.round;
    this.on.lost();
    try {
      await api.whoAmI();
    } catch (problem) {
      if (problem.status === 401 && round === this.round) {
        this.on.signedOut();
        return;
      }
    }
    if (round === this.round) this.timer = setTimeout(() => this.open(), RETRY);
  }
}
