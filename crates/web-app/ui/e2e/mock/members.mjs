// Who is in a home, who is invited, and its hubs that come and go.
import { randomUUID } from 'node:crypto';
import { auditOf, note } from './audit.mjs';
import { invitationsOf, letter, withdraw } from './letters.mjs';
import { emailOf, people, roleIn } from './people.mjs';
import { badEmail, isEmail, isTooOften, notFound, notOwner, refuse, tooMany } from './refusals.mjs';
import { addHub, dropHub } from './settings.mjs';

const WEEK_MS = 7 * 864e5;
const ORDER = ['owner', 'member', 'guest'];

function membersOf(household, manages) {
  const members = Object.entries(people)
    .flatMap(([email, { id, name, homes }]) =>
      homes.filter((home) => home.id === household).map(({ role, until }) => ({ id, name, email: manages ? email : null, role, until })),
    )
    .sort((a, b) => ORDER.indexOf(a.role) - ORDER.indexOf(b.role));
  const invitations = manages ? invitationsOf(household).map(({ email, role, until, expires }) => ({ email, role, until, expires })) : [];
  return [200, { members, invitations }];
}

const owners = (household) => Object.keys(people).filter((email) => roleIn(email, household) === 'owner');
const lastOwner = () => refuse(409, 'A household needs an owner. Please make somebody else one first.');

function badEnd({ role, until }) {
  if (!until) return null;
  const at = Date.parse(until);
  if (role !== 'guest') return refuse(422, 'Only a guest comes for a time.', 'until');
  return at <= Date.now() || at > Date.now() + 730 * 864e5 ? refuse(422, 'It must be in the next 730 days.', 'until') : null;
}

function member(household, me, method, id, wish) {
  const email = emailOf(id);
  const home = people[email]?.homes.find((one) => one.id === household);
  if (!home) return notFound();
  const leaves = email === me;
  if (!leaves && roleIn(me, household) !== 'owner') return notOwner();
  const loses = home.role === 'owner' && owners(household).length === 1 && (method === 'DELETE' || wish.role !== 'owner');
  if (loses) return lastOwner();
  const { name } = people[email];
  if (method === 'DELETE') {
    people[email].homes = people[email].homes.filter((one) => one !== home);
    note(household, people[me], leaves ? 'member_left' : 'member_removed', name);
    return [204, undefined];
  }
  const bad = badEnd(wish);
  if (bad) return bad;
  Object.assign(home, { role: wish.role, until: wish.until ?? null });
  note(household, people[me], 'member_changed', `${name}: ${wish.role}`);
  return [200, { id, name, email, role: home.role, until: home.until }];
}

function invite(household, me, origin, { email, role, until }) {
  if (!isEmail(email)) return badEmail();
  if (isTooOften(email)) return tooMany();
  const bad = badEnd({ role, until });
  if (bad) return bad;
  withdraw(household, email);
  const expires = new Date(Date.now() + WEEK_MS).toISOString();
  const ticket = { purpose: 'invitation', household, role, until: until ?? null, by: people[me].name, email, expires };
  note(household, people[me], 'member_invited', `${email}: ${role}`);
  return [201, { email, role, until: until ?? null, expires, ...letter(origin, 'invitation', ticket) }];
}

/** A code that a hub waits with; codes that begin with Z are too many. */
const WAITING = 'ABCD-EFGH';

function pair(household, me, { code, name }) {
  if (code.startsWith('Z')) return tooMany();
  if (code !== WAITING) return refuse(404, 'No hub is waiting with this code.', 'code');
  const hub = { id: randomUUID(), name, sockets: [] };
  addHub(household, hub);
  note(household, people[me], 'hub_added', name);
  return [201, hub];
}

/** Status and body; null where it is about something else. */
export function membersRequest({ id, rest, me, method, wish, origin, query }) {
  const owns = roleIn(me, id) === 'owner';
  const [, what, key] = /^\/(members|invitations|audit|pairings|hubs)(?:\/([^/]+))?$/.exec(rest ?? '') ?? [];
  switch (`${method} ${what}`) {
    case 'GET members':
      if (roleIn(me, id) === 'guest') return refuse(403, 'Guests of the household look and do not change.');
      return membersOf(id, owns);
    case 'PUT members':
    case 'DELETE members':
      return member(id, me, method, key, wish);
    case 'GET audit':
      return owns ? auditOf(id, query.get('before')) : notOwner();
    case 'POST invitations':
      return owns ? invite(id, me, origin, wish) : notOwner();
    case 'DELETE invitations': {
      const email = decodeURIComponent(key);
      if (!owns) return notOwner();
      if (!withdraw(id, email)) return notFound();
      note(id, people[me], 'invitation_withdrawn', email);
      return [204, undefined];
    }
    case 'POST pairings':
      return owns ? pair(id, me, wish) : notOwner();
    case 'DELETE hubs': {
      if (!owns) return notOwner();
      const hub = dropHub(id, key);
      if (!hub) return notFound();
      note(id, people[me], 'hub_released', hub.name);
      return [204, undefined];
    }
    default:
      return null;
  }
}
