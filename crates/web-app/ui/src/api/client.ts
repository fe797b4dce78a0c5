import type {
  AccessToken,
  AlertsAnswer,
  Bills,
  Bucket,
  Compare,
  Duration,
  Group,
  HomeSettings,
  Household,
  HubLabels,
  NewAccessToken,
  Problem,
  Session,
  SocketId,
  SocketsAnswer,
  TodayFigures,
  TokenWish,
  Usage,
} from './types';

/** The server answered, but not with what was asked for. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Partial<Problem>,
    /** In how many seconds one may try again; null where the server did not say. */
    readonly retryAfter: number | null = null,
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
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  body?: unknown;
  signal?: AbortSignal | undefined;
}

export async function request<T>(path: string, { method = 'GET', body, signal }: Options = {}): Promise<T> {
  // The page's language, which letters are to have too.
  const headers = { accept: 'application/json', 'accept-language': document.documentElement.lang };
  const init: RequestInit = { method, headers, credentials: 'same-origin' };
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
    throw new ApiError(response.status, await problemOf(response), secondsOf(response.headers.get('retry-after')));
  }
  return (response.status === 204 ? undefined : await response.json()) as T;
}

function secondsOf(header: string | null): number | null {
  return header !== null && /^\d+$/.test(header) ? Number(header) : null;
}

async function problemOf(response: Response): Promise<Partial<Problem>> {
  try {
    const body: unknown = await response.json();
    return typeof body === 'object' && body !== null ? (body as Partial<Problem>) : {};
  } catch {
    return {};
  }
}

/** The password is right, and a code is wanted too; after a code: it was wrong. */
const CODE_NEEDED = 'urn:wattline:code-needed';

export function needsCode(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401 && error.problem.type === CODE_NEEDED;
}

/** What came in just now is too much to be summed up while somebody waits. */
const SUMMING_UP = 'urn:wattline:summing-up';

export function isSummingUp(error: unknown): boolean {
  return error instanceof ApiError && error.status === 503 && error.problem.type === SUMMING_UP;
}

export function openSession(email: string, password: string, code?: string): Promise<Session> {
  return request('/api/session', { method: 'POST', body: code === undefined ? { email, password } : { email, password, code } });
}

export function currentSession(): Promise<Session> {
  return request('/api/session');
}

export function closeSession(): Promise<void> {
  return request('/api/session', { method: 'DELETE' });
}

export function householdPath(id: string): string {
  return `/api/households/${encodeURIComponent(id)}`;
}

export function fetchHousehold(id: string, signal?: AbortSignal): Promise<Household> {
  return request(householdPath(id), { signal });
}

interface Span {
  from: number;
  to: number;
}

interface UsageQuery extends Span {
  bucket: Bucket;
  /** Only this one; without it every socket of the household. */
  only?: SocketId;
  group?: Group;
  compare?: Compare | null;
  cost?: boolean;
}

export function fetchUsage(id: string, wanted: UsageQuery, signal?: AbortSignal): Promise<Usage> {
  const { bucket, only, group, compare, cost } = wanted;
  const query = spanOf(wanted, { bucket, ...socketOf(only) });
  if (group) query.set('group', group);
  if (compare) query.set('compare', compare);
  if (cost) query.set('cost', 'true');
  return request(`${householdPath(id)}/usage?${query.toString()}`, { signal });
}

export function fetchToday(id: string, signal?: AbortSignal): Promise<TodayFigures> {
  return request(`${householdPath(id)}/today`, { signal });
}

export function fetchDuration(id: string, span: Span, signal?: AbortSignal): Promise<Duration> {
  return request(`${householdPath(id)}/duration?${spanOf(span).toString()}`, { signal });
}

export function fetchSockets(id: string, signal?: AbortSignal): Promise<SocketsAnswer> {
  return request(`${householdPath(id)}/sockets`, { signal });
}

export function fetchBills(id: string, months: number, signal?: AbortSignal): Promise<Bills> {
  return request(`${householdPath(id)}/bills?months=${months}`, { signal });
}

export function fetchSettings(id: string, signal?: AbortSignal): Promise<HomeSettings> {
  return request(`${householdPath(id)}/settings`, { signal });
}

/** The settings with their new revision. Refused with 409 when somebody else was quicker. */
export function putSettings(id: string, settings: HomeSettings): Promise<HomeSettings> {
  return request(`${householdPath(id)}/settings`, { method: 'PUT', body: settings });
}

/** Replaces all labels of a hub. */
export function putHub(id: string, hub: string, labels: HubLabels): Promise<void> {
  return request(`${householdPath(id)}/hubs/${encodeURIComponent(hub)}`, { method: 'PUT', body: labels });
}

/** Those that are open, and those that ended in the last 30 days. */
export function fetchAlerts(id: string, signal?: AbortSignal): Promise<AlertsAnswer> {
  return request(`${householdPath(id)}/alerts`, { signal });
}

/** Says that somebody has seen it. */
export function acknowledgeAlert(id: string, alert: string): Promise<void> {
  return request(`${householdPath(id)}/alerts/${encodeURIComponent(alert)}/acknowledge`, { method: 'POST' });
}

interface ExportQuery extends Span {
  bucket: '15m' | '1h' | '1d' | 'tick';
  format: 'csv' | 'json';
  /** Only this one; without it every socket of the household. */
  only?: SocketId | undefined;
  /** A column of what it cost; the finest steps have none. */
  cost?: boolean;
  /** Rows for what was not measured too. */
  gaps?: boolean;
}

/** Where a download is; the browser itself fetches it. */
export function exportUrl(id: string, { bucket, format, only, cost, gaps, ...span }: ExportQuery): string {
  const more = { bucket, format, ...socketOf(only), ...(cost ? { cost: 'true' } : {}), ...(gaps ? { gaps: 'true' } : {}) };
  return `${householdPath(id)}/export?${spanOf(span, more).toString()}`;
}

export async function fetchTokens(signal?: AbortSignal): Promise<AccessToken[]> {
  return (await request<{ tokens: AccessToken[] }>('/api/tokens', { signal })).tokens;
}

export function createToken(wish: TokenWish): Promise<NewAccessToken> {
  return request('/api/tokens', { method: 'POST', body: wish });
}

export function revokeToken(id: string): Promise<void> {
  return request(`/api/tokens/${encodeURIComponent(id)}`, { method: 'DELETE' });
}

function socketOf(only: SocketId | undefined): Record<string, string> {
  return only ? { hub: only.hub, socket: String(only.socket) } : {};
}

function spanOf({ from, to }: Span, more: Record<string, string> = {}): URLSearchParams {
  return new URLSearchParams({ from: rfc3339(from), to: rfc3339(to), ...more });
}

export function livePath(id: string): string {
  return `${householdPath(id)}/live`;
}

function rfc3339(unix: number): string {
  return new Date(unix * 1000).toISOString().replace('.000Z', 'Z');
}
