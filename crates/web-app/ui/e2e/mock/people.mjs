// Who there is, in which homes, and their access tokens.
import { randomBytes, randomUUID } from 'node:crypto';
import { isWrong, wrongCode, wrongPassword } from './refusals.mjs';
import { settingsOf } from './settings.mjs';

const person = (name, ...homes) => ({ id: randomUUID(), name, homes: homes.map(([id, role, until = null]) => ({ id, role, until })), factor: null });

/** By e-mail address. */
export const people = {
  'demo@example.org': person('Robin Demo', ['h-demo', 'owner']),
  'member@example.org': person('Jo Member', ['h-demo', 'member']),
  'guest@example.org': person('Sam Guest', ['h-demo', 'guest', new Date(Date.now() + 20 * 864e5).toISOString()]),
  'plain@example.org': person('Chris Plain', ['h-plain', 'owner']),
  'large@example.org': person('Charlie Groß', ['h-large', 'owner']),
  'empty@example.org': person('Kim Neu', ['h-empty', 'owner']),
  'silent@example.org': person('Alex Still', ['h-silent', 'owner']),
  'homeless@example.org': person('Noa Anders'),
  'careful@example.org': { ...person('Ada Careful', ['h-plain', 'member']), factor: { on: true, codes: 8 } },
};

/** What an app would show, always. */
export const APP_CODE = '123456';
export const RECOVERY_CODE = '7QK2M-XW9PT';

export const emailOf = (id) => Object.keys(people).find((email) => people[email].id === id);

export function addPerson(email, name) {
  people[email] = person(name);
  return people[email];
}

export const roleIn = (email, household) => people[email]?.homes.find((home) => home.id === household)?.role;

export function reference(email, household) {
  const { id, role, until } = people[email].homes.find((home) => home.id === household);
  const { name, zone } = settingsOf(id);
  return { id, name, zone, role, until };
}

export const sessionOf = (email) => ({
  person: { id: people[email].id, email, name: people[email].name },
  households: people[email].homes.map((home) => reference(email, home.id)),
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

/** What becomes of somebody who does not say the password, and the code where there is a second factor; null else. */
export function notProven(its, { password, code }) {
  if (isWrong(password)) return wrongPassword('password');
  return its.factor?.on && code !== APP_CODE && code !== RECOVERY_CODE ? wrongCode() : null;
}

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
  const refused = notProven(people[email], wish);
  if (refused) return refused;
  const { expires_in_days: days = 90, name, household, scopes } = wish;
  const made = { id: randomUUID(), name, household, scopes, created: ago(0), expires: ago(-days), last_used: null };
  tokens.set(email, [...its, made]);
  return [201, { ...made, token: `wlp_${randomBytes(24).toString('base64url')}` }];
}
