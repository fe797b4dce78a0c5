import { fmt, m } from '../../i18n/alerts';
import { MOST_WATTS } from './alert-draft';

/** What to say beside a field that the service refused although nothing was found wrong with it here. */
export function alertRefusal(field: string): string {
  const { faults } = m.alerts.settings;
  switch (field.replace(/^left_on\[\d+\]\./, '')) {
    case 'hub':
      return faults.socket;
    case 'socket':
      return faults.twice;
    case 'above_w':
      return faults.watts(fmt.count(MOST_WATTS));
    case 'webhook':
      return faults.webhook;
    default:
      return m.app.refused;
  }
}

/** The same where no field of the form is for it: what it is about, where that has a name. */
export function alertStray(field: string): string {
  const words = m.alerts.settings;
  const part = /^alerts\.(\w+)/.exec(field)?.[1];
  const labels = new Map([['left_on', words.leftOn], ['mutes', words.mutes], ['language', words.language]]);
  const label = labels.get(part ?? '');
  return label === undefined ? m.app.notAccepted : m.app.refusedIn(label);
}
