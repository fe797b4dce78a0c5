import { fmt, m } from '../../i18n';

/** A length of time as one says it: seconds, then minutes, then hours and minutes. */
export function duration(seconds: number): string {
  if (seconds < 90) return m.today.seconds(fmt.count(Math.round(seconds)));
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return m.today.minutes(fmt.count(minutes));
  return m.today.hours(fmt.count(Math.floor(minutes / 60)), fmt.count(minutes % 60));
}
