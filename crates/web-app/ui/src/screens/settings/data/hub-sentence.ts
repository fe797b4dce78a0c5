import type { HubTime } from '../../../api/types';
import type { Messages } from '../../../i18n/messages';

type Words = Pick<Messages['data'], 'hub' | 'hubNow' | 'hubAll'>;

const unix = (instant: string): number => Date.parse(instant) / 1000;

/** What of a hub goes. One that was there before anybody wrote down when has measured for ever. */
export function hubSentence(hub: Pick<HubTime, 'name' | 'since' | 'until'>, words: Words, date: (unix: number) => string): string {
  const since = unix(hub.since);
  if (hub.until !== null && hub.until !== undefined) return words.hub(hub.name, date(since), date(unix(hub.until)));
  return since <= 0 ? words.hubAll(hub.name) : words.hubNow(hub.name, date(since));
}
