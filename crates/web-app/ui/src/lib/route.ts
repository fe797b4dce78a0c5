import { isDay } from './days';
import { isMoment } from './periods';

export const HISTORY_KINDS = ['day', 'week', 'month', 'year', 'range'] as const;
export type HistoryKind = (typeof HISTORY_KINDS)[number];

export interface HistoryRoute {
  screen: 'history';
  kind: HistoryKind;
  /** A day within the period, or where a range begins (a day, or a minute of its wall clock); null is the present. */
  at: string | null;
  /** Where a range ends; null for every other kind. */
  to: string | null;
  group: 'socket' | 'room';
  compare: 'previous' | 'year' | null;
  /** The key of the one socket that is shown. */
  socket: string | null;
}

/** What the links in letters lead to, and the way back from a provider. */
export const LETTERS = ['welcome', 'confirm', 'new-password', 'invitation', 'continue'] as const;
/** Pages for those who are not logged in, or need not be. */
const OUTSIDE = ['sign-up', 'forgotten', ...LETTERS] as const;
export type OutsidePage = (typeof OUTSIDE)[number];

const SECTIONS = ['alerts', 'hubs', 'people', 'you'] as const;
/** A place in the settings; null is their beginning. */
export type SettingsSection = (typeof SECTIONS)[number] | null;

export type Route =
  | { screen: 'now' }
  | HistoryRoute
  | { screen: 'sockets'; socket: string | null }
  | { screen: 'costs' }
  | { screen: 'alerts' }
  | { screen: 'settings'; section: SettingsSection }
  | { screen: 'outside'; page: OutsidePage };

export type Screen = Route['screen'];

/** The History screen of a day, with what differs from that. */
export function historyRoute(parts: Partial<Omit<HistoryRoute, 'screen'>> = {}): HistoryRoute {
  return { screen: 'history', kind: 'day', at: null, to: null, group: 'socket', compare: null, socket: null, ...parts };
}

export function parseRoute(path: string, search: string): Route {
  const [first, ...rest] = path.split('/').filter(Boolean).map(decode);
  switch (first) {
    case 'history':
      return parseHistory(rest, new URLSearchParams(search));
    case 'today': {
      // What the screen was called before it knew more than days.
      const [at] = rest;
      return historyRoute({ at: at !== undefined && isDay(at) ? at : null, socket: new URLSearchParams(search).get('socket') });
    }
    case 'sockets':
      return { screen: 'sockets', socket: rest[0] ?? null };
    case 'costs':
    case 'alerts':
      return { screen: first };
    case 'settings':
      return { screen: 'settings', section: SECTIONS.find((section) => section === rest[0]) ?? null };
    default: {
      const page = OUTSIDE.find((one) => one === first);
      return page === undefined ? { screen: 'now' } : { screen: 'outside', page };
    }
  }
}

function parseHistory([kind, at, to]: string[], query: URLSearchParams): HistoryRoute {
  const shared = {
    group: query.get('group') === 'room' ? ('room' as const) : ('socket' as const),
    compare: comparison(query.get('compare')),
    socket: query.get('socket'),
  };
  if (!isKind(kind)) return historyRoute(shared);
  if (kind !== 'range') return historyRoute({ ...shared, kind, at: at !== undefined && isDay(at) ? at : null });
  // Half a range is none.
  if (at === undefined || to === undefined || !isMoment(at) || !isMoment(to)) return historyRoute(shared);
  return historyRoute({ ...shared, kind, at, to });
}

function isKind(text: string | undefined): text is HistoryKind {
  return HISTORY_KINDS.some((kind) => kind === text);
}

function comparison(text: string | null): HistoryRoute['compare'] {
  return text === 'previous' || text === 'year' ? text : null;
}

export function href(route: Route): string {
  switch (route.screen) {
    case 'now':
      return '/';
    case 'history':
      return historyHref(route);
    case 'sockets':
      return route.socket === null ? '/sockets' : `/sockets/${encode(route.socket)}`;
    case 'costs':
    case 'alerts':
      return `/${route.screen}`;
    case 'settings':
      return route.section === null ? '/settings' : `/settings/${route.section}`;
    case 'outside':
      return `/${route.page}`;
  }
}

function historyHref({ kind, at, to, group, compare, socket }: HistoryRoute): string {
  const path = ['/history', kind, at, kind === 'range' ? to : null].filter((part) => part !== null).join('/');
  const query = [
    group === 'room' && 'group=room',
    compare !== null && `compare=${compare}`,
    socket !== null && `socket=${encode(socket)}`,
  ].filter((part) => part !== false);
  return query.length > 0 ? `${path}?${query.join('&')}` : path;
}

/** A colon is allowed where these stand, and reads better. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll('%3A', ':');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
