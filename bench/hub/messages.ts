/** What the processes of the benchmark of hubs send each other. */

/** The topic, and for NATS itself the subject. */
export const TOPIC = 'bench'

/** What a message carries: the time at which it is sent, on the clock that all processes of a machine share. */
export function stampedMessage(): string {
  return process.hrtime.bigint().toString()
}

/** What a process of subscribers receives from its starter. */
export interface Expect {
  /** The messages that follow, each to every subscriber. */
  readonly messages: number
  /** Whether the times of the deliveries are wanted. */
  readonly isTimed: boolean
}

/** What it sends, first when all have subscribed, then for each `Expect`. */
export interface Received {
  /** How long each delivery took, in microseconds; empty if they are not wanted. */
  readonly delaysUs: readonly number[]
}
