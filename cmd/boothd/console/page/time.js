// Times are told by the booth's clock, not by the browser's.

import { S } from './strings.js';
import { h } from './dom.js';

let offset = 0; // the booth's clock minus the browser's, in milliseconds

export function setClock(boothNow) {
  offset = Date.parse(boothNow) - Date.now();
}

export const now = () => new Date(Date.now() + offset);

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const precise = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const dated = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const dayOfYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });

export const timeOfDay = (date = now()) => precise.format(date);

// moment tells a time, with its date unless it is today's.
export function moment(iso) {
  const date = new Date(iso);
  return date.toDateString() === now().toDateString() ? clock.format(date) : dated.format(date);
}

// dayOf tells a date such as "2027-03-01", with its year unless it is this one; what is no date
// is told as it is.
export function dayOf(text) {
  const [, y, m, d] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  if (!d) return text;
  const date = new Date(Number(y), Number(m) - 1, Number(d));
  return (date.getFullYear() === now().getFullYear() ? day : dayOfYear).format(date);
}

// today is the booth's date, as systems write it.
export function today() {
  const two = (n) => String(n).padStart(2, '0');
  return `${now().getFullYear()}-${two(now().getMonth() + 1)}-${two(now().getDate())}`;
}

export function known(iso) {
  return Boolean(iso) && !iso.startsWith('0001-');
}

export function age(iso) {
  if (!known(iso)) return S.age.never;
  const seconds = Math.max(0, (now() - new Date(iso)) / 1000);
  if (seconds < 10) return S.age.now;
  if (seconds < 60) return S.age.seconds(Math.floor(seconds / 10) * 10);
  if (seconds < 3600) return S.age.minutes(Math.floor(seconds / 60));
  if (seconds < 48 * 3600) return S.age.hours(Math.floor(seconds / 3600));
  return S.age.days(Math.floor(seconds / 86400));
}

// aging is an age that tick keeps right.
export function aging(iso) {
  return h('time', { class: 'age', datetime: iso }, age(iso));
}

export function tick(root) {
  for (const node of root.querySelectorAll('time.age')) {
    const text = age(node.dateTime);
    if (node.textContent !== text) node.textContent = text;
  }
}
