const widthCharacters = 30;

/** Draws progress over itself on a terminal; elsewhere a plain line for each step. */
export function createProgressBar(
  label: string,
  stream: NodeJS.WriteStream = process.stderr,
): (done: number, total: number) => void {
  return (done, total) => {
    const share = total === 0 ? 1 : done / total;
    if (!stream.isTTY) {
      stream.write(`${label}: ${done} of ${total}\n`);
      return;
    }
    const filled = Math.round(share * widthCharacters);
    const bar = '█'.repeat(filled) + '░'.repeat(widthCharacters - filled);
    stream.write(
      `\r${label} ${bar} ${Math.floor(share * 100)} % (${done} of ${total})${done === total ? '\n' : ''}`,
    );
  };
}
