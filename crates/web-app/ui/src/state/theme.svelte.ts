export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'wattline.theme';

class ThemeChoice {
  value = $state<Theme>((document.documentElement.dataset.theme as Theme | undefined) ?? 'auto');
  /** Grows whenever colours may have changed, for what is drawn on a canvas. */
  revision = $state(0);

  constructor() {
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.revision++);
  }

  choose(theme: Theme): void {
    this.value = theme;
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    this.revision++;
    try {
      if (theme === 'auto') localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // Without storage the choice lasts as long as the page.
    }
  }
}

export const theme = new ThemeChoice();
