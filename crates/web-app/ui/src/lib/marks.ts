import type { Bar } from './buckets';
import { addDays, addMonths, dayOf, daysBetween, firstOfMonth, hourMarks, startOf, weekdayOf, type Day } from './days';
import { lastDay, type Period } from './periods';

/** A label under the chart: where it stands, and what it names. */
export interface Mark {
  at: number;
  names: 'hour' | 'weekday' | 'day' | 'date' | 'month' | 'year';
  day: Day;
  hour: number;
}

const HOURS = [1, 2, 3, 6, 12];
const DAYS = [1, 2, 5, 7, 14];
const MONTHS = [1, 2, 3, 6, 12];

/** As many labels as there is room for, at steps that one would count in. */
export function axisMarks(period: Period, bar: Bar, zone: string, room: number): Mark[] {
  const [first, last] = [dayOf(period.from, zone), lastDay(period, zone)];
  const days = daysBetween(first, last) + 1;
  if (bar === '1mo' || days > 95) return months(period, bar, zone, room);
  if (days <= 2) return hours(period, first, last, zone, room);
  return inDays(period, bar, first, days, zone, room);
}

function fitting(steps: readonly number[], count: number, room: number): number {
  return steps.find((step) => count / step <= room) ?? steps.at(-1) ?? 1;
}

function hours(period: Period, first: Day, last: Day, zone: string, room: number): Mark[] {
  const step = fitting(HOURS, (period.to - period.from) / 3600, room);
  const days = first === last ? [first] : [first, last];
  const found = days.flatMap((day, i) =>
    hourMarks(day, zone, step).filter((mark) => i === days.length - 1 || mark.hour < 24).map((mark) => ({ ...mark, day })),
  );
  return found
    .filter((mark) => mark.at >= period.from && mark.at <= period.to)
    .map((mark) => ({ ...mark, names: 'hour' as const }));
}

/** A label belongs to the whole day and stands in its middle. */
function inDays(period: Period, bar: Bar, first: Day, days: number, zone: string, room: number): Mark[] {
  const week = days <= 8;
  const step = week ? fitting([1, 2, 4], days, Math.max(room, 7)) : fitting(DAYS, days, room);
  const found: Mark[] = [];
  for (let i = 0; i < days; i += 1) {
    const day = addDays(first, i);
    const counted = step === 7 || step === 14 ? weekdayOf(day) === 0 && (step === 7 || found.every((mark) => daysBetween(mark.day, day) >= 14)) : i % step === 0;
    if (!counted) continue;
    const [from, to] = [startOf(day, zone), startOf(addDays(day, 1), zone)];
    const at = bar === '1d' || week ? (Math.max(from, period.from) + Math.min(to, period.to)) / 2 : Math.max(from, period.from);
    found.push({ at, day, hour: 0, names: week ? 'weekday' : period.kind === 'month' ? 'day' : 'date' });
  }
  return found;
}

function months(period: Period, bar: Bar, zone: string, room: number): Mark[] {
  const begin = firstOfMonth(dayOf(period.from, zone));
  const end = lastDay(period, zone);
  const all: Day[] = [];
  for (let month = begin; month <= end; month = addMonths(month, 1)) all.push(month);
  const step = fitting(MONTHS, all.length, bar === '1mo' && all.length <= 12 ? 12 : room);
  return all.flatMap((day) => {
    if ((Number(day.slice(5, 7)) - 1) % step !== 0) return [];
    const [from, to] = [startOf(day, zone), startOf(addMonths(day, 1), zone)];
    const at = bar === '1mo' && step === 1 ? (from + to) / 2 : from;
    const names = step === 12 ? 'year' : 'month';
    return at >= period.from && at <= period.to ? [{ at, day, hour: 0, names } as const] : [];
  });
}
