// Logging in through a provider, and the accounts that are connected.
import { randomUUID } from 'node:crypto';
import { APP_CODE, notProven, people } from './people.mjs';
import { isWrong, notFound, refuse, wrongCode, wrongPassword } from './refusals.mjs';

const HOME = { id: 'home', name: 'Home ID' };
/** Nobody answers there. */
const AWAY = { id: 'town', name: 'Stadtwerke Musterstadt' };
const PROVIDERS = [HOME, AWAY];
const MINE = '/api/people/current/identities';

const identities = new Map([
  [
    'demo@example.org',
    [
      { id: 'i-1', provider: 'Home ID', usable: true, label: 'robin@example.org', connected: '2026-03-02T18:20:00Z' },
      { id: 'i-2', provider: 'https://id.old-provider.example.net/realms/neighbourhood', usable: false, label: '', connected: '2025-09-14T07:05:00Z' },
    ],
  ],
]);

const away = () => refuse(503, 'The provider does not answer.', undefined, { type: 'urn:wattline:provider:away' });

function depart(id, to) {
  if (id === AWAY.id) return away();
  return id === HOME.id ? [201, { url: to, expires_in: 600 }] : notFound();
}

/** Status, body and who is logged in by it, for those who are not; null for another path. */
export function providerRequest({ path, method, wish, origin }) {
  if (path === '/api/providers' && method === 'GET') return [200, { providers: PROVIDERS }];
  if (path === '/api/second-steps') return wish.code === APP_CODE ? [204, undefined, 'careful@example.org'] : wrongCode();
  const begun = /^\/api\/providers\/(\w+)\/flows$/.exec(path)?.[1];
  return begun ? depart(begun, `${origin}/continue#code`) : null;
}

/** Status and body; null for another path. */
export function identityRequest({ path, method, me, wish, origin }) {
  if (!path.startsWith(MINE)) return null;
  const its = identities.get(me) ?? [];
  if (method === 'GET') return [200, { identities: its }];
  if (isWrong(wish.password)) return wrongPassword('password');
  const removed = /\/identities\/([^/]+)\/removal$/.exec(path)?.[1];
  if (removed) {
    identities.set(me, its.filter((one) => one.id !== removed));
    return its.some((one) => one.id === removed) ? [204, undefined] : notFound();
  }
  const refused = notProven(people[me], wish);
  if (refused) return refused;
  const answer = depart(wish.provider, `${origin}/continue#connected`);
  if (answer[0] === 201) {
    const made = { id: randomUUID(), provider: HOME.name, usable: true, label: people[me].name, connected: new Date().toISOString() };
    identities.set(me, [...its, made]);
  }
  return answer;
}
