import { addDays, dayOf, startOf, type Day } from './days';

/** A guest's last day is a whole one: the membership ends with it. */
export function endOfDay(day: Day, zone: string): string {
  return new Date(startOf(addDays(day, 1), zone) * 1000).toISOString();
}

/** The last day on which a membership still holds. */
export function lastDayOf(until: string, zone: string): Day {
  return dayOf(Date.parse(until) / 1000 - 1, zone);
}

/** As far ahead as the service takes it. */
export const MOST_GUEST_DAYS = 730;
