import { fmt, m } from '../../i18n/alerts';

/** So many minutes, as one says them. */
export function lengthName(mins: number): string {
  const [hours, rest] = [Math.floor(mins / 60), mins % 60];
  if (hours === 0) return m.alerts.minutes(fmt.count(rest));
  return rest === 0 ? m.alerts.hours(fmt.count(hours)) : m.alerts.hoursMinutes(fmt.count(hours), fmt.count(rest));
}
