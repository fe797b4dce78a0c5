// Who may log in, and their access tokens.
import { randomBytes, randomUUID } from 'node:crypto';
import { settingsOf } from './settings.mjs';

export const people = {
  'demo@example.org': { name: 'Robin Demo', household: 'h-demo', role: 'owner' },
  'member@example.org': { name: 'Jo Member', household: 'h-demo', role: 'member' },
  'guest@example.org': { name: 'Sam Guest', household: 'h-demo', role: 'guest' },
  'plain@example.org': { name: 'Chris Plain', household: 'h-plain', role: 'owner' },
  'empty@example.org': { name: 'Kim Neu', household: 'h-empty', role: 'owner' },
  'silent@example.org': { name: 'Alex Still', household: 'h-silent', role: 'owner' },
};

export function reference(email) {
  const { household: id, role } = people[email];
  const { name, zone } = settingsOf(id);
  return { id, name, zone, role };
}

export const sessionOf = (email) => ({
  person: { id: `p-${email}`, email, name: people[email].name },
  households: [reference(email)],
  expires_at: new Date(Date.now() + 864e5).toISOString(),
});

const DAY_MS = 864e5;
const ago = (days) => new Date(Date.now() - days * DAY_MS).toISOString();
const tokens = new Map([
  [
    'demo@example.org',
    [
      { id: 't-1', name: 'Home Assistant', household: 'h-demo', scopes: ['usage', 'live'], created: ago(93), expires: null, last_used: ago(0.002) },
      { id: 't-2', name: 'Grafana', household: 'h-demo', scopes: ['usage'], created: ago(80), expires: ago(-10), last_used: ago(34) },
    ],
  ],
]);

/** Status and body of a request to /api/tokens. */
export function tokenRequest(email, method, id, wish) {
  const its = tokens.get(email) ?? [];
  if (method === 'GET') return [200, { tokens: its }];
  if (method === 'DELETE') {
    tokens.set(email, its.filter((token) => token.id !== id));
    return [204, undefined];
  }
  if (wish.name.trim() === '') return [422, { title: 'Unprocessable', detail: 'A token has a name.', field: 'name' }];
  if (wish.scopes.length === 0) return [422, { title: 'Unprocessable', detail: 'A token may do something.', field: 'scopes' }];
  const { expires_in_days: days, ...rest } = wish;
  const made = { id: randomUUID(), ...rest, created: ago(0), expires: days === null ? null : ago(-days), last_used: null };
  tokens.set(email, [...its, made]);
  return [201, { ...made, token: `wlp_${randomBytes(24).toString('base64url')}` }];
}
