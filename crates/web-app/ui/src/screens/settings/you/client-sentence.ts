import { m } from '../../../i18n/you';
import { clientName } from '../../../lib/client-name';

/** A browser as people call it: "Firefox on Linux". */
export function clientSentence(agent: string): string {
  const { browser, system } = clientName(agent);
  if (browser !== null && system !== null) return m.you.client(browser, system);
  return browser ?? system ?? m.you.unknownClient;
}
