import type { Source } from './chat-api.ts';
import { element } from './element.ts';
import { createIcon } from './icons.ts';
import type { Localizer } from './localizer.ts';
import { findSafeLink, isReadable } from './safe-link.ts';
import type { StringKey } from './strings.ts';

/** The entries behind an answer, best first, each a link where it has an address. */
export const createSourceList = (
  sources: readonly Source[],
  titleKey: StringKey,
  localizer: Localizer,
): HTMLElement => {
  const title = localizer.setText(element('h4', { class: 'sources-title' }), titleKey);
  const items = sources.map((source) => element('li', {}, createSource(source, localizer)));
  return element('div', { class: 'sources' }, title, element('ol', {}, ...items));
};

const createSource = (source: Source, localizer: Localizer): HTMLElement => {
  const link = source.url === null || !isReadable(source.question) ? undefined : findSafeLink(source.url);
  const question = element('span', { class: 'source-question' }, source.question);
  const origin = element('span', { class: 'source-origin' }, link?.target ?? source.category);
  if (link === undefined) return element('span', { class: 'source' }, question, origin);

  const newTab = localizer.setText(element('span', { class: 'visually-hidden' }), 'opensInNewTab');
  return element(
    'a',
    { class: 'source', href: link.href, target: '_blank', rel: 'noopener noreferrer' },
    question,
    origin,
    ' ',
    newTab,
    createIcon('external'),
  );
};
