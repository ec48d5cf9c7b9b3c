export interface Announcer {
  /** Has a screen reader say a sentence once, when it has finished what it says. */
  say(text: string): void;
}

/** The transcript itself is no live region: a screen reader would say every token of a growing answer. */
export const createAnnouncer = (region: HTMLElement): Announcer => ({
  say(text) {
    region.textContent = '';
    // Read anew only when the region has been empty in between, also for the same sentence twice.
    requestAnimationFrame(() => {
      region.textContent = text;
    });
  },
});
