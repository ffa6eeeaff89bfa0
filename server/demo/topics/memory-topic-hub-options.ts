/** The sizes of the embedded topic hub. */
import { completeSettings, type Setting } from './hub-settings.ts'
import { randomEpoch } from './topic-log.ts'

/** How large the embedded topic hub may grow, and how it quotes. All sizes count UTF-8 bytes. */
export interface MemoryTopicHubOptions {
  /** The most bytes of one message. Default 65,536 (64 KiB), from 1 to 16 MiB. */
  readonly maxMessageBytes?: number
  /** The most messages that a topic keeps. Default 1,024, from 1 to 1,048,576. */
  readonly maxTopicMessages?: number
  /** The most bytes of data that a topic keeps. Default 1 MiB, from maxMessageBytes to 1 GiB. */
  readonly maxTopicBytes?: number
  /** The most messages that wait for a subscriber. Default 1,024, from 1 to 1,048,576. */
  readonly maxQueueMessages?: number
  /** The most bytes of data that wait for a subscriber. Default 1 MiB, from maxMessageBytes to 1 GiB. */
  readonly maxQueueBytes?: number
  /** The most bytes that all topics keep, overhead and names included. Default 64 MiB, from maxMessageBytes to 64 GiB. */
  readonly maxTotalBytes?: number
  /** The most topics. Default 10,000, from 1 to 1,000,000. */
  readonly maxTopics?: number
  /** The most subscribers at a time. Default 65,536, from 1 to 1,000,000. */
  readonly maxSubscriptions?: number
  /** The most topics that one subscriber joins. Default 100, from 1 to 10,000. */
  readonly maxTopicsPerSubscription?: number
  /** The most topics that all subscribers have joined, each counted for each subscriber. Default 200,000, from 1 to 10,000,000. */
  readonly maxJoins?: number
  /** The same for the subscribers of one peer. Default 50,000, from 1 to 10,000,000. */
  readonly maxJoinsPerPeer?: number
  /**
   * The most bytes that wait for subscribers that have ended, overhead included. Above it those that ended first are closed.
   * Default 16 MiB, from maxMessageBytes to 1 GiB.
   */
  readonly maxEndedQueueBytes?: number
  /** How often a `stocks/SYMBOL` topic quotes, in milliseconds. Default 1,000, from 1 to 86,400,000 (a day). */
  readonly quoteIntervalMs?: number
  /** Where the random walk of the quotes begins: the same seed gives the same prices. Default 1, 32 bits unsigned. */
  readonly quoteSeed?: number
  /** The clock that messages are dated with, in milliseconds since the Unix epoch. Default Date.now. */
  readonly now?: () => number
  /** Makes the epoch of a new topic, which must differ from all others. Default: 96 random bits in base64url. */
  readonly createEpoch?: () => string
}

const MIB = 1_048_576

const SETTINGS = {
  maxMessageBytes: { value: 65_536, min: 1, max: 16 * MIB },
  maxTopicMessages: { value: 1_024, min: 1, max: 1_048_576 },
  maxTopicBytes: { value: MIB, min: 1, max: 1_024 * MIB },
  maxQueueMessages: { value: 1_024, min: 1, max: 1_048_576 },
  maxQueueBytes: { value: MIB, min: 1, max: 1_024 * MIB },
  maxTotalBytes: { value: 64 * MIB, min: 1, max: 65_536 * MIB },
  maxTopics: { value: 10_000, min: 1, max: 1_000_000 },
  maxSubscriptions: { value: 65_536, min: 1, max: 1_000_000 },
  maxTopicsPerSubscription: { value: 100, min: 1, max: 10_000 },
  maxJoins: { value: 200_000, min: 1, max: 10_000_000 },
  maxJoinsPerPeer: { value: 50_000, min: 1, max: 10_000_000 },
  maxEndedQueueBytes: { value: 16 * MIB, min: 1, max: 1_024 * MIB },
  quoteIntervalMs: { value: 1_000, min: 1, max: 86_400_000 },
  quoteSeed: { value: 1, min: 0, max: 0xffffffff },
} as const satisfies Record<Exclude<keyof MemoryTopicHubOptions, 'now' | 'createEpoch'>, Setting>

/** These must have room for one message of the largest size. */
const HOLDERS_OF_MESSAGES = ['maxTopicBytes', 'maxQueueBytes', 'maxTotalBytes', 'maxEndedQueueBytes'] as const

/** Completes and checks the options. Throws a RangeError that names every option out of range, its value and range. */
export function normalizeMemoryTopicHubOptions(options: MemoryTopicHubOptions = {}): Required<MemoryTopicHubOptions> {
  const { values, faults: outOfRange } = completeSettings(SETTINGS, options)
  const { now = Date.now, createEpoch = randomEpoch } = options
  const complete = { ...values, now, createEpoch }

  const faults = [
    ...outOfRange,
    ...HOLDERS_OF_MESSAGES.filter((name) => complete[name] < complete.maxMessageBytes).map(
      (name) => `${name} must be at least maxMessageBytes, ${complete.maxMessageBytes}, is ${complete[name]}`,
    ),
  ]
  if (faults.length > 0) throw new RangeError(`topic hub: ${faults.join('; ')}`)
  return Object.freeze(complete)
}
