import { fmt, m } from '../../i18n/costs';
import type { Fault, Moment } from '../../lib/tariff';
import { WEEKDAYS, type Weekday } from '../../api/types';
import { dayRuns } from '../../lib/tariff';

export function dayName(day: Weekday): string {
  return fmt.weekdayShort(WEEKDAYS.indexOf(day));
}

/** "Mon–Fri, Sun", or all of them in one word. */
export function daysName(days: readonly Weekday[]): string {
  if (days.length === WEEKDAYS.length) return m.costs.everyDay;
  return dayRuns(days)
    .map(([first, last]) => {
      if (first === last) return dayName(first);
      const next = WEEKDAYS.indexOf(last) - WEEKDAYS.indexOf(first) === 1;
      return `${dayName(first)}${next ? ', ' : '–'}${dayName(last)}`;
    })
    .join(', ');
}

function momentName({ day, time }: Moment): string {
  return m.costs.moment(fmt.weekdayName(WEEKDAYS.indexOf(day)), time);
}

export function faultSentence(fault: Fault): string {
  switch (fault.kind) {
    case 'hole':
      return m.costs.faults.hole(momentName(fault.at));
    case 'overlap':
      return m.costs.faults.overlap(momentName(fault.at), fault.names[0] || '…', fault.names[1] || '…');
    default:
      return m.costs.faults[fault.kind];
  }
}
