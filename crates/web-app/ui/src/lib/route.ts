import { isDay, type Day } from './days';

export type Route =
  | { screen: 'now' }
  | { screen: 'today'; day: Day | null; socket: string | null };

export function parseRoute(path: string, search: string): Route {
  const [first, second] = path.split('/').filter(Boolean);
  if (first !== 'today') return { screen: 'now' };
  const socket = new URLSearchParams(search).get('socket');
  return { screen: 'today', day: second !== undefined && isDay(second) ? second : null, socket };
}

export function href(route: Route): string {
  if (route.screen === 'now') return '/';
  const path = route.day ? `/today/${route.day}` : '/today';
  return route.socket ? `${path}?socket=${encodeURIComponent(route.socket).replaceAll('%3A', ':')}` : path;
}
