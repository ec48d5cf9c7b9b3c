import type { Locator, Page } from 'playwright-core';

/** The chat page or the widget's frame, as a person sees it. */
export function createChatPage(page: Pick<Page, 'getByRole' | 'locator'>) {
  const lastTurn = page.locator('#turns > li').last();
  return {
    question: page.getByRole('textbox', { name: /^(Your question|Ihre Frage)$/ }),
    stop: page.getByRole('button', { name: /^(Stop the answer|Antwort anhalten)$/ }),
    newConversation: page.getByRole('button', { name: /^(New conversation|Neue Unterhaltung)$/ }),
    turns: page.locator('#turns > li'),
    lastTurn,
    answer: lastTurn.locator('.answer-text'),
    notice: lastTurn.locator('.notice'),
    sources: lastTurn.locator('.sources a'),
    thumb: (name: 'Helpful' | 'Not helpful'): Locator => lastTurn.getByRole('button', { name, exact: true }),

    async ask(message: string) {
      await this.question.fill(message);
      await this.question.press('Enter');
    },
    /** Resolves once the last answer is whole, failed or stopped. */
    async settled() {
      await page.locator('#turns > li:last-child[aria-busy="false"]').waitFor();
    },
  };
}
