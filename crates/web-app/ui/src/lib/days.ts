/** A calendar day of some zone, `YYYY-MM-DD`. */
export type Day = string;

export interface DayRange {
  from: number;
  to: number;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(zone: string): Intl.DateTimeFormat {
  let found = formatters.get(zone);
  if (!found) {
    found = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formatters.set(zone, found);
  }
  return found;
}

interface WallClock {
  day: Day;
  hour: number;
  minute: number;
  /** The wall clock's reading taken as if it were UTC, in seconds. */
  asUtc: number;
}

export function wallClock(unix: number, zone: string): WallClock {
  const part: Record<string, string> = {};
  for (const { type, value } of formatter(zone).formatToParts(unix * 1000)) part[type] = value;
  const { year = '', month = '', day = '', hour = '', minute = '', second = '' } = part;
  return {
    day: `${year.padStart(4, '0')}-${month}-${day}`,
    hour: Number(hour),
    minute: Number(minute),
    asUtc: Date.UTC(+year, +month - 1, +day, +hour, +minute, +second) / 1000,
  };
}

function offset(unix: number, zone: string): number {
  return wallClock(unix, zone).asUtc - Math.floor(unix);
}

export function dayOf(unix: number, zone: string): Day {
  return wallClock(unix, zone).day;
}

function utcMidnight(day: Day): number {
  return Date.parse(`${day}T00:00:00Z`) / 1000;
}

export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at = utcMidnight(text);
  return Number.isFinite(at) && new Date(at * 1000).toISOString().startsWith(text);
}

export function addDays(day: Day, count: number): Day {
  return new Date((utcMidnight(day) + count * 86_400) * 1000).toISOString().slice(0, 10);
}

/** The instant a wall clock of `zone` first shows `hour` o'clock (or the first time after a skipped one) on `day`. */
export function instantOf(day: Day, hour: number, zone: string): number {
  return clockInstant(day, hour * 3600, zone, 'first');
}

/** The same for any second of the day; a time that comes twice has a first and a last instant. */
export function clockInstant(day: Day, seconds: number, zone: string, which: 'first' | 'last'): number {
  const wanted = utcMidnight(day) + seconds;
  // The offset may change within a day of `wanted`; the possible answers are the occurrences.
  const offsets = new Set([offset(wanted - 86_400, zone), offset(wanted, zone), offset(wanted + 86_400, zone)]);
  const matches = [...offsets].map((o) => wanted - o).filter((at) => wallClock(at, zone).asUtc === wanted);
  if (matches.length > 0) return which === 'first' ? Math.min(...matches) : Math.max(...matches);
  // The time was skipped: the clock jumps over it at the instant where the larger offset begins.
  return wanted - Math.min(...offsets);
}

/** From `first` to `end`, in whole days of the calendar. */
export function daysBetween(first: Day, end: Day): number {
  return Math.round((utcMidnight(end) - utcMidnight(first)) / 86_400);
}

/** 0 is Monday. */
export function weekdayOf(day: Day): number {
  return (new Date(utcMidnight(day) * 1000).getUTCDay() + 6) % 7;
}

export function firstOfMonth(day: Day): Day {
  return `${day.slice(0, 7)}-01`;
}

/** The first day of the month that lies `count` months away. */
export function addMonths(day: Day, count: number): Day {
  const months = Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1 + count;
  const year = String(Math.floor(months / 12)).padStart(4, '0');
  return `${year}-${String((((months % 12) + 12) % 12) + 1).padStart(2, '0')}-01`;
}

/** The number of the ISO week: the first one of a year is the one with its first Thursday. */
export function weekNumber(day: Day): number {
  const thursday = addDays(day, 3 - weekdayOf(day));
  return Math.floor(daysBetween(`${thursday.slice(0, 4)}-01-01`, thursday) / 7) + 1;
}

export function dayRange(day: Day, zone: string): DayRange {
  return { from: startOf(day, zone), to: startOf(addDays(day, 1), zone) };
}

export function startOf(day: Day, zone: string): number {
  let at = instantOf(day, 0, zone);
  // Where midnight itself is skipped, the candidate may lie inside the day by less than the jump: step back to its edge.
  while (dayOf(at - 900, zone) === day) at -= 900;
  return at;
}

export interface HourMark {
  at: number;
  hour: number;
}

/** Every `step`-th hour of the wall clock, with both ends of the day; for an axis. */
export function hourMarks(day: Day, zone: string, step: number): HourMark[] {
  const range = dayRange(day, zone);
  const marks: HourMark[] = [];
  for (let hour = 0; hour < 24; hour += step) {
    const at = hour === 0 ? range.from : instantOf(day, hour, zone);
    if (at >= range.from && at < range.to) marks.push({ at, hour });
  }
  marks.push({ at: range.to, hour: 24 });
  return marks;
}
