/** A hub's side of a topic broker, for tests of engines: it notes what the broker reports. */
import { onTestFinished, vi } from 'vitest'
import type { TopicBroker, TopicBrokerLimits } from '../../../server/demo/topics/broker/topic-broker.ts'
import type { TopicMessage } from '../../../server/demo/topics/topic-hub.ts'

/** The limits of the embedded hub. */
export const DEFAULT_LIMITS: TopicBrokerLimits = {
  maxTopicMessages: 1_024,
  maxTopicBytes: 1_048_576,
  maxTotalBytes: 64 * 1_048_576,
  maxTopics: 10_000,
}

/** A started broker, and what it has reported so far. */
export interface RecordedBroker {
  readonly broker: TopicBroker
  readonly messages: TopicMessage[]
  /** One entry per change. */
  readonly availability: boolean[]
}

/** A broker that may still be starting. */
export interface StartingBroker extends RecordedBroker {
  /** What start() returned. */
  readonly started: Promise<void>
}

/** Starts a broker, which is closed when the running test ends, and waits until it can be used. */
export async function startRecorded(broker: TopicBroker): Promise<RecordedBroker> {
  const { started, ...recorded } = beginRecorded(broker)
  await started
  return recorded
}

/** The same, without waiting. */
export function beginRecorded(broker: TopicBroker): StartingBroker {
  const messages: TopicMessage[] = []
  const availability: boolean[] = []
  onTestFinished(() => broker.close())
  const started = broker.start({
    onMessage: (message) => messages.push(message),
    onAvailable: (isAvailable) => availability.push(isAvailable),
  })
  started.catch(() => {})
  return { broker, messages, availability, started }
}

/** Appends a text. */
export function append(broker: TopicBroker, topic: string, data: string): Promise<TopicMessage> {
  return broker.append(topic, data, Buffer.byteLength(data))
}

/** Waits until a claim holds, 20 s at most. */
export async function until(claim: () => boolean): Promise<void> {
  await vi.waitUntil(claim, { timeout: 20_000, interval: 10 })
}
