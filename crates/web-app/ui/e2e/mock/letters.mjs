// What is done with the links of letters: signing up, new passwords and addresses, invitations.
import { randomBytes } from 'node:crypto';
import { addPerson, emailOf, people, roleIn } from './people.mjs';
import { note } from './audit.mjs';
import { badEmail, badLink, isEmail, isTooOften, refuse, shortPassword, tooMany } from './refusals.mjs';
import { settingsOf } from './settings.mjs';

const tickets = new Map();
const RANK = { guest: 0, member: 1, owner: 2 };

/** The link of a letter; the mock is a demonstration, and shows it. */
export function letter(origin, page, ticket) {
  const secret = randomBytes(24).toString('base64url');
  tickets.set(secret, ticket);
  return { link: `${origin}/${page}#${secret}` };
}

function take(secret, ...purposes) {
  const ticket = tickets.get(secret);
  return ticket && purposes.includes(ticket.purpose) ? ticket : null;
}

export const invitationsOf = (household) =>
  [...tickets.values()].filter((one) => one.purpose === 'invitation' && one.household === household);

export function withdraw(household, email) {
  for (const [secret, one] of tickets) {
    if (one.purpose !== 'invitation' || one.household !== household || one.email !== email) continue;
    tickets.delete(secret);
    return true;
  }
  return false;
}

function signUp(origin, { email, name }) {
  if (/^closed@/.test(email)) return refuse(403, 'Nobody may sign up here without an invitation.');
  if (!isEmail(email)) return badEmail();
  if (isTooOften(email)) return tooMany();
  const known = people[email];
  return [202, known ? letter(origin, 'new-password', { purpose: 'reset', id: known.id }) : letter(origin, 'welcome', { purpose: 'sign-up', email, name })];
}

function confirm({ secret, password }) {
  const ticket = take(secret, 'sign-up', 'email');
  if (!ticket) return badLink();
  if (ticket.purpose === 'sign-up') {
    if ((password ?? '').length < 8) return shortPassword('password');
    addPerson(ticket.email, ticket.name);
  } else {
    const before = emailOf(ticket.id);
    people[ticket.email] = people[before];
    Reflect.deleteProperty(people, before);
  }
  tickets.delete(secret);
  return [200, { email: ticket.email }];
}

function accept(me, { secret, name, password }) {
  const ticket = take(secret, 'invitation');
  if (!ticket) return badLink();
  if (me && me !== ticket.email) return refuse(403, 'This invitation is for another e-mail address than yours.');
  if (!me) {
    if (!name || !password || people[ticket.email]) return refuse(409, 'There is an account with this address already: log in first.');
    if (password.length < 8) return shortPassword('password');
    addPerson(ticket.email, name);
  }
  tickets.delete(secret);
  const { household, role, until, email } = ticket;
  const there = roleIn(email, household);
  if (there === undefined || RANK[there] < RANK[role]) {
    const its = people[email];
    its.homes = [...its.homes.filter((home) => home.id !== household), { id: household, role, until }];
  }
  note(household, people[email], 'member_joined', role);
  return [200, { household, email }];
}

/** Status and body of what needs no session; null for another path. */
export function letterRequest(path, me, origin, wish) {
  switch (path) {
    case '/api/people':
      return signUp(origin, wish);
    case '/api/confirmations':
      return confirm(wish);
    case '/api/password-resets': {
      if (!isEmail(wish.email)) return badEmail();
      if (isTooOften(wish.email)) return tooMany();
      return [202, people[wish.email] ? letter(origin, 'new-password', { purpose: 'reset', id: people[wish.email].id }) : {}];
    }
    case '/api/new-passwords': {
      if (!take(wish.secret, 'reset')) return badLink();
      if (wish.password.length < 8) return shortPassword('password');
      tickets.delete(wish.secret);
      return [204, undefined];
    }
    case '/api/invitations/look': {
      const ticket = take(wish.secret, 'invitation');
      if (!ticket) return badLink();
      const { household, role, until, by, email } = ticket;
      return [200, { household: settingsOf(household).name, role, until, by, email, known: people[email] !== undefined }];
    }
    case '/api/invitations/accept':
      return accept(me, wish);
    default:
      return null;
  }
}
