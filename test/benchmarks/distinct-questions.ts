import questionSet from '../evaluation/questions.json' with { type: 'json' };

const questions = [
  ...new Set(questionSet.filter(({ expected }) => expected.length > 0).map(({ question }) => question)),
];

/**
 * Questions as people ask them that the shipped knowledge base answers, so that the model is asked. None comes twice: each
 * round puts other marks between the first words, so that no cache has the answer, and no other words to search for.
 */
export function* distinctQuestions(): Generator<string, never> {
  for (let round = 0; ; round += 1) {
    const marks = round === 0 ? ' ' : `${round.toString(2).replaceAll('0', ',').replaceAll('1', ';')} `;
    for (const question of questions) yield question.replace(' ', marks);
  }
}
