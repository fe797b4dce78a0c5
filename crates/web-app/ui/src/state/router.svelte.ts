import { href, parseRoute, type Route } from '../lib/route';

function here(): Route {
  return parseRoute(location.pathname, location.search);
}

class Router {
  route = $state.raw<Route>(here());

  constructor() {
    addEventListener('popstate', () => (this.route = here()));
    document.addEventListener('click', (event) => this.#follow(event));
  }

  go(route: Route, { replace = false, keepScroll = false } = {}): void {
    const screenChanges = route.screen !== this.route.screen;
    history[replace ? 'replaceState' : 'pushState'](null, '', href(route));
    this.route = route;
    if (screenChanges && !keepScroll) scrollTo(0, 0);
  }

  #follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || link.target || link.origin !== location.origin || link.hash) return;
    event.preventDefault();
    this.go(parseRoute(link.pathname, link.search));
  }
}

export const router = new Router();
