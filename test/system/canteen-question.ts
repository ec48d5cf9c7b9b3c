/**
 * A question that the shipped knowledge base answers, and the model therefore gets. Each number gives another text, and
 * so another answer, but no other words to search for.
 */
export function canteenQuestion(number: number): string {
  const marks = number.toString(2).replaceAll('0', ',').replaceAll('1', ';');
  return `Where is the canteen in Garching${marks}?`;
}
