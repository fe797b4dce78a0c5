import { expect, test } from 'vitest';
import { data as de } from '../src/i18n/de/data';
import { data as en } from '../src/i18n/en/data';
import { hubSentence } from '../src/screens/settings/data/hub-sentence';

const date = (unix: number): string => new Date(unix * 1000).toISOString().slice(0, 10);
const hub = { name: 'Cellar', since: '2026-01-02T03:04:05Z', until: null };

test('what a hub measured is told by the time in which it was the home’s', () => {
  expect(hubSentence(hub, en, date)).toBe('All that Cellar has measured since 2026-01-02; the hub is released');
  expect(hubSentence({ ...hub, until: '2026-03-04T00:00:00Z' }, en, date)).toBe('All that Cellar measured from 2026-01-02 to 2026-03-04');
  expect(hubSentence({ ...hub, since: '1970-01-01T00:00:00Z' }, en, date)).toBe('All that Cellar has ever measured; the hub is released');
  expect(hubSentence(hub, de, date)).toContain('seit dem 2026-01-02');
});
