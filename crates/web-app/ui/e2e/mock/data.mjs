// What somebody takes along, and how somebody goes.
import { notProven, people, roleIn } from './people.mjs';
import { isTooOften, refuse, tooMany } from './refusals.mjs';
import { hubsOf, settingsOf } from './settings.mjs';

const SINCE = new Date(Date.now() - 400 * 864e5).toISOString();
/** How far each archive is: further with each look. */
const archives = new Map();
let permitted = null;

function refusal(its, { password, code }) {
  if (isTooOften(password)) return tooMany();
  return notProven(its, { password, code });
}

const othersIn = (home, me) => Object.keys(people).filter((email) => email !== me && roleIn(email, home) !== undefined);

function going(id) {
  const hubs = hubsOf(id);
  return {
    id,
    name: settingsOf(id).name,
    hubs: hubs.map(({ id: hub, name }) => ({ hub, name, since: SINCE, until: null })),
    labels: hubs.reduce((sum, { sockets }) => sum + sockets.length, 0),
  };
}

function preview(me) {
  const its = people[me];
  const owned = its.homes.filter(({ id, role }) => role === 'owner' && !othersIn(id, me).some((email) => roleIn(email, id) === 'owner'));
  const alone = owned.filter(({ id }) => othersIn(id, me).length === 0);
  const blocked = owned.filter((home) => !alone.includes(home));
  const left = its.homes.filter((home) => !owned.includes(home));
  return {
    code_needed: its.factor?.on ?? false,
    sessions: 2,
    personal_tokens: 1,
    households: alone.map(({ id }) => going(id)),
    left: left.map(({ id, role, until }) => ({ id, role, until, name: settingsOf(id).name, zone: settingsOf(id).zone })),
    blocked: blocked.map(({ id }) => ({ id, name: settingsOf(id).name, others: othersIn(id, me).map((email) => people[email].name) })),
  };
}

/** Status and body of what is asked about oneself; null for another path. */
export function dataRequest({ path, method, me, wish }) {
  const its = people[me];
  if (path === '/api/people/current/deletion') {
    if (method === 'GET') return [200, preview(me)];
    const refused = refusal(its, wish);
    if (refused) return refused;
    if (preview(me).blocked.length > 0) return refuse(409, 'Others are in a household that you alone own.');
    Reflect.deleteProperty(people, me);
    return [204, undefined, { 'set-cookie': 'session=; Path=/; Max-Age=0' }];
  }
  if (path === '/api/people/current/archive' && method === 'POST') {
    const refused = refusal(its, wish);
    if (!refused) permitted = its.id;
    return refused ?? [204, undefined];
  }
  const id = /^\/api\/people\/current\/archive\/([^/]+)$/.exec(path)?.[1];
  const archive = archives.get(id);
  if (id && !archive) return refuse(404, 'No such archive is being made here.');
  if (!id) return null;
  if (method === 'DELETE') {
    archive.state = 'cancelled';
    archive.response.destroy();
    return [204, undefined];
  }
  if (archive.state === 'running') archive.done = Math.min(1, archive.done + 0.4);
  if (archive.state === 'running' && archive.done === 1) {
    archive.state = 'complete';
    archive.response.end('an archive');
  }
  return [200, { state: archive.state, done: archive.done }];
}

/** The browser fetches it; it ends when its progress was asked for often enough. */
export function archiveRequest(me, id, response) {
  if (permitted !== people[me].id) {
    response.writeHead(403, { 'content-type': 'application/problem+json' });
    return response.end('{}');
  }
  permitted = null;
  archives.set(id, { state: 'running', done: 0, response });
  response.writeHead(200, { 'content-type': 'application/zip', 'content-disposition': 'attachment; filename="wattline-data.zip"' });
  return response.write('PK');
}

export function householdDeletion(id, me, method, wish) {
  if (roleIn(me, id) !== 'owner') return refuse(403, 'Only an owner of the household may do this.');
  if (method === 'GET') {
    const others = othersIn(id, me).map((email) => people[email].name);
    return [200, { code_needed: people[me].factor?.on ?? false, household: going(id), others, invitations: 0 }];
  }
  const refused = refusal(people[me], wish);
  if (refused) return refused;
  for (const email of Object.keys(people)) people[email].homes = people[email].homes.filter((home) => home.id !== id);
  return [204, undefined];
}
