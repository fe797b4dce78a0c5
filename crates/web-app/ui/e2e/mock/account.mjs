// One's own account: name, address, password, two steps, and where one is logged in.
import { randomUUID } from 'node:crypto';
import { note } from './audit.mjs';
import { letter } from './letters.mjs';
import { APP_CODE, emailOf, notProven, people, RECOVERY_CODE, reference } from './people.mjs';
import { badEmail, isEmail, isTooOften, isWrong, notFound, refuse, shortPassword, tooMany, wrongCode, wrongPassword } from './refusals.mjs';
import { foundHome } from './settings.mjs';

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const CODES = ['7QK2M-XW9PT', '3FHJ8-R0VDA', 'M5TZC-4YEB2', 'K9WQ1-7SNGX', 'D2PAV-H6RFT', '8BXMJ-C3ZKE', 'QY4N7-W1G5S', 'E6DTR-9HAVP', '0JZKF-M8XC2', 'V3S7B-N5QWY'];
const HOUR_MS = 36e5;
const sessions = new Map();
/** Those that were logged out from elsewhere. */
const ended = new Set();

const ago = (hours) => new Date(Date.now() - hours * HOUR_MS).toISOString();
const other = (client, hours, age) => ({ id: randomUUID(), client, created: ago(age), last_used: ago(hours), expires: ago(-600), current: false });

function sessionsOf(email, agent) {
  const { id } = people[email];
  if (!sessions.has(id)) {
    sessions.set(id, [
      other('Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1', 3, 400),
      other('Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:146.0) Gecko/20100101 Firefox/146.0', 52, 900),
      other('', 200, 1200),
    ]);
  }
  const mine = { id: `here-${id}`, client: agent, created: ago(1), last_used: ago(0), expires: ago(-700), current: true };
  return [...sessions.get(id), mine];
}

export const isEnded = (id) => ended.has(id);
export const begin = (id) => ended.delete(id);

export function logIn({ email, password, code }) {
  const its = people[email];
  if (isTooOften(password)) return tooMany();
  if (!its || isWrong(password)) return refuse(401, 'Wrong e-mail or password.');
  if (its.factor?.on && code !== APP_CODE && code !== RECOVERY_CODE) {
    return refuse(401, 'Please give the code of your app too.', 'code', { type: 'urn:wattline:code-needed' });
  }
  return null;
}

function factor(its, method, path, wish) {
  if (path.endsWith('/removal')) {
    if (isWrong(wish.password)) return wrongPassword('password');
    if (wish.code !== APP_CODE && wish.code !== RECOVERY_CODE) return wrongCode();
    its.factor = null;
    return [204, undefined];
  }
  if (method === 'POST') {
    if (isWrong(wish.password)) return wrongPassword('password');
    if (its.factor?.on) return refuse(409, 'Two-step log-in is on already.');
    its.factor = { on: false, codes: 0 };
    return [201, { secret: SECRET, uri: `otpauth://totp/Wattline:${encodeURIComponent(emailOf(its.id))}?secret=${SECRET}&issuer=Wattline` }];
  }
  if (wish.code !== APP_CODE) return wrongCode();
  its.factor = { on: true, codes: CODES.length };
  return [200, { recovery_codes: CODES }];
}

/** Status and body; null for another path. */
export function accountRequest({ path, method, me, wish, agent, origin }) {
  const its = people[me];
  const current = () => [200, { id: its.id, email: me, name: its.name, has_password: true, second_factor: its.factor?.on ?? false, recovery_codes_left: its.factor?.codes ?? 0 }];
  if (path.startsWith('/api/people/current/second-factor')) return factor(its, method, path, wish);
  if (path === '/api/people/current') {
    if (method === 'GET') return current();
    if (wish.name.trim() === '') return refuse(422, 'It must have 1 to 80 characters.', 'name');
    its.name = wish.name;
    return current();
  }
  if (path === '/api/people/current/password') {
    if (isWrong(wish.current)) return wrongPassword('current');
    return wish.new.length < 8 ? shortPassword('new') : [204, undefined];
  }
  if (path === '/api/people/current/email') {
    if (!isEmail(wish.email)) return badEmail();
    const refused = notProven(its, wish);
    if (refused) return refused;
    return [202, letter(origin, 'confirm', { purpose: 'email', id: its.id, email: wish.email })];
  }
  if (path === '/api/sessions') {
    if (method === 'GET') return [200, { sessions: sessionsOf(me, agent) }];
    sessions.set(its.id, []);
    ended.add(its.id);
    return [204, undefined];
  }
  const one = /^\/api\/sessions\/([^/]+)$/.exec(path)?.[1];
  if (one) {
    const there = sessionsOf(me, agent).filter((session) => !session.current);
    if (!there.some((session) => session.id === one)) return notFound();
    sessions.set(its.id, there.filter((session) => session.id !== one));
    return [204, undefined];
  }
  if (path === '/api/households') {
    if (wish.name.trim() === '') return refuse(422, 'It must have 1 to 80 characters.', 'name');
    const id = `h-${randomUUID()}`;
    foundHome(id, wish.name, wish.zone);
    its.homes.push({ id, role: 'owner', until: null });
    note(id, its, 'household_founded', wish.name);
    return [201, reference(me, id)];
  }
  return null;
}
