import { describe, expect, it } from 'vitest';
import { clientName } from '../src/lib/client-name';
import { clientSentence } from '../src/screens/settings/you/client-sentence';

const AGENTS: [string, string | null, string | null, boolean][] = [
  ['Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0', 'Firefox', 'Linux', false],
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0', 'Edge', 'Windows', false],
  ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 OPR/125.0.0.0', 'Opera', 'Windows', false],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Safari/605.1.15', 'Safari', 'macOS', false],
  ['Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1', 'Safari', 'iPhone', true],
  ['Mozilla/5.0 (iPad; CPU OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0 Mobile/15E148 Safari/604.1', 'Chrome', 'iPad', true],
  ['Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36', 'Chrome', 'Android', true],
  ['Mozilla/5.0 (Linux; Android 16; SM-S931B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36', 'Samsung Internet', 'Android', true],
  ['Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36', 'Chrome', 'ChromeOS', false],
  ['curl/8.14.1', 'curl', null, false],
  ['', null, null, false],
  ['Mozilla/5.0', null, null, false],
];

describe('what a browser calls itself', () => {
  for (const [agent, browser, system, handheld] of AGENTS) {
    it(`${browser ?? 'nothing'} on ${system ?? 'nothing'} is told from “${agent.slice(0, 60)}”`, () => {
      expect(clientName(agent)).toEqual({ browser, system, handheld });
    });
  }
  it('is said as people say it', () => {
    expect(AGENTS.map(([agent]) => clientSentence(agent)).slice(0, 2)).toEqual(['Firefox on Linux', 'Edge on Windows']);
    expect(clientSentence('curl/8.14.1')).toBe('curl');
    expect(clientSentence('')).toBe('Unknown browser');
  });
});
