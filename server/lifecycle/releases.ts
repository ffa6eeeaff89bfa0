/** What a program has opened and must release when its server closes, such as a pool of connections. */

type Release = () => void | Promise<void>

/** Runs what was added in that order, one after the other. */
export class Releases {
  readonly #pending: Release[] = []

  add(release: Release): void {
    this.#pending.push(release)
  }

  /**
   * Runs each once, and the rest even if one fails.
   *
   * @throws what the one that failed has thrown, or an AggregateError for several
   */
  async run(): Promise<void> {
    const failures: unknown[] = []
    for (const release of this.#pending.splice(0)) {
      try {
        await release()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 1) throw new AggregateError(failures, 'several releases failed')
    if (failures.length === 1) throw failures[0]
  }
}
