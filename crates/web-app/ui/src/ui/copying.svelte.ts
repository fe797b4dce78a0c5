/** The clipboard, as far as it was written here. */
export class Copying {
  /** Browsers have none for pages that come over plain HTTP from another machine. */
  static readonly possible = 'clipboard' in navigator;

  /** What was put onto it last. */
  copied = $state<string | null>(null);

  async copy(text: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.copied = text;
    } catch {
      // Without leave to write it, the text is still on screen to be selected.
    }
  }
}
