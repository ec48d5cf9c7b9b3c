interface EventKey {
  id: string;
  at: Date;
}

/** The same for every try of a request. */
export const eventKeyOf = ({ id, at }: EventKey): string => `${at.getTime()}|${id}`;

/** Of events with the same key, the first. */
export const firstByKey = <T extends EventKey>(events: readonly T[]): Map<string, T> =>
  new Map([...events].reverse().map((event) => [eventKeyOf(event), event]));
