import type { Bucket, Household, Problem, Session, SocketId, Usage } from './types';

/** The server answered, but not with what was asked for. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Partial<Problem>,
  ) {
    super(problem.detail ?? problem.title ?? `HTTP ${status}`);
  }
}

/** No answer at all. */
export class NetworkError extends Error {}

type Unauthorised = () => void;
let onUnauthorised: Unauthorised = () => undefined;

export function whenUnauthorised(handler: Unauthorised): void {
  onUnauthorised = handler;
}

let onDated: (unix: number) => void = () => undefined;

/** Tells the server's own time, as each answer carries it. */
export function whenDated(handler: (unix: number) => void): void {
  onDated = handler;
}

interface Options {
  method?: 'GET' | 'POST' | 'DELETE';
  body?: unknown;
  signal?: AbortSignal | undefined;
}

async function request<T>(path: string, { method = 'GET', body, signal }: Options = {}): Promise<T> {
  const init: RequestInit = { method, headers: { accept: 'application/json' }, credentials: 'same-origin' };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { ...init.headers, 'content-type': 'application/json' };
  }
  if (signal) init.signal = signal;
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new NetworkError('no answer', { cause });
  }
  const dated = Date.parse(response.headers.get('date') ?? '');
  if (Number.isFinite(dated)) onDated(dated / 1000);
  if (!response.ok) {
    if (response.status === 401 && path !== '/api/session') onUnauthorised();
    throw new ApiError(response.status, await problemOf(response));
  }
  return (response.status === 204 ? undefined : await response.json()) as T;
}

async function problemOf(response: Response): Promise<Partial<Problem>> {
  try {
    const body: unknown = await response.json();
    return typeof body === 'object' && body !== null ? (body as Partial<Problem>) : {};
  } catch {
    return {};
  }
}

export function openSession(email: string, password: string): Promise<Session> {
  return request('/api/session', { method: 'POST', body: { email, password } });
}

export function currentSession(): Promise<Session> {
  return request('/api/session');
}

export function closeSession(): Promise<void> {
  return request('/api/session', { method: 'DELETE' });
}

function householdPath(id: string): string {
  return `/api/households/${encodeURIComponent(id)}`;
}

export function fetchHousehold(id: string, signal?: AbortSignal): Promise<Household> {
  return request(householdPath(id), { signal });
}

interface UsageQuery {
  from: number;
  to: number;
  bucket: Bucket;
  /** Only this one; without it every socket of the household. */
  only?: SocketId;
}

export function fetchUsage(id: string, { from, to, bucket, only }: UsageQuery, signal?: AbortSignal): Promise<Usage> {
  const query = new URLSearchParams({ from: rfc3339(from), to: rfc3339(to), bucket });
  if (only) {
    query.set('hub', only.hub);
    query.set('socket', String(only.socket));
  }
  return request(`${householdPath(id)}/usage?${query.toString()}`, { signal });
}

export function livePath(id: string): string {
  return `${householdPath(id)}/live`;
}

function rfc3339(unix: number): string {
  return new Date(unix * 1000).toISOString().replace('.000Z', 'Z');
}
