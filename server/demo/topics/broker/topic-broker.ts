/** What a topic hub needs of a broker that keeps the topics for several processes: the contract of its engines. */
import type { TopicMessage } from '../topic-hub.ts'

/** How much a broker keeps. All sizes count UTF-8 bytes, as in the options of the embedded hub. */
export interface TopicBrokerLimits {
  readonly maxTopicMessages: number
  readonly maxTopicBytes: number
  readonly maxTotalBytes: number
  readonly maxTopics: number
}

/** What a topic keeps after a position. */
export interface TopicRange {
  /** The incarnation of the topic; empty if the topic does not exist. */
  readonly epoch: string
  /** The number of its last message; 0 if the topic does not exist. */
  readonly lastSequence: bigint
  /** What it keeps after the position, oldest first, without a gap, up to the last message. */
  readonly messages: readonly TopicMessage[]
}

/** What a broker reports to its hub. Calls may come at any time, but not from within a method of the broker. */
export interface TopicBrokerListener {
  /**
   * A message of a followed topic. Those of one topic come in order, though some may be missing, come twice, or belong to another
   * incarnation of the topic: the hub compares epochs and numbers, and reads what is missing.
   */
  onMessage(message: TopicMessage): void
  /** The broker can be reached again, or cannot. After it is back, the hub reads what it follows again. */
  onAvailable(isAvailable: boolean): void
}

/**
 * Keeps topics for the hubs of several processes. Names and sizes were checked by the hub. While the broker cannot be reached, all
 * methods reject with a TopicError `unavailable`, at once or within a few seconds.
 */
export interface TopicBroker {
  /** Whether the broker can be reached. */
  readonly isAvailable: boolean
  /** Sets the listener. Called once, first. Resolves when the broker can be used; rejects if it refuses, for example the password. */
  start(listener: TopicBrokerListener): Promise<void>
  /**
   * Appends a message to a topic, under the next number, and drops what the topic no longer keeps. Creates the topic, with a random
   * epoch, if it does not exist. Messages of one caller are appended in the order of the calls.
   *
   * Rejects with a TopicError: `unavailable`, or `limit_reached`. After `unavailable` the message may have been appended.
   */
  append(topic: string, data: string, dataBytes: number): Promise<TopicMessage>
  /**
   * Reads what a topic keeps after a number, which may be above the last one, up to Number.MAX_SAFE_INTEGER: then `messages` is empty.
   * Does not create the topic.
   */
  read(topic: string, afterSequence: bigint): Promise<TopicRange>
  /**
   * Starts to report the messages of a topic: every one that is appended after it resolves, until the broker becomes unavailable. It
   * survives that: the hub does not follow again. A topic that any process follows is not evicted.
   */
  follow(topic: string): Promise<void>
  /** Stops to report the messages of a topic. */
  unfollow(topic: string): void
  /**
   * Takes or renews the lead of a topic: returns whether this process, and no other, produces its messages for the next `ttlMs`
   * milliseconds. A process that wants to go on calls it again well before that time is over.
   */
  lead(topic: string, ttlMs: number): Promise<boolean>
  /** Gives up the lead, so that another process can take it at once. */
  resign(topic: string): void
  /** Closes the connection. */
  close(): Promise<void>
}
