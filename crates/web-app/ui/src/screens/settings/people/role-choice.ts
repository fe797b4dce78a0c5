import type { MemberChange, Role } from '../../../api/types';
import { fmt, m } from '../../../i18n/people';
import { addDays, isDay } from '../../../lib/days';
import { endOfDay, MOST_GUEST_DAYS } from '../../../lib/guest-days';

const badDay = (): string => m.people.badDay(fmt.count(MOST_GUEST_DAYS));

/** What is wrong with a last day; only a guest has one. */
export function dayFault(role: Role, day: string, today: string): string {
  if (role !== 'guest' || day === '') return '';
  return isDay(day) && day >= today && day < addDays(today, MOST_GUEST_DAYS) ? '' : badDay();
}

/** What the service is told of a choice. */
export function changeOf(role: Role, day: string, zone: string): Required<MemberChange> & { until: string | null } {
  return { role, until: role === 'guest' && day !== '' ? endOfDay(day, zone) : null };
}

export const roleRefusals = (): Record<string, string> => ({ '422 until': badDay() });
