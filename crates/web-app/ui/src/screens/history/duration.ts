import { fmt, m } from '../../i18n/history';

const DAY_S = 86_400;

/** A length of time as one says it: seconds, then minutes, then hours and minutes, then days. */
export function duration(seconds: number): string {
  if (seconds < 90) return m.history.seconds(fmt.count(Math.round(seconds)));
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return m.history.minutes(fmt.count(minutes));
  // Days with an hour more or less are days.
  const days = Math.round(seconds / DAY_S);
  if (days >= 1 && Math.abs(seconds - days * DAY_S) <= 3600) return m.history.days(fmt.count(days));
  if (seconds > 2 * DAY_S) return m.history.days(fmt.decimal(seconds / DAY_S, 1));
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? m.history.wholeHours(fmt.count(hours)) : m.history.hours(fmt.count(hours), fmt.count(minutes % 60));
}
