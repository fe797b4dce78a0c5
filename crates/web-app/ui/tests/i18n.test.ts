import { describe, expect, it } from 'vitest';
import { pickLanguage } from '../src/i18n';
import { de } from '../src/i18n/de';
import { en as english } from '../src/i18n/en';

const catalogues = { en: english, de };

type Tree = { [key: string]: string | ((...args: never[]) => string) | Tree };

function leaves(tree: Tree, path = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    const at = path ? `${path}.${key}` : key;
    if (typeof value === 'string') found.set(at, value);
    else if (typeof value === 'function') {
      const args = Array.from({ length: value.length }, (_, i) => `{${i}}`);
      found.set(at, (value as (...a: string[]) => string)(...args));
    } else for (const [k, v] of leaves(value, at)) found.set(k, v);
  }
  return found;
}

describe('message catalogues', () => {
  const en = leaves(catalogues.en);
  for (const [language, catalogue] of Object.entries(catalogues)) {
    const found = leaves(catalogue);
    it(`${language} has every key and no other`, () => {
      expect([...found.keys()].sort()).toEqual([...en.keys()].sort());
    });
    it(`${language} says something everywhere, with every value it is given`, () => {
      for (const [key, text] of found) {
        expect(text.trim(), key).not.toBe('');
        const wanted = (en.get(key) ?? '').match(/\{\d\}/g) ?? [];
        for (const slot of wanted) expect(text, key).toContain(slot);
      }
    });
  }
  it('are chosen by the first language the reader prefers', () => {
    expect(pickLanguage(['de-AT', 'en'])).toBe('de');
    expect(pickLanguage(['fr', 'de'])).toBe('de');
    expect(pickLanguage(['ja'])).toBe('en');
  });
});
