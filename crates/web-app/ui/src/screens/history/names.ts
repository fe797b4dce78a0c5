import { fmt, m } from '../../i18n/history';
import type { Bar } from '../../lib/buckets';
import { addDays, dayOf, weekNumber, type Day } from '../../lib/days';
import type { Span } from '../../lib/gaps';
import type { Mark } from '../../lib/marks';
import { lastDay, momentOf, periodOf, present, step, type Period } from '../../lib/periods';
import { duration } from './duration';

/** Between two times; a line does not break after it. */
const TO = '–\u2060';

/** A period as its headline says it. */
export function periodName(period: Period, today: Day, zone: string): string {
  const { kind, first } = period;
  const year = today.slice(0, 4);
  switch (kind) {
    case 'day':
      return first.startsWith(year) ? fmt.day(first) : fmt.dayYear(first);
    case 'week':
      return fmt.days(first, lastDay(period, zone), year);
    case 'month':
      return fmt.month(first);
    case 'year':
      return fmt.year(first);
    case 'range':
      return spanName(period, zone, year, true);
  }
}

/** The same where there is little room. */
export function periodShort(period: Period, today: Day, zone: string): string {
  const { kind, first } = period;
  if (kind === 'day') return first.startsWith(today.slice(0, 4)) ? fmt.dayShort(first) : fmt.dateOf(first);
  if (kind === 'week') return fmt.days(first, lastDay(period, zone), today.slice(0, 4), true);
  if (kind === 'range') return spanName(period, zone, today.slice(0, 4));
  return kind === 'month' ? fmt.monthYear(first) : periodName(period, today, zone);
}

/** Where it lies as seen from today. */
export function periodNote(period: Period, today: Day, zone: string): string {
  if (period.kind === 'range') return duration(period.to - period.from);
  const running = present(period.kind, today, zone);
  const words = m.history.near[period.kind];
  if (period.from === running.from) return words.present;
  if (period.from === step(running, -1, zone).from) return words.last;
  return period.kind === 'week' ? m.history.weekNumber(fmt.count(weekNumber(period.first))) : '';
}

/** Any stretch of time, in days where it is whole days. */
export function spanName({ from, to }: Span, zone: string, year: string, long = false): string {
  const [first, end] = [momentOf(from, zone), momentOf(to, zone)];
  if (first.length === 10 && end.length === 10) return fmt.days(first, addDays(end, -1), year, !long);
  const [day, last] = [dayOf(from, zone), dayOf(to - 1, zone)];
  const [begins, ends] = [fmt.time(from, zone), end.length === 10 ? fmt.midnight : fmt.time(to, zone)];
  if (day === last) return `${fmt.dayShort(day)}, ${begins}${TO}${ends}`;
  return `${fmt.date(day)} ${begins} – ${fmt.date(last)} ${ends}`;
}

/** What a period is compared with, by the name of its kind where it is one. */
export function otherName(other: Span, period: Period, zone: string): string {
  const day = dayOf(other.from, zone);
  const named = period.kind === 'range' ? null : periodOf(period.kind, day, null, zone);
  if (named && named.from === other.from && named.to === other.to) return periodName(named, period.first, zone);
  return spanName(other, zone, period.first.slice(0, 4), true);
}

/** Without the day where all of the chart is one. */
export function clockName({ from, to }: Span, period: Period, zone: string, year: string): string {
  const oneDay = dayOf(period.from, zone) === lastDay(period, zone);
  return oneDay ? `${fmt.time(from, zone)}${TO}${fmt.time(to, zone)}` : spanName({ from, to }, zone, year);
}

/** What one bar stands for. */
export function barName(span: Span, bar: Bar, period: Period, zone: string): string {
  const day = dayOf(span.from, zone);
  if (bar === '1mo') return fmt.month(day);
  if (bar === '1d') return fmt.dayShort(day);
  return clockName(span, period, zone, day.slice(0, 4));
}

export function markName(mark: Mark, roomy: boolean, oneYear: boolean): string {
  switch (mark.names) {
    case 'hour':
      return fmt.axisHour(mark.hour);
    case 'weekday':
      return roomy ? fmt.weekdayDay(mark.day) : fmt.weekday(mark.day);
    case 'day':
      return fmt.dayOfMonth(mark.day);
    case 'date':
      return fmt.date(mark.day);
    case 'month':
      if (oneYear) return roomy ? fmt.monthShort(mark.day) : fmt.monthLetter(mark.day);
      return mark.day.slice(5, 7) === '01' && roomy ? fmt.monthYear(mark.day) : fmt.monthShort(mark.day);
    case 'year':
      return fmt.year(mark.day);
  }
}
