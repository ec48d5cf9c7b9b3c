export type Attributes = Record<string, string | boolean>;
export type Child = Node | string;

/**
 * Makes an HTML element. Text children become text nodes and attributes are set by name, so nothing given
 * here is ever parsed as HTML. An attribute that is `false` is left out, `true` is set empty.
 */
export const element = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false) node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children);
  return node;
};

/** The element that the page's template promises under this id. */
export const templateElement = <Type extends HTMLElement>(id: string, type: new () => Type): Type => {
  const node = document.getElementById(id);
  if (!(node instanceof type)) throw new Error(`The page has no ${type.name} with the id ${id}.`);
  return node;
};
