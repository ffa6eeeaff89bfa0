/** The last messages that a process has seen, by which it recognises a Redis that came back without some of them. */
import type { TopicMessage } from '../topic-hub.ts'

/** The last message of a topic that the process stored or received. */
type SeenPlace = Pick<TopicMessage, 'epoch' | 'sequence' | 'timeMs'>

/** As many topics as the hub keeps by default. */
const MAX_TOPICS = 10_000
const STAMP_DIGITS = 13

/** The last places of the topics that were used most recently. */
export class SeenPlaces {
  readonly #places = new Map<string, SeenPlace>()

  /** Notes a message, unless a later one of the same incarnation is known. */
  note({ topic, epoch, sequence, timeMs }: TopicMessage): void {
    const known = this.#places.get(topic)
    if (known?.epoch === epoch && known.sequence >= sequence) return
    // The map keeps the order of insertion: the most recently used topics are at its end.
    if (known !== undefined) this.#places.delete(topic)
    else if (this.#places.size >= MAX_TOPICS) this.#forgetOne()
    this.#places.set(topic, { epoch, sequence, timeMs })
  }

  /** As arguments of the script `COMPARE`: topic, epoch, number and time, each as text. */
  *asArguments(): Iterable<readonly [string, string, string, string]> {
    for (const [topic, { epoch, sequence, timeMs }] of this.#places) {
      yield [topic, epoch, String(sequence), String(timeMs).padStart(STAMP_DIGITS, '0')]
    }
  }

  #forgetOne(): void {
    for (const topic of this.#places.keys()) {
      this.#places.delete(topic)
      return
    }
  }
}
