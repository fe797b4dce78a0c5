import type { HomeSettings, Household } from '../../api/types';
import { fmt, m } from '../../i18n/alerts';
import { lengthName } from './length';
import { subjectName } from './names';

/** From here on sockets that should not be left on are counted instead of named. */
const NAMED = 3;

/** What is watched, a line for each. */
export function watchedLines(household: Household, { alerts, budget_n, currency }: HomeSettings): string[] {
  const { watch } = m.alerts;
  const lines: string[] = [];
  if (alerts.hub_offline_mins !== null) lines.push(watch.hub(lengthName(alerts.hub_offline_mins)));
  if (alerts.socket_silent_mins !== null) lines.push(watch.socket(lengthName(alerts.socket_silent_mins)));
  if (alerts.left_on.length > NAMED) lines.push(watch.leftOnMany(fmt.count(alerts.left_on.length)));
  else {
    for (const rule of alerts.left_on) {
      lines.push(watch.leftOn(subjectName(household, rule), fmt.watts(rule.above_w), lengthName(rule.mins)));
    }
  }
  if (alerts.unusual) lines.push(watch.unusual);
  if (alerts.budget) lines.push(budget_n === null ? watch.budgetUnset : watch.budget(fmt.moneyAbout(budget_n, currency)));
  return lines;
}

/** The ways on which it is told. */
export function waysSentence({ alerts }: HomeSettings): string {
  const { ways } = m.alerts;
  const used = [ways.page, alerts.by_email ? ways.email : null, alerts.webhook === null ? null : ways.webhook];
  return m.alerts.told(fmt.list(used.filter((way) => way !== null)));
}
