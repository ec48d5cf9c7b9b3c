import { isStringKey, type Language, type StringKey, strings } from './strings.ts';

export interface Localizer {
  language(): Language;
  /** Changes the language of everything on the page that was written through this localizer. */
  setLanguage(language: Language): void;
  text(key: StringKey, value?: string): string;
  /** Shows a sentence as the node's text, from now on in the chosen language. */
  setText<Node extends HTMLElement>(node: Node, key: StringKey, value?: string): Node;
  /** Names a control that shows no text, for screen readers and as its tooltip. */
  setLabel<Node extends HTMLElement>(node: Node, key: StringKey): Node;
}

/**
 * Sentences are remembered on the nodes that show them: `data-text`, `data-value`, `data-label` and
 * `data-placeholder`. The page's template uses the same attributes.
 */
export const createLocalizer = (initialLanguage: Language): Localizer => {
  let language = initialLanguage;

  const text = (key: StringKey, value = '') => strings[language][key].replace('{}', () => value);

  const localize = (node: HTMLElement) => {
    const { text: textKey, value, label, placeholder } = node.dataset;
    if (isStringKey(textKey)) node.textContent = text(textKey, value);
    if (isStringKey(placeholder)) node.setAttribute('placeholder', text(placeholder));
    if (isStringKey(label)) {
      node.setAttribute('aria-label', text(label));
      if (node instanceof HTMLButtonElement) node.title = text(label);
    }
    return node;
  };

  const setLanguage = (next: Language) => {
    language = next;
    document.documentElement.lang = next;
    for (const node of document.querySelectorAll<HTMLElement>(
      '[data-text], [data-label], [data-placeholder]',
    )) {
      localize(node);
    }
  };

  return {
    language: () => language,
    setLanguage,
    text,
    setText(node, key, value = '') {
      node.dataset.text = key;
      node.dataset.value = value;
      localize(node);
      return node;
    },
    setLabel(node, key) {
      node.dataset.label = key;
      localize(node);
      return node;
    },
  };
};
