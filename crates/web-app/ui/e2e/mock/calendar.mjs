// Local days, weeks, months and years of the home's zone.
import { ZONE } from './home.mjs';

const format = new Intl.DateTimeFormat('en-GB', { timeZone: ZONE, timeZoneName: 'longOffset' });
const offsets = new Map();

function offset(t) {
  const hour = Math.floor(t / 3600);
  let found = offsets.get(hour);
  if (found === undefined) {
    const name = format.formatToParts(hour * 3.6e6).find((part) => part.type === 'timeZoneName').value;
    const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(name);
    found = hours === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60);
    offsets.set(hour, found);
  }
  return found;
}

/** The wall clock's reading as if it were UTC. */
export const toLocal = (t) => t + offset(t);
const fromLocal = (local) => {
  const guess = local - offset(local);
  return local - offset(guess);
};

const STEPS = { tick: 10, '15m': 900, '1h': 3600 };
const civil = (local) => new Date(local * 1000);
const utc = (year, month, day) => Date.UTC(year, month, day) / 1000;

/** Start of the bucket `count` after the one that `t` is in. */
export function bucketStart(unit, t, count = 0) {
  const step = STEPS[unit];
  if (step) return (Math.floor(t / step) + count) * step;
  const date = civil(toLocal(t));
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  switch (unit) {
    case '1d':
      return fromLocal(utc(year, month, day + count));
    case '1w':
      return fromLocal(utc(year, month, day - ((date.getUTCDay() + 6) % 7) + 7 * count));
    case '1mo':
      return fromLocal(utc(year, month + count, 1));
    case '1y':
      return fromLocal(utc(year + count, 0, 1));
    default:
      return null;
  }
}

/** Whole buckets that cover a range; the last entry is the end. */
export function buckets(unit, from, to) {
  const edges = [bucketStart(unit, from)];
  while (edges.at(-1) < to) edges.push(bucketStart(unit, edges.at(-1), 1));
  return edges;
}

const shiftDays = (t, days) => fromLocal(toLocal(t) + days * 86_400);

/** The period before, or the same one a year ago. */
export function earlier(compare, from, to) {
  const days = Math.round((to - from) / 86_400);
  const isMonth = bucketStart('1mo', from) === from && bucketStart('1mo', from, 1) === to;
  const isYear = bucketStart('1y', from) === from && bucketStart('1y', from, 1) === to;
  if (compare === 'previous') {
    if (isMonth) return [bucketStart('1mo', from, -1), from];
    if (isYear) return [bucketStart('1y', from, -1), from];
    return [shiftDays(from, -days), from];
  }
  if (isMonth) return [bucketStart('1mo', from, -12), bucketStart('1mo', from, -11)];
  if (isYear) return [bucketStart('1y', from, -1), from];
  return [shiftDays(from, -364), shiftDays(to, -364)];
}

/** `2026-11-24` or `2026-11`. */
export const dayName = (t) => civil(toLocal(t)).toISOString().slice(0, 10);
export const monthName = (t) => dayName(t).slice(0, 7);

/** RFC 3339 with the zone's offset. */
export function localTime(t) {
  const minutes = offset(t) / 60;
  const pad = (n) => String(n).padStart(2, '0');
  return `${civil(toLocal(t)).toISOString().slice(0, 19)}+${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}
