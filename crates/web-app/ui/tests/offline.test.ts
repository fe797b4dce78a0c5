import { describe, expect, it } from 'vitest';
import { parseHubState } from '../src/api/live';
import { applyHubState, withoutHub } from '../src/lib/offline';

describe('hubs that are offline', () => {
  const left = applyHubState({}, { hub: 'a', at: 100, online: false });

  it('are those that said so, from the first time on', () => {
    expect(left).toEqual({ a: 100 });
    expect(applyHubState(left, { hub: 'a', at: 120, online: false })).toEqual({ a: 100 });
    expect(applyHubState(left, { hub: 'b', at: 130, online: false })).toEqual({ a: 100, b: 130 });
  });

  it('are back when they say so, or when they measure', () => {
    expect(applyHubState(left, { hub: 'a', at: 140, online: true })).toEqual({});
    expect(withoutHub(left, 'a')).toEqual({});
    expect(withoutHub(left, 'b')).toBe(left);
  });

  it('are read from an event, and from nothing else', () => {
    expect(parseHubState('{"hub":"a","at":1,"online":false,"waiting":3}')).toEqual({ hub: 'a', at: 1, online: false });
    for (const wrong of ['', 'null', '{}', '{"hub":"a","at":1}', '{"hub":1,"at":1,"online":true}']) {
      expect(parseHubState(wrong)).toBeNull();
    }
  });
});
