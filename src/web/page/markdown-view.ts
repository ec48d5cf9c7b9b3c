import { renderBlock } from './markdown.ts';
import { parseBlocks } from './parse-blocks.ts';

export interface MarkdownView {
  /** Shows a text that still grows: the next frame draws its latest state. */
  grow(markdown: string): void;
  /** Shows a text at once. */
  show(markdown: string): void;
}

interface ShownBlock {
  raw: string;
  node: HTMLElement | undefined;
}

/** Draws only the blocks that changed, so that a selection in the others survives. */
export const createMarkdownView = (container: HTMLElement): MarkdownView => {
  let shown: ShownBlock[] = [];
  let latest = '';
  let frame: number | undefined;

  const draw = () => {
    frame = undefined;
    const blocks = parseBlocks(latest);
    const firstChanged = blocks.findIndex((block, index) => block.raw !== shown[index]?.raw);
    const kept = firstChanged === -1 ? blocks.length : firstChanged;
    for (const { node } of shown.slice(kept)) node?.remove();

    const added = blocks.slice(kept).map((block) => ({ raw: block.raw, node: renderBlock(block) }));
    container.append(...added.flatMap(({ node }) => node ?? []));
    shown = [...shown.slice(0, kept), ...added];
  };

  return {
    grow(markdown) {
      latest = markdown;
      frame ??= requestAnimationFrame(draw);
    },
    show(markdown) {
      latest = markdown;
      if (frame !== undefined) cancelAnimationFrame(frame);
      draw();
    },
  };
};
