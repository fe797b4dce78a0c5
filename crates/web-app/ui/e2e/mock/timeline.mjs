// The energy of every socket and quarter hour since the home began. Older quarter hours are made from a week that
// repeats with variations, so that a year costs no more than a moment.
import { exists, factor, FINE_FROM, FIRST_DAY, gapOf, joules, largeSockets, sockets, template, TICK_S } from './home.mjs';

export const QUARTER_S = 900;
const TICKS = QUARTER_S / TICK_S;
const weeks = new Map();
const older = new Map();
const recent = new Map();

export const nowTick = () => Math.floor(Date.now() / 1000 / TICK_S) * TICK_S;

/** Mean watts of each quarter hour of the week that repeats. */
function week(socket) {
  let found = weeks.get(socket.id);
  if (!found) {
    found = new Map();
    weeks.set(socket.id, found);
  }
  return found;
}

function templateJoules(socket, quarter) {
  const known = week(socket);
  const start = template(quarter);
  let sum = known.get(start);
  if (sum === undefined) {
    sum = 0;
    for (let i = 0; i < TICKS; i++) sum += socket.power(start + i * TICK_S, socket.id) * TICK_S;
    known.set(start, sum);
  }
  return sum;
}

/** Joules (NaN is a gap) of all quarter hours from the first day to where single ticks count. */
function olderOf(socket) {
  let found = older.get(socket.id);
  if (!found) {
    found = new Float64Array((FINE_FROM - FIRST_DAY) / QUARTER_S);
    for (let i = 0; i < found.length; i++) {
      const t = FIRST_DAY + i * QUARTER_S;
      const missing = !exists(socket, t) || gapOf(socket, t);
      found[i] = missing ? NaN : Math.round(templateJoules(socket, t) * factor(socket, t));
    }
    older.set(socket.id, found);
  }
  return found;
}

/** `{ sum, count, peak }` of the ticks measured in a quarter hour. */
export function quarter(socket, start) {
  if (start < FIRST_DAY) return NOTHING;
  if (start < FINE_FROM) {
    const sum = olderOf(socket)[(start - FIRST_DAY) / QUARTER_S];
    return Number.isNaN(sum) ? NOTHING : { sum, count: TICKS, peak: (sum / QUARTER_S) * 1.15 };
  }
  const key = `${socket.id} ${start}`;
  const known = recent.get(key);
  if (known) return known;
  const now = nowTick();
  const found = { sum: 0, count: 0, peak: 0 };
  for (let t = start; t < Math.min(start + QUARTER_S, now); t += TICK_S) {
    const j = joules(socket, t);
    if (j === null) continue;
    found.sum += j;
    found.count++;
    found.peak = Math.max(found.peak, j / TICK_S);
  }
  if (start + QUARTER_S <= now) recent.set(key, found);
  return found;
}
const NOTHING = { sum: 0, count: 0, peak: 0 };

/** The lowest mean power of an hour of an ordinary day; null for a plug that is not there. */
export function standby(socket) {
  if (!exists(socket, nowTick() - 3 * 86_400)) return null;
  let least = Infinity;
  const day = template(nowTick() - 4 * 86_400);
  for (let minute = 0; minute < 1440; minute += 5) least = Math.min(least, socket.power(day + minute * 60, socket.id));
  return Math.round(least * 100) / 100;
}

/** Of the homes that measure something; of others none. */
export function socketsIn(id) {
  if (id === 'h-large') return largeSockets;
  return id === 'h-demo' || id === 'h-plain' ? sockets : [];
}
