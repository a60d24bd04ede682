/* Questions about the problem as it was opened: each has choices, and a wrong one says which mistake gives it. */

class Questions {
  /** @param {{text: string, choices: {text: string, mistakes: string[]}[]}[]} questions @param {string} heading */
  constructor(questions, heading) {
    this.right = 0;
    this.answered = 0;
    this.count = questions.length;
    this.score = make('p', { 'aria-live': 'polite' });
    this.root = make(
      'section',
      { class: 'questions', 'aria-label': 'questions' },
      make(heading, {}, 'Questions'),
      make('p', { class: 'quiet' }, 'About the numbers that the page opened with.'),
      make('ol', {}, ...questions.map((question) => make('li', {}, this.built(question)))),
      this.score,
    );
  }

  built(question) {
    const told = make('p', { 'aria-live': 'polite' });
    const choose = (button, choice) => {
      const isFirst = told.textContent === '';
      const isRight = choice.mistakes.length === 0;
      told.textContent = `${choice.text}: ${isRight ? 'right' : `wrong, ${choice.mistakes.join(' or ')}`}`;
      for (const each of box.querySelectorAll('button')) setAttribute(each, 'aria-pressed', String(each === button));
      if (isFirst) this.counted(isRight);
    };
    const buttons = question.choices.map((choice) => {
      const button = make(
        'button',
        { type: 'button', 'aria-pressed': 'false', onclick: () => choose(button, choice) },
        choice.text,
      );
      return button;
    });
    const box = make('fieldset', {}, make('legend', {}, question.text), ...buttons, told);
    return box;
  }

  /** Only the first answer to a question counts. */
  counted(isRight) {
    this.answered += 1;
    this.right += isRight ? 1 : 0;
    const whole = this.answered < this.count ? `, ${this.count - this.answered} to go` : '';
    this.score.textContent = `${this.right} of ${this.answered} right at the first try${whole}`;
  }
}
