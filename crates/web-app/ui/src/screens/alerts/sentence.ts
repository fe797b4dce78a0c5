import type { Alert } from '../../api/types';
import type { Messages } from '../../i18n/messages';
import { addDays, dayOf, type Day } from '../../lib/days';
import type { Format } from '../../lib/format';

const HOUR_S = 3600;
/** A mean over an hour is no more exact than that. */
const ABOUT_W = 10;

/** How it is told, and as seen from which day. */
export interface Telling {
  words: Messages['alerts'];
  fmt: Format;
  zone: string;
  currency: string;
  /** Times of this day are told by the clock alone. */
  day: Day;
  /** Whether that day is today, so that the one before it is yesterday. */
  today: boolean;
}

/** What an alert says, in one sentence. `name` is that of its socket, or else of its hub. */
export function alertSentence(alert: Alert, name: string, telling: Telling): string {
  const { words, fmt, zone, currency } = telling;
  const { kind, began, ended } = alert;
  if (kind === 'unusual') {
    const when = hour(began, telling);
    if (alert.energy_j === null || alert.usual_j === null) return words.unusualOnly(name, when);
    return words.unusual(name, fmt.kwh(alert.energy_j), when, fmt.kwh(alert.usual_j));
  }
  const say = ended === null ? words.is : words.was;
  if (kind === 'budget') {
    const month = fmt.monthLong(dayOf(began, zone).slice(0, 7));
    if (alert.expected_n === null || alert.budget_n === null) return say.budgetOnly(month);
    return say.budget(month, fmt.moneyAbout(alert.expected_n, currency), fmt.moneyAbout(alert.budget_n, currency));
  }
  const time = ended === null ? relative(began, telling, words.since) : span(began, ended, telling);
  switch (kind) {
    case 'hub_offline':
      return say.hub(name, time);
    case 'socket_silent':
      return say.socket(name, time);
    case 'left_on':
      return say.leftOn(name, time, alert.power_mw === null ? '' : words.about(fmt.watts(roughly(alert.power_mw / 1000))));
  }
}

/** A moment by the clock, with its date where it is of another day. */
export function moment(unix: number, { words, fmt, zone, day }: Telling): string {
  const its = dayOf(unix, zone);
  return its === day ? fmt.time(unix, zone) : words.moment(dateName(its, day, fmt), fmt.time(unix, zone));
}

function roughly(watts: number): number {
  return watts < 100 ? watts : Math.round(watts / ABOUT_W) * ABOUT_W;
}

function dateName(its: Day, day: Day, fmt: Format): string {
  return its.slice(0, 4) === day.slice(0, 4) ? fmt.date(its) : fmt.dateOf(its);
}

/** Of today, of yesterday, or of another day. */
function relative(unix: number, { fmt, zone, day, today }: Telling, words: Messages['alerts']['since']): string {
  const [its, time] = [dayOf(unix, zone), fmt.time(unix, zone)];
  if (its === day) return words.today(time);
  if (today && its === addDays(day, -1)) return words.yesterday(time);
  return words.day(dateName(its, day, fmt), time);
}

/** The hour that begins then. */
function hour(from: number, telling: Telling): string {
  const { words, fmt, zone } = telling;
  const to = from + HOUR_S;
  // The last hour of a day ends on that day.
  const end = dayOf(from, zone) === dayOf(to, zone) ? fmt.time(to, zone) : fmt.midnight;
  return relative(from, telling, {
    today: (time) => words.between.today(time, end),
    yesterday: (time) => words.between.yesterday(time, end),
    day: (date, time) => words.between.day(date, time, end),
  });
}

function span(from: number, to: number, { words, fmt, zone, day }: Telling): string {
  const [first, start, end] = [dayOf(from, zone), fmt.time(from, zone), fmt.time(to, zone)];
  return first === day ? words.span(start, end) : words.spanFrom(dateName(first, day, fmt), start, end);
}
