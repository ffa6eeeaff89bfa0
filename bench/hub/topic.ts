/** What all processes of the benchmark of hubs agree on. */

/** The topic, and for NATS itself the subject. */
export const TOPIC = 'bench'

/** What a message carries: the time at which it is sent, on the clock that all processes of a machine share. */
export function stampedMessage(): string {
  return process.hrtime.bigint().toString()
}
