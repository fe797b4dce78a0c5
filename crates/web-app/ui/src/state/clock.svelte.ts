import { whenDated } from '../api/client';

/** Below this, transport and the header's whole seconds explain the difference. */
const TRUSTED_S = 3;

/** The server's time in unix seconds: a phone whose clock is wrong must not see silent sockets or another day. */
class Clock {
  now = $state(Date.now() / 1000);
  #skew = 0;

  constructor() {
    whenDated((server) => {
      const skew = Date.now() / 1000 - server;
      this.#skew = Math.abs(skew) > TRUSTED_S ? skew : 0;
    });
    setInterval(() => {
      if (!document.hidden) this.now = this.read();
    }, 1000);
    document.addEventListener('visibilitychange', () => (this.now = this.read()));
  }

  read(): number {
    return Date.now() / 1000 - this.#skew;
  }
}

export const clock = new Clock();
