import {
  addDays,
  addMonths,
  clockInstant,
  dayOf,
  daysBetween,
  firstOfMonth,
  isDay,
  startOf,
  wallClock,
  weekdayOf,
  type Day,
} from './days';

export const KINDS = ['day', 'week', 'month', 'year', 'range'] as const;
export type Kind = (typeof KINDS)[number];

/** A day, `YYYY-MM-DD`, or a minute of its wall clock, `YYYY-MM-DDTHH:MM`. */
export type Moment = string;

/** A stretch of the household's calendar; `end` and `to` are the first that no longer belong to it. */
export interface Period {
  kind: Kind;
  first: Moment;
  end: Moment;
  from: number;
  to: number;
}

const QUARTER_S = 900;
/** What the service answers at most, in days. */
const MOST_DAYS = 3650;
const DEFAULT_DAYS = 14;

export function isMoment(text: string): boolean {
  return isDay(text.slice(0, 10)) && /^(T([01]\d|2[0-3]):[0-5]\d)?$/.test(text.slice(10));
}

/** The instant of a moment: of a time that comes twice the one that makes the range longer. */
function instant(moment: Moment, zone: string, edge: 'first' | 'last'): number {
  const day = moment.slice(0, 10);
  if (moment.length === 10) return startOf(day, zone);
  const seconds = Number(moment.slice(11, 13)) * 3600 + Number(moment.slice(14, 16)) * 60;
  return clockInstant(day, seconds, zone, edge);
}

export function momentOf(unix: number, zone: string): Moment {
  const { day, hour, minute } = wallClock(unix, zone);
  if (unix === startOf(day, zone)) return day;
  return `${day}T${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

function firstDay(kind: Kind, day: Day): Day {
  if (kind === 'week') return addDays(day, -weekdayOf(day));
  if (kind === 'month') return firstOfMonth(day);
  return kind === 'year' ? `${day.slice(0, 4)}-01-01` : day;
}

/** The first day of the period `count` further; `first` is the first day of one. */
function further(kind: Kind, first: Day, count: number): Day {
  if (kind === 'week') return addDays(first, 7 * count);
  if (kind === 'month') return addMonths(first, count);
  return kind === 'year' ? addMonths(first, 12 * count) : addDays(first, count);
}

/** The period of a kind that `at` lies in. A free range takes its own end, and at least a quarter of an hour. */
export function periodOf(kind: Kind, at: Moment, to: Moment | null, zone: string): Period {
  if (kind === 'range') return rangeOf(at, to ?? addDays(at.slice(0, 10), 1), zone);
  const first = firstDay(kind, at.slice(0, 10));
  const end = further(kind, first, 1);
  return { kind, first, end, from: startOf(first, zone), to: startOf(end, zone) };
}

function rangeOf(at: Moment, until: Moment, zone: string): Period {
  const last = addDays(at.slice(0, 10), MOST_DAYS);
  const end = until > last ? last : until;
  const from = Math.floor(instant(at, zone, 'first') / QUARTER_S) * QUARTER_S;
  const to = Math.ceil(instant(end, zone, 'last') / QUARTER_S) * QUARTER_S;
  return between(from, to > from ? to : from + QUARTER_S, zone);
}

/** The free range between two instants. */
export function between(from: number, to: number, zone: string): Period {
  return { kind: 'range', first: momentOf(from, zone), end: momentOf(to, zone), from, to };
}

/** What a kind shows when nothing else was asked for; a free range begins with the last two weeks. */
export function present(kind: Kind, today: Day, zone: string): Period {
  if (kind === 'range') return rangeOf(addDays(today, 1 - DEFAULT_DAYS), addDays(today, 1), zone);
  return periodOf(kind, today, null, zone);
}

/** The neighbour: a free range moves by its own length, in whole months or days where it has such. */
export function step(period: Period, count: 1 | -1, zone: string): Period {
  const { kind, first, end } = period;
  if (kind !== 'range') return periodOf(kind, further(kind, first, count), null, zone);
  if (first.length > 10 || end.length > 10) {
    const length = (period.to - period.from) * count;
    return between(period.from + length, period.to + length, zone);
  }
  if (first.endsWith('-01') && end.endsWith('-01')) {
    const months = monthsBetween(first, end) * count;
    return rangeOf(addMonths(first, months), addMonths(end, months), zone);
  }
  const days = daysBetween(first, end) * count;
  return rangeOf(addDays(first, days), addDays(end, days), zone);
}

function monthsBetween(first: Day, end: Day): number {
  const months = (day: Day): number => Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7));
  return months(end) - months(first);
}

export function holds(period: Period, unix: number): boolean {
  return unix >= period.from && unix < period.to;
}

/** The last day that belongs to it, at least in part. */
export function lastDay(period: Period, zone: string): Day {
  return dayOf(period.to - 1, zone);
}
