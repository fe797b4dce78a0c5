/** What a letter's link has behind its `#`. It leaves the address bar at once, so that no history and no screen keeps it. */
class Letter {
  secret = $state<string | null>(null);

  constructor() {
    this.#read();
    // A second link into a page that is open already changes nothing but this.
    addEventListener('hashchange', () => this.#read());
  }

  #read(): void {
    if (!/^\/(welcome|confirm|new-password|invitation|continue)\/?$/.test(location.pathname)) return;
    const secret = location.hash.slice(1);
    if (secret === '') return;
    this.secret = secret;
    history.replaceState(null, '', location.pathname);
  }

  forget(): void {
    this.secret = null;
  }
}

export const letter = new Letter();
