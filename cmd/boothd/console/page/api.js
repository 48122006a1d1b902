// The booth's API as the page uses it. A refusal is thrown as a Problem.

import { S } from './strings.js';

const ROOT = '/api/v1/';

// Problem is what the booth says when it cannot do something (RFC 9457).
export class Problem extends Error {
  constructor(body) {
    super(body.title);
    this.status = body.status;
    this.code = (body.type ?? '').split(':').pop();
    this.text = [body.title, body.detail, body.next].filter(Boolean).join(' ');
  }
}

async function call(method, path, body) {
  let response;
  try {
    response = await fetch(ROOT + path, {
      method,
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(20000),
    });
  } catch {
    throw new Problem({ type: 'no-answer', title: S.problem.noAnswer, next: S.problem.noAnswerNext, status: 0 });
  }
  const type = response.headers.get('Content-Type') ?? '';
  const reply = /json/.test(type) ? await response.json().catch(() => ({})) : {};
  if (!response.ok) throw new Problem({ title: S.problem.noAnswer, status: response.status, ...reply });
  return reply;
}

const check = (id, deed) => `checks/${encodeURIComponent(id)}/${deed}`;

export const api = {
  whoAmI: () => call('GET', 'session'),
  login: () => call('GET', 'login'),
  chooseProfile: (profile) => call('POST', 'login/profile', { profile }),
  startLogin: () => location.assign(`${ROOT}login/start`),
  signIn: (token) => call('POST', 'session', { token }),
  signOut: () => call('DELETE', 'session'),
  start: () => call('POST', 'checks'),
  addZone: (id, lines) => call('POST', check(id, 'zone'), { lines }),
  missFinger: (id, reason, fingers) => call('POST', check(id, 'missing-finger'), { reason, fingers }),
  missChip: (id, reason) => call('POST', check(id, 'missing-chip'), { reason }),
  useAccessNumber: (id, number) => call('POST', check(id, 'access-number'), { number }),
  retake: (id, modality, finger) => call('POST', check(id, 'retake'), { modality, finger }),
  conclude: (id) => call('POST', check(id, 'conclude')),
  dispose: (id, decision, why) => call('POST', check(id, 'disposition'), { decision, why }),
  identify: (id, ground, interests) => call('POST', check(id, 'identify'), { ground, best_interests: interests }),
  useGrant: (id, grant) => call('POST', check(id, 'grant'), { grant }),
  verify: (link, colour, why) => call('POST', `links/${encodeURIComponent(link)}/verify`, { colour, why }),
  abandon: (id, why) => call('POST', check(id, 'abandon'), { why }),
  dismiss: (alert) => call('DELETE', `alerts/${encodeURIComponent(alert)}`),
  image: (id, evidence) => ROOT + check(id, `images/${encodeURIComponent(evidence)}`),
  preview: (id, camera) => ROOT + check(id, `preview/${camera}`),
  events: () => new EventSource(`${ROOT}events`),
};
