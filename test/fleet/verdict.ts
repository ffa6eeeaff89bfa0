/** What has to hold of a trial, and whether it did. */

/** One expectation. */
export interface Verdict {
  readonly expectation: string
  readonly holds: boolean
  /** What was seen. */
  readonly seen: string
}

/** The expectations of a trial, in the order of their checks. */
export class Verdicts {
  readonly all: Verdict[] = []

  /** Whether there are any, and every one holds. */
  get hold(): boolean {
    return this.all.length > 0 && this.all.every(({ holds }) => holds)
  }

  expect(expectation: string, holds: boolean, seen: string | number): void {
    this.all.push({ expectation, holds, seen: String(seen) })
  }

  toString(): string {
    return this.all
      .map(({ expectation, holds, seen }) => `${holds ? 'ok      ' : 'VIOLATED'}  ${expectation}: ${seen}`)
      .join('\n')
  }
}
