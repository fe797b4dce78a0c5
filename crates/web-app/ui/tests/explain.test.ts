import { afterEach, describe, expect, it, vi } from 'vitest';
import { ApiError, NetworkError, request } from '../src/api/client';
import { m } from '../src/i18n';
import { Overtaken } from '../src/state/overtaken';
import { explain, refusedField, whyOf } from '../src/ui/explain';
import { referred, sentenceOf } from '../src/ui/why';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const referredTo = { sentence: m.app.failedWhy, reference: TRACE };

describe('an error on the side of the server', () => {
  it('is explained with the reference by which it is found', () => {
    for (const status of [500, 502, 503]) {
      const error = new ApiError(status, { trace_id: TRACE });
      expect(explain(error)).toEqual(referredTo);
      expect(whyOf(error)).toEqual(referredTo);
    }
    expect(referred('No.', new ApiError(500, { trace_id: TRACE }))).toEqual({ sentence: 'No.', reference: TRACE });
    expect(sentenceOf(referredTo)).toBe(m.app.failedWhy);
  });
  it('has none where the answer has none, or something else in its place', () => {
    for (const trace of [undefined, null, '', 'abc', TRACE.toUpperCase(), `${TRACE}0`, `${TRACE}\n`, 7, {}]) {
      const error = new ApiError(500, { trace_id: trace as string });
      expect(explain(error), String(trace)).toBe(m.app.failedWhy);
      expect(whyOf(error), String(trace)).toBe(m.app.failedWhy);
    }
  });
  it('has none where nobody has to mend anything', () => {
    const summingUp = new ApiError(503, { type: 'urn:wattline:summing-up', trace_id: TRACE });
    expect(whyOf(summingUp)).toBe(m.app.summingUp);
  });
});

describe('every other error', () => {
  it('is one sentence, whatever the answer says besides', () => {
    expect(explain(new Overtaken())).toBe(m.app.overtaken);
    expect(explain(new NetworkError())).toBe(m.app.unreachable);
    expect(whyOf(new NetworkError())).toBe(m.app.unreachable);
    expect(explain(new ApiError(403, { trace_id: TRACE }))).toBe(m.app.forbidden);
    expect(explain(new ApiError(404, { trace_id: TRACE }))).toBe(m.app.failedWhy);
    expect(explain(new ApiError(422, { detail: 'No such zone.', trace_id: TRACE }))).toBe(m.app.notAccepted);
    expect(explain(new ApiError(429, { trace_id: TRACE }, 150))).toBe(m.app.tooOften(m.app.minutes(3)));
    expect(explain(new TypeError('x'))).toBe(m.app.failedWhy);
  });
});

describe('a field that was refused', () => {
  it('is known by its name, and only where one is named', () => {
    expect(refusedField(new ApiError(422, { field: 'tariffs[1].name', detail: 'It is too long.' }))).toBe('tariffs[1].name');
    expect(refusedField(new ApiError(422, { detail: 'No.' }))).toBeNull();
    expect(refusedField(new ApiError(409, { field: 'name' }))).toBeNull();
    expect(refusedField(new NetworkError())).toBeNull();
  });
});

describe('what the server answers', () => {
  afterEach(() => vi.unstubAllGlobals());
  const answer = async (body: string): Promise<unknown> => {
    vi.stubGlobal('document', { documentElement: { lang: 'en' } });
    vi.stubGlobal('fetch', () => Promise.resolve(new Response(body, { status: 500 })));
    const error: unknown = await request('/api/tokens').catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ApiError);
    return error;
  };

  it('keeps its reference on the way to whoever explains it', async () => {
    expect(explain(await answer(JSON.stringify({ title: 'Error', status: 500, trace_id: TRACE })))).toEqual(referredTo);
  });
  it('may be no problem at all', async () => {
    expect(explain(await answer('<h1>Bad gateway</h1>'))).toBe(m.app.failedWhy);
    expect(explain(await answer('null'))).toBe(m.app.failedWhy);
  });
});
