export interface ScrollFollower {
  /** Follows what is written below this turn's question from now on. */
  start(turn: HTMLElement): void;
  /**
   * Keeps the newest text in sight until the question has reached the top: the beginning of a long answer
   * stays where it is being read. A person who scrolls away is left alone.
   */
  follow(): void;
}

const nearPixels = 120;

export const createScrollFollower = (): ScrollFollower => {
  let turn: HTMLElement | undefined;

  const target = () => {
    const end = document.documentElement.scrollHeight - window.innerHeight;
    const margin = Number.parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) || 0;
    const top = turn === undefined ? end : turn.getBoundingClientRect().top + window.scrollY - margin;
    return Math.max(0, Math.min(end, top));
  };

  // The page grows by itself: only input tells that a person scrolls.
  for (const type of ['wheel', 'touchmove', 'keydown'] as const) {
    addEventListener(
      type,
      () =>
        requestAnimationFrame(() => {
          if (Math.abs(target() - window.scrollY) > nearPixels) turn = undefined;
        }),
      { passive: true },
    );
  }

  const follow = () => {
    if (turn !== undefined) window.scrollTo({ top: target(), behavior: 'instant' });
  };

  return {
    start(node) {
      turn = node;
      follow();
    },
    follow,
  };
};
