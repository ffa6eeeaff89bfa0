/** The sizes and times of a topic hub over a broker. */
import { completeSettings } from '../hub-settings.ts'
import { type MemoryTopicHubOptions, normalizeMemoryTopicHubOptions } from '../memory-topic-hub-options.ts'
import type { TopicBrokerLimits } from './topic-broker.ts'

/**
 * As of the embedded hub. Limits on subscribers, joins and queues are those of this process. Limits on topics are those of the
 * broker, so that all processes over one broker should have the same.
 */
export interface BrokerTopicHubOptions extends Omit<MemoryTopicHubOptions, 'now' | 'createEpoch'> {
  /** The most messages that the broker has not confirmed yet. Default 4,096, from 1 to 1,048,576. */
  readonly maxPendingMessages?: number
  /** The most bytes of data in them. Default 16 MiB, from maxMessageBytes to 1 GiB. */
  readonly maxPendingBytes?: number
  /**
   * How often the hub asks for the last message of topics on which nothing was reported, in milliseconds. It finds the messages whose
   * report was lost. Default 30,000, from 10 to 86,400,000 (a day).
   */
  readonly recheckMs?: number
  /**
   * How long a process that has died keeps others from quoting on its `stocks/SYMBOL` topics, in milliseconds; at least three times
   * quoteIntervalMs. Default 3,000, from 50 to 86,400,000.
   */
  readonly quoteLeadMs?: number
}

/** Complete options. */
export type BrokerTopicHubSettings = Required<BrokerTopicHubOptions>

const MIB = 1_048_576
const DAY_MS = 86_400_000

const SETTINGS = {
  maxPendingMessages: { value: 4_096, min: 1, max: MIB },
  maxPendingBytes: { value: 16 * MIB, min: 1, max: 1_024 * MIB },
  recheckMs: { value: 30_000, min: 10, max: DAY_MS },
  quoteLeadMs: { value: 3_000, min: 50, max: DAY_MS },
} as const

/** Completes and checks the options. Throws a RangeError that names the options out of range. */
export function normalizeBrokerTopicHubOptions(options: BrokerTopicHubOptions = {}): BrokerTopicHubSettings {
  const { now: _now, createEpoch: _createEpoch, ...shared } = normalizeMemoryTopicHubOptions(options)
  const { values, faults } = completeSettings(SETTINGS, options)
  if (faults.length > 0) throw new RangeError(`topic hub: ${faults.join('; ')}`)
  if (values.maxPendingBytes < shared.maxMessageBytes) {
    throw new RangeError(`topic hub: maxPendingBytes must be at least maxMessageBytes, ${shared.maxMessageBytes}`)
  }
  return Object.freeze({ ...shared, ...values })
}

/** What a broker needs of the options of its hub. Throws a RangeError like {@link normalizeBrokerTopicHubOptions}. */
export function brokerLimitsOf(options?: BrokerTopicHubOptions): TopicBrokerLimits {
  const { maxTopicMessages, maxTopicBytes, maxTotalBytes, maxTopics } = normalizeBrokerTopicHubOptions(options)
  return { maxTopicMessages, maxTopicBytes, maxTotalBytes, maxTopics }
}
