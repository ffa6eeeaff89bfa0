/** The last message that this process has published on a topic, until its subscribers have it. */
import type { TopicPosition } from '../topic-hub.ts'

/** Remembers where the newest message is that the broker has accepted from this process. */
export class LastPublished {
  #position: TopicPosition | undefined

  /** Undefined before the first message, and after the last one was lost. */
  get position(): TopicPosition | undefined {
    return this.#position
  }

  /** Takes a message that was accepted. Confirmations of one incarnation may come in any order. */
  note({ epoch, sequence }: TopicPosition): void {
    const last = this.#position
    if (epoch !== last?.epoch || sequence > last.sequence) this.#position = { epoch, sequence }
  }

  /** Returns the position, unless it is among the messages up to another one. */
  beyond(end: TopicPosition | undefined): TopicPosition | undefined {
    const last = this.#position
    if (last === undefined || end === undefined) return last
    return last.epoch === end.epoch && last.sequence <= end.sequence ? undefined : last
  }

  forget(): void {
    this.#position = undefined
  }
}
